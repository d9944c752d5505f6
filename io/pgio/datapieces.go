package pgio

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"
)

const (
	// pieceBytes is the most that a CopyData message holds when pgx gets it.
	pieceBytes = 1 << 20
	// headerBytes is the length of what a message begins with: a letter for its kind, and its length without the letter.
	headerBytes = 5
	// aheadBytes is how much is read from the server at once where messages are short.
	aheadBytes = 32 << 10
)

// dataPieces is what a server sends, with long CopyData messages in pieces. A server sends a row of a COPY as one message, and pgx holds a message
// whole, in a buffer of up to twice its length: of a model, all weights. The messages of a COPY are a stream, whose cuts mean nothing (PostgreSQL's
// documentation, "Message Flow", "COPY Operations"), so that other cuts change nothing for whoever takes it.
type dataPieces struct {
	r      *bufio.Reader
	header [headerBytes]byte
	out    []byte // what of the header is still to be passed on
	left   int    // bytes of the message or piece that are still to be passed on after it
	behind int    // bytes of the server's message behind the piece
}

// buildFrontend understands a server as pgx does, with long messages in pieces.
func buildFrontend(r io.Reader, w io.Writer) *pgproto3.Frontend {
	return pgproto3.NewFrontend(&dataPieces{r: newAhead(r)}, w)
}

func newAhead(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, aheadBytes) }

// Read fills p with what has come and waits for nothing but the first byte of it.
func (d *dataPieces) Read(p []byte) (n int, err error) {
	for n < len(p) {
		switch {
		case len(d.out) > 0:
			m := copy(p[n:], d.out)
			d.out = d.out[m:]
			n += m
		case d.left > 0:
			if n > 0 && d.r.Buffered() == 0 {
				return n, nil
			}
			m, err := d.r.Read(p[n:min(len(p), n+d.left)])
			d.left -= m
			n += m
			if err != nil {
				return n, err
			}
		case d.behind > 0:
			d.begin('d', d.behind)
		default:
			if n > 0 && d.r.Buffered() < headerBytes {
				return n, nil
			}
			h, err := d.r.Peek(headerBytes)
			if err != nil {
				return n, err
			}
			d.begin(h[0], int(int32(binary.BigEndian.Uint32(h[1:])))-4)
			_, _ = d.r.Discard(headerBytes) // they are there
		}
	}
	return n, nil
}

// begin begins a message of that kind and body, with its first piece.
func (d *dataPieces) begin(kind byte, body int) {
	d.left, d.behind = body, 0
	if kind == 'd' && body > pieceBytes {
		d.left, d.behind = pieceBytes, body-pieceBytes
	}
	d.header[0] = kind
	binary.BigEndian.PutUint32(d.header[1:], uint32(int32(d.left+4)))
	d.out = d.header[:]
}
