// Package poll passes on what arrives at many sockets on one thread. A goroutine that waits for a socket costs Go's scheduler a look into
// the kernel's poller, often a thread that is woken, and a read that finds nothing; for small messages on few cores that is more than the
// message. A loop asks the kernel once for all sockets at which something has arrived, and then reads and writes them without waiting.
//
// # Words
//
//	socket   a TCP or Unix connection, which goroutines use as any other, or a loop
//	held     a socket that a loop has: Go's poller does not know it, and nothing waits for it
//	stay     a pair of sockets that is held, until something comes up that is not for the loop
//
// # Guarantees
//
// A socket can be closed or woken at any time, by anybody, held or not. No byte is lost or changes its place on the way into a loop or out
// of it. A loop has a goroutine and descriptors only while it holds sockets. Where there is no epoll, no socket is ever held.
//
// # Failure
//
// A pair that cannot be held, as where descriptors are used up, is an error of Stay, and its sockets are their user's as before: goroutines can go on with them. An error of a
// socket is the error of the Read or Write that meets it, in the loop as elsewhere.
package poll
