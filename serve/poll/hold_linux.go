package poll

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Supported tells whether sockets can be held on this system.
const Supported = true

// errWanted: somebody has woken or closed the socket.
var errWanted = errors.New("the socket was woken")

// hold takes a socket away from Go's poller. That forgets a descriptor only when it is closed, so the socket goes on with another one.
func (s *Socket) hold(wake func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.woken || len(s.unsent) > 0 {
		return errWanted
	}
	raw, err := s.stream.SyscallConn()
	if err != nil {
		return err
	}
	held := -1
	if failed := raw.Control(func(fd uintptr) { held, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }); failed != nil || err != nil {
		return errors.Join(failed, err)
	}
	_ = s.stream.Close() // the other descriptor keeps the connection
	s.stream, s.held, s.wake = nil, held, wake
	return nil
}

// release gives a socket to Go's poller.
func (s *Socket) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stream, s.held, s.wake = os.NewFile(uintptr(s.held), "socket"), -1, nil
	if s.woken {
		_ = s.stream.SetReadDeadline(time.Unix(1, 0)) // the poller knows it, so it cannot fail
	}
	if s.closed {
		_ = s.stream.Close() // as its user has asked
	}
}

// receive and send do not tell Go's scheduler, for they do not wait.

func receive(fd int, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
		switch {
		case e == unix.EINTR:
		case e == unix.EAGAIN:
			return 0, ErrNothing
		case e != 0:
			return 0, &net.OpError{Op: "read", Err: os.NewSyscallError("recvfrom", e)}
		case n == 0:
			return 0, io.EOF
		default:
			return int(n), nil
		}
	}
}

// send sends what the kernel takes.
func send(fd int, b []byte) (int, error) {
	sent := 0
	for sent < len(b) {
		n, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[sent])), uintptr(len(b)-sent), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch {
		case e == unix.EINTR:
		case e == unix.EAGAIN:
			return sent, nil
		case e != 0:
			return sent, &net.OpError{Op: "write", Err: os.NewSyscallError("sendto", e)}
		default:
			sent += int(n)
		}
	}
	return sent, nil
}
