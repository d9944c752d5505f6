package wire

import (
	"errors"

	"github.com/beamfit/beamfit/serve/poll"
)

// Socket is the connection as a loop can hold it, nil where it has TLS. While it is held, only what follows reads from it.
func (c *Conn) Socket() *poll.Socket {
	s, _ := c.Conn.(*poll.Socket)
	return s
}

// Arrive reads once what has arrived at a held connection. Frame must have told that there is room.
func (c *Conn) Arrive() error {
	size := c.r.Buffered() + 1
	if c.r.Buffered() >= headSize {
		_, body := c.head()
		size = headSize + body
	}
	err := c.r.fill(size)
	if err != nil && !errors.Is(err, poll.ErrNothing) {
		c.r.broken = err // the system says it once
		return err
	}
	return nil
}

// Frame is the next frame, which stays to be read. whole: all of it has arrived. room: it is one of which the small buffer holds all.
func (c *Conn) Frame() (kind byte, body []byte, whole, room bool) {
	there := c.r.Buffered()
	if there < headSize {
		return 0, nil, false, true
	}
	kind, size := c.head()
	if size < 0 || size > maxBody {
		return 0, nil, false, false
	}
	if there < headSize+size {
		return kind, nil, false, headSize+size <= restSize
	}
	begin := c.r.begin + headSize
	return kind, c.r.buffer()[begin : begin+size], true, true
}

// Much tells whether more arrives at a held connection than one small buffer, twice in succession.
func (c *Conn) Much() bool { return c.r.much }

// Rest leaves a held connection with as little memory as it can.
func (c *Conn) Rest() { c.r.idle() }
