package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/beamfit/beamfit/serve/poll"
)

// maxBody is the longest body that PostgreSQL takes or sends.
const maxBody = 1<<30 - 1

// A Message is one of pgproto3's.
type Message interface {
	Encode(dst []byte) ([]byte, error)
}

// A Conn is one end of a session: frames are read by one goroutine and written by any.
type Conn struct {
	net.Conn
	r       *reader
	scratch []byte // of Passing

	mu sync.Mutex // guards w
	w  writer
}

// NewConn makes a Conn of a connection from which nothing has been read.
func NewConn(c net.Conn) *Conn {
	c = poll.NewSocket(c)
	return &Conn{Conn: c, r: newReader(c), w: writer{to: c}}
}

// headSize is the length of a frame's head: its type and its length.
const headSize = 5

// Await waits for the head of the next frame, which stays to be read. io.EOF is the end between two frames.
func (c *Conn) Await() error {
	h, err := c.r.Peek(headSize)
	if len(h) > 0 && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Next reads the type of the next frame and the length of its body, which is still to be read. io.EOF is the end between two frames.
func (c *Conn) Next() (kind byte, size int, err error) {
	if err := c.Await(); err != nil {
		return 0, 0, err
	}
	kind, size = c.head()
	if size < 0 || size > maxBody {
		return 0, 0, fmt.Errorf("a message of type %q says that it has %d bytes", kind, size)
	}
	c.r.Discard(headSize)
	return kind, size, nil
}

// head is the type of the next frame and the length of its body. The head has arrived.
func (c *Conn) head() (kind byte, size int) {
	h := c.r.buffer()[c.r.begin:]
	return h[0], int(binary.BigEndian.Uint32(h[1:])) - 4
}

// PeekKind is the type of the next frame, which stays to be read.
func (c *Conn) PeekKind() (byte, error) {
	h, err := c.r.Peek(1)
	if err != nil {
		return 0, err
	}
	return h[0], nil
}

// PeekBody is the beginning of a body, at most most bytes of it.
func (c *Conn) PeekBody(size, most int) ([]byte, error) { return c.r.Peek(min(size, most, bufferSize)) }

// Buffered tells how much has arrived and was not read.
func (c *Conn) Buffered() int { return c.r.Buffered() }

// Body reads a body.
func (c *Conn) Body(size int) ([]byte, error) {
	if size <= bufferSize {
		b := make([]byte, size)
		_, err := io.ReadFull(c.r, b)
		return b, unexpected(err)
	}
	var b bytes.Buffer // it grows as the bytes come: the length is only what the other side says
	_, err := io.CopyN(&b, c.r, int64(size))
	return b.Bytes(), unexpected(err)
}

// Passing is Body for one who is done with the body before the next call: it takes no memory of its own where the body is small.
func (c *Conn) Passing(size int) ([]byte, error) {
	if size > len(c.scratch) {
		if size > maxScratch {
			return c.Body(size)
		}
		c.scratch = make([]byte, maxScratch)
	}
	_, err := io.ReadFull(c.r, c.scratch[:size])
	return c.scratch[:size], unexpected(err)
}

// maxScratch is the largest body that Passing keeps memory for.
const maxScratch = 1 << 10

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Skip reads a body and forgets it.
func (c *Conn) Skip(size int) error {
	_, err := io.CopyN(io.Discard, c.r, int64(size))
	return unexpected(err)
}

// AwaitEnd waits until the connection ends or breaks, and returns why; what arrives stays to be read. It returns nil when more has arrived
// than can be held. SetReadDeadline ends it, with an error of that.
func (c *Conn) AwaitEnd() error {
	for c.r.Buffered() < bufferSize {
		if _, err := c.r.Peek(c.r.Buffered() + 1); err != nil {
			return err
		}
	}
	return nil
}

// Put writes a frame, to be sent with Flush.
func (c *Conn) Put(kind byte, body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.putHead(kind, len(body)); err != nil {
		return err
	}
	_, err := c.w.Write(body)
	return err
}

func (c *Conn) putHead(kind byte, size int) error {
	h := [headSize]byte{kind}
	binary.BigEndian.PutUint32(h[1:], uint32(size+4))
	_, err := c.w.Write(h[:])
	return err
}

// Relay passes on the frame whose head was read from another connection, without holding it in memory.
func (c *Conn) Relay(kind byte, size int, from *Conn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.putHead(kind, size); err != nil {
		return err
	}
	for size > 0 {
		part, err := from.r.Peek(min(size, max(1, from.r.Buffered())))
		if err != nil {
			return unexpected(err)
		}
		if _, err := c.w.Write(part); err != nil {
			return err
		}
		from.r.Discard(len(part))
		size -= len(part)
	}
	return nil
}

// Flush sends what was put.
func (c *Conn) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.Socket(); s != nil {
		if err := s.Flush(); err != nil {
			return err
		}
	}
	return c.w.Flush()
}

// Send writes messages and sends all that was put.
func (c *Conn) Send(messages ...Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range messages {
		b, err := m.Encode(nil)
		if err != nil {
			return err
		}
		if _, err := c.w.Write(b); err != nil {
			return err
		}
	}
	return c.w.Flush()
}

// Write sends whole frames.
func (c *Conn) Write(frames []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := c.w.Write(frames)
	if err != nil {
		return n, err
	}
	return n, c.w.Flush()
}

// Wake makes a goroutine that reads from the connection return with os.ErrDeadlineExceeded.
func (c *Conn) Wake() error { return c.SetReadDeadline(time.Unix(1, 0)) }
