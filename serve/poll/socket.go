package poll

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// ErrNothing: nothing has arrived at a held socket.
var ErrNothing = errors.New("nothing has arrived")

// A stream is a socket as Go's poller knows it.
type stream interface {
	io.ReadWriteCloser
	syscall.Conn
	SetDeadline(time.Time) error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// A Socket is a connection that a loop can hold. Read and Write belong to its user, who is the loop while it is held: Read then returns
// ErrNothing rather than wait, and Write keeps what the kernel does not take. Everything else may be called by anybody.
type Socket struct {
	local, remote net.Addr
	unsent        []byte // was kept by Write

	mu     sync.Mutex // guards what follows; its user alone changes stream and held
	stream stream     // nil while it is held
	held   int        // the descriptor; -1 while it is not held
	wake   func()     // makes the loop give it back
	woken  bool       // reads are to end
	closed bool
}

// NewSocket makes a Socket of a connection, where that is possible: not of one with TLS, for instance.
func NewSocket(c net.Conn) net.Conn {
	s, is := c.(stream)
	if !is {
		return c
	}
	return &Socket{local: c.LocalAddr(), remote: c.RemoteAddr(), stream: s, held: -1}
}

// isHeld is for the socket's user.
func (s *Socket) isHeld() bool { return s.held >= 0 }

// Read implements net.Conn.
func (s *Socket) Read(b []byte) (int, error) {
	if s.isHeld() {
		return receive(s.held, b)
	}
	return s.stream.Read(b)
}

// Write implements net.Conn.
func (s *Socket) Write(b []byte) (int, error) {
	if s.isHeld() {
		return s.offer(b)
	}
	if err := s.Flush(); err != nil {
		return 0, err
	}
	return s.stream.Write(b)
}

// offer gives the kernel what it takes, and keeps the rest.
func (s *Socket) offer(b []byte) (int, error) {
	n := 0
	if len(s.unsent) == 0 {
		var err error
		if n, err = send(s.held, b); err != nil {
			return n, err
		}
	}
	s.unsent = append(s.unsent, b[n:]...)
	return len(b), nil
}

// Unsent tells whether something was kept.
func (s *Socket) Unsent() bool { return len(s.unsent) > 0 }

// Flush sends what was kept, unless the socket is held.
func (s *Socket) Flush() error {
	if len(s.unsent) == 0 || s.isHeld() {
		return nil
	}
	b := s.unsent
	s.unsent = nil
	_, err := s.stream.Write(b)
	return err
}

// Close implements net.Conn. The descriptor of a held socket is closed when the loop has given it back.
func (s *Socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.isHeld() {
		s.wake()
		return nil
	}
	return s.stream.Close()
}

// LocalAddr implements net.Conn.
func (s *Socket) LocalAddr() net.Addr { return s.local }

// RemoteAddr implements net.Conn.
func (s *Socket) RemoteAddr() net.Addr { return s.remote }

// SetDeadline implements net.Conn.
func (s *Socket) SetDeadline(t time.Time) error {
	return s.set(t, func() error { return s.stream.SetDeadline(t) })
}

// SetReadDeadline implements net.Conn. A loop gives a socket back when the deadline is one that has passed. Others are forgotten while
// it is held, and when it is: nothing waits for it.
func (s *Socket) SetReadDeadline(t time.Time) error {
	return s.set(t, func() error { return s.stream.SetReadDeadline(t) })
}

func (s *Socket) set(t time.Time, set func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.woken = !t.IsZero() && !t.After(time.Now())
	if !s.isHeld() {
		return set()
	}
	if s.woken {
		s.wake()
	}
	return nil
}

// SetWriteDeadline implements net.Conn. A held socket does not wait.
func (s *Socket) SetWriteDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isHeld() {
		return nil
	}
	return s.stream.SetWriteDeadline(t)
}
