package pgio

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A userTimeout is TCP_USER_TIMEOUT of a connection (tcp(7)): how long what was sent may stay without an acknowledgement until the
// kernel ends the connection. Linux counts the time in which the peer acknowledges but has no room as well, and so would end a COPY behind a
// lock: there the timeout is 0, none, until the peer reads again.
type userTimeout struct {
	raw    syscall.RawConn
	wanted int // milliseconds
	set    int // as it is now
}

// newUserTimeout sets the timeout of a connection. It is nil where there is none to set.
func newUserTimeout(c *net.TCPConn, timeout time.Duration) *userTimeout {
	raw, err := c.SyscallConn()
	if err != nil || timeout <= 0 {
		return nil
	}
	u := &userTimeout{raw: raw, wanted: max(1, int(timeout.Milliseconds()))}
	if u.apply(u.wanted); u.set == 0 {
		return nil
	}
	return u
}

// adjust lifts the timeout or sets it again. It must be called several times per timeout.
func (u *userTimeout) adjust() {
	if u == nil {
		return
	}
	wanted := u.wanted
	if u.isFull() {
		wanted = 0
	}
	u.apply(wanted)
}

func (u *userTimeout) apply(ms int) {
	if ms == u.set {
		return
	}
	_ = u.raw.Control(func(fd uintptr) {
		if unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, ms) == nil {
			u.set = ms
		}
	})
}

// isFull reports that the peer lives and takes nothing: all that was sent is acknowledged, more is there to be sent, and probes of the
// closed window, of which one may be on its way, are answered.
func (u *userTimeout) isFull() (full bool) {
	_ = u.raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil || info.Unacked > 0 || info.Probes > 1 {
			return
		}
		waiting, err := unix.IoctlGetUint32(int(fd), unix.SIOCOUTQ) // the field of TCP_INFO is missing before Linux 4.6
		full = err == nil && waiting > 0
	})
	return full
}
