package wire

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/serve/poll"
)

// A tide is a connection on which now and then nothing has arrived, while it is held.
type tide struct {
	pieces
	held bool
}

func (t *tide) Read(b []byte) (int, error) {
	if t.held && t.r.IntN(3) == 0 {
		return 0, poll.ErrNothing
	}
	return t.pieces.Read(b)
}

// TestHeld: frames of all sizes arrive whole, in whatever pieces, and those that are too large go on where they are.
func TestHeld(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, most := range []int{1, 7, 1000, restSize, 1 << 20} {
		var sent []byte
		for range 300 {
			data := make([]byte, r.IntN(1<<r.IntN(18)))
			sent = append(sent, encoded(&pgproto3.CopyData{Data: data})...)
		}
		from := &tide{pieces: pieces{sent, most, r}}
		c := NewConn(heard{from: from})
		var got bytes.Buffer
		var large, ended bool
		for !ended {
			kind, body, whole, room := c.Frame()
			switch {
			case whole:
				if c.Buffered() < headSize+len(body) {
					t.Fatal("a frame is taken")
				}
				got.Write(encoded(&pgproto3.CopyData{Data: body}))
				if k, size, err := c.Next(); k != kind || size != len(body) || err != nil {
					t.Fatal(k, size, err)
				}
				if err := c.Skip(len(body)); err != nil {
					t.Fatal(err)
				}
				c.Rest()
			case room:
				from.held = true
				ended = c.Arrive() != nil
				from.held = false
			default:
				large = true
				_, size, err := c.Next()
				if err != nil || size <= restSize-headSize {
					t.Fatal(size, err)
				}
				body, err := c.Body(size)
				if err != nil {
					t.Fatal(err)
				}
				got.Write(encoded(&pgproto3.CopyData{Data: body}))
			}
		}
		if !bytes.Equal(got.Bytes(), sent) {
			t.Errorf("pieces of up to %d bytes: other bytes", most)
		}
		if !large || c.r.large != nil && c.Buffered() == 0 && !c.r.more {
			t.Errorf("pieces of up to %d bytes: large frames %v, a large buffer at rest %v", most, large, c.r.large != nil)
		}
		if err := c.Await(); err != io.EOF {
			t.Errorf("the end: %v", err)
		}
	}
	for _, size := range []uint32{0, 3, 1 << 31} {
		c := NewConn(heard{from: bytes.NewReader([]byte{'d', byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})})
		if err := c.Arrive(); err != nil {
			t.Fatal(err)
		}
		if _, _, whole, room := c.Frame(); whole || room {
			t.Errorf("a frame that says %d: whole %v, room %v", size, whole, room)
		}
	}
}
