package wire

import (
	"bufio"
	"io"
	"sync"
)

// The sizes of the buffers of a direction of a connection: of one that waits for the other side, and of one on which much arrives. The
// larger ones go from connection to connection, so that a session that waits has none, whatever it did before.
const (
	restSize   = 8 << 10 // as PostgreSQL sends
	bufferSize = 64 << 10
)

var (
	readBuffers  = sync.Pool{New: func() any { return new([bufferSize]byte) }}
	writeBuffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, bufferSize) }}
)

// A reader is what bufio.Reader is, but for its size: it waits with a small buffer, and takes a large one when more arrives than that holds.
type reader struct {
	from       io.Reader
	rest       []byte
	large      *[bufferSize]byte // nil: rest is in use
	begin, end int               // of what has arrived and was not taken
	more       bool              // what arrived last has filled the buffer
}

func newReader(from io.Reader) *reader { return &reader{from: from, rest: make([]byte, restSize)} }

func (r *reader) buffer() []byte {
	if r.large != nil {
		return r.large[:]
	}
	return r.rest
}

// enlarge takes a large buffer.
func (r *reader) enlarge() {
	if r.large != nil {
		return
	}
	large := readBuffers.Get().(*[bufferSize]byte)
	r.end = copy(large[:], r.rest[r.begin:r.end])
	r.begin, r.large = 0, large
}

// shrink gives the large buffer back, which is empty.
func (r *reader) shrink() {
	if r.large != nil {
		readBuffers.Put(r.large)
		r.large = nil
	}
}

// fill waits for bytes, with room for size of them in all.
func (r *reader) fill(size int) error {
	if r.begin == r.end {
		r.begin, r.end = 0, 0
		if r.more {
			r.enlarge()
		} else {
			r.shrink()
		}
	}
	if size > restSize {
		r.enlarge()
	}
	b := r.buffer()
	if r.begin > 0 && r.begin+size > len(b) {
		r.end = copy(b, b[r.begin:r.end])
		r.begin = 0
	}
	for range 100 {
		n, err := r.from.Read(b[r.end:])
		r.end += n
		if n > 0 { // an error comes again
			r.more = r.end == len(b)
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// Peek is the next size bytes, at most bufferSize, or with an error those that there are. They stay to be read.
func (r *reader) Peek(size int) ([]byte, error) {
	for r.Buffered() < size {
		if err := r.fill(size); err != nil {
			return r.buffer()[r.begin:r.end], err
		}
	}
	return r.buffer()[r.begin : r.begin+size], nil
}

// Buffered is how much has arrived and was not taken.
func (r *reader) Buffered() int { return r.end - r.begin }

// Discard takes size bytes, all of which have arrived.
func (r *reader) Discard(size int) { r.begin += size }

// Read takes what has arrived, and waits where nothing has.
func (r *reader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if r.Buffered() == 0 {
		if len(b) >= bufferSize {
			return r.from.Read(b)
		}
		if err := r.fill(1); err != nil {
			return 0, err
		}
	}
	n := copy(b, r.buffer()[r.begin:r.end])
	r.begin += n
	return n, nil
}

// A writer is what bufio.Writer is, and has a buffer only while something waits to be sent.
type writer struct {
	to io.Writer
	w  *bufio.Writer // nil: nothing waits
}

func (w *writer) Write(b []byte) (int, error) {
	if w.w == nil {
		w.w = writeBuffers.Get().(*bufio.Writer)
		w.w.Reset(w.to)
	}
	return w.w.Write(b)
}

// Flush sends what waits. After an error everything fails.
func (w *writer) Flush() error {
	if w.w == nil {
		return nil
	}
	if err := w.w.Flush(); err != nil {
		return err
	}
	w.w.Reset(nil)
	writeBuffers.Put(w.w)
	w.w = nil
	return nil
}
