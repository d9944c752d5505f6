// Package netns gives a process a network of its own, where nobody else can connect to it, and connections out of it.
//
// A network namespace (Linux, network_namespaces(7)) has interfaces, addresses and ports that no process outside can reach. A
// program that listens without asking who connects, as Beam's prism does, is alone with its ports there.
//
//   - The process is the copy of the program that Reexec starts in a namespace of its own.
//   - The parent is the process that called Reexec. It dials for the process, passes signals on to it and ends as it ends.
//
// Reexec runs the program from the beginning, with the same arguments, environment, folder and standard files; main comes to
// the same place again, where Check now returns nil:
//
//	if netns.Check() != nil {
//		code, err := netns.Reexec(os.Args)
//		if err != nil {
//			... // the machine gives no namespace, or this is no Linux
//		}
//		os.Exit(code)
//	}
//
// # Who can connect
//
// Only the process, and those that it starts, are in the namespace. Entering it from outside takes the rights of root, or of the
// same user, who can also trace the process or replace the program. Other users of the machine, and other machines, find no port.
//
// With CAP_SYS_ADMIN and CAP_NET_ADMIN the namespace is all that is new. Without them it comes with a user namespace, where the
// process has rights over its own namespaces alone; user, groups and the rights on files are the same as outside, although files
// of other users may show the owner nobody.
//
// # Connections
//
// Nothing outside can be reached from inside. DialContext and LookupHost ask the parent, over a socket that the process inherits;
// the parent connects, or resolves the name, and passes the connected socket back. Errors come back as those of package net: of the
// same types, texts and causes. In any other process DialContext and LookupHost are those of package net. Sockets of files
// (AF_UNIX with a path) and locks of files work across namespaces.
//
// A program that the process starts shares its network and is as cut off: Lend gives it connections through the process.
//
// # Signals and ends
//
// The parent passes SIGINT, SIGTERM, SIGHUP and SIGQUIT on. Who presses Ctrl-C sends SIGINT to both, so NotifyContext counts a signal that
// came both ways once; a process that takes signals by package os/signal sees it twice. When the parent dies, even by SIGKILL, the
// process is killed. When the process is killed by a signal, the parent kills itself by the same.
//
// # Failure
//
// Reexec and Check say what the machine refused, with the settings of the kernel that are known to be the reason.
package netns
