package netns

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Reexec runs this program again, in a network namespace of its own, with the given arguments, of which the first is its name, and the
// same environment, folder and standard files.
// It dials for the copy and passes signals on to it, and comes back with its exit code. When a signal kills the copy,
// the same signal kills this process.
//
// The error is nil once the copy runs; whether it is alone on its network is for its own Check to say.
func Reexec(args []string) (code int, err error) {
	if p := self(); p.parent != nil {
		return 0, cmp.Or(p.err, errors.New("the process is alone on its network already"))
	}
	outside, err := currentNamespace()
	if err != nil {
		return 0, err
	}
	mine, theirs, err := socketPair()
	if err != nil {
		return 0, err
	}
	defer theirs.Close()
	process, err := unixConn(mine)
	if err != nil {
		return 0, err
	}
	defer process.Close()
	attributes, err := apart()
	if err != nil {
		return 0, err
	}
	// The copy inherits the socket by its number, beside whatever descriptors the user has given it.
	fd := int(theirs.Fd())
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
		return 0, os.NewSyscallError("fcntl", err)
	}
	defer passOn(func(sig syscall.Signal) { _ = send(process, notice{sig}, -1) })()
	runtime.LockOSThread() // Pdeathsig is about the thread that starts the copy
	defer runtime.UnlockOSThread()
	copied, err := os.StartProcess("/proc/self/exe", args, &os.ProcAttr{
		Env:   append(os.Environ(), fmt.Sprintf("%s=%d:%d:%d", marker, fd, outside.device, outside.inode)),
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		Sys:   attributes,
	})
	if err != nil {
		return 0, refused(err)
	}
	theirs.Close()
	go serve(process)
	state, err := copied.Wait()
	if err != nil {
		return 0, err
	}
	return endAs(state), nil
}

// apart are the attributes of a process in a new network namespace that dies with this one.
func apart() (*syscall.SysProcAttr, error) {
	a := &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	has, err := capabilities()
	if err != nil {
		return nil, err
	}
	if has(unix.CAP_SYS_ADMIN) && has(unix.CAP_NET_ADMIN) {
		return a, nil
	}
	a.Cloneflags |= unix.CLONE_NEWUSER
	a.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN} // to start the loopback interface
	if has(unix.CAP_SETUID) && has(unix.CAP_SETGID) && has(unix.CAP_SETFCAP) {
		// Root without the rights above (in a container): keeps what it may do with files of other users.
		a.GidMappingsEnableSetgroups = true
		if a.UidMappings, err = identity("/proc/self/uid_map"); err == nil {
			a.GidMappings, err = identity("/proc/self/gid_map")
		}
		return a, err
	}
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
	return a, nil
}

// capabilities tells which capabilities(7) this process has.
func capabilities() (has func(uint) bool, err error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return nil, os.NewSyscallError("capget", err)
	}
	return func(c uint) bool { return data[c/32].Effective>>(c%32)&1 == 1 }, nil
}

// endAs is the exit code of a process that has ended. Where a signal killed it, the same signal kills this process, except SIGPIPE, which
// the Go runtime ignores here; then the code is that of shells.
func endAs(state *os.ProcessState) int {
	status := state.Sys().(syscall.WaitStatus)
	if !status.Signaled() {
		return status.ExitStatus()
	}
	if status.Signal() != syscall.SIGPIPE {
		signal.Reset(status.Signal())
		_ = syscall.Kill(os.Getpid(), status.Signal())
		time.Sleep(time.Second) // the runtime may take the signal, and die of it, on another thread
	}
	return 128 + int(status.Signal())
}
