package wire

import (
	"errors"
	"net"
	"sync"
	"time"
)

// errHandedOver: pgconn reads no more.
var errHandedOver = errors.New("the connection has been handed over")

// A handover is a connection that pgconn logs in on and then gives up. pgconn reads in a goroutine of its own when a write takes longer than it should (15 ms), and
// that one still waits for the server afterwards: it would take what the server says next, and the client would wait for ever.
type handover struct {
	net.Conn

	mu    sync.Mutex
	none  *sync.Cond // no read is going on
	reads int
	over  bool
	taken bool // bytes were read after the end
}

func newHandover(c net.Conn) *handover {
	h := &handover{Conn: c}
	h.none = sync.NewCond(&h.mu)
	return h
}

// Read implements net.Conn for pgconn.
func (h *handover) Read(b []byte) (int, error) {
	h.mu.Lock()
	if h.over {
		h.mu.Unlock()
		return 0, errHandedOver
	}
	h.reads++
	h.mu.Unlock()
	n, err := h.Conn.Read(b)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken = h.taken || h.over && n > 0
	if h.reads--; h.reads == 0 {
		h.none.Broadcast()
	}
	return n, err
}

// take is the connection, of which nobody else reads any more.
func (h *handover) take() (net.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	if h.reads == 0 {
		return h.Conn, nil
	}
	if err := h.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return nil, err
	}
	for h.reads > 0 {
		h.none.Wait()
	}
	if h.taken {
		return nil, errors.New("the server has sent something after the login that was lost")
	}
	return h.Conn, h.SetReadDeadline(time.Time{})
}
