package wire

import (
	"io"
	"runtime"
	"sync"
	"sync/atomic"
)

// The sizes of the buffers of a direction of a connection: of one that waits for the other side, and of one on which much arrives. The
// larger ones go from connection to connection, so that a session that waits has none, whatever it did before.
const (
	restSize   = 8 << 10 // as PostgreSQL sends
	bufferSize = 64 << 10
)

// mostLarge is how many large buffers the process keeps for good, 1 MB. When as many sessions work at the same moment that none is left, the others
// go on with their small ones: else each would leave 128 kB behind, which the garbage collector gives back minutes after a burst.
const mostLarge = 16

type large = [bufferSize]byte

var buffers = newStock()

// A stock is large buffers that nobody uses, and the number of those that there are.
type stock struct {
	idle chan *large
	made atomic.Int32
}

func newStock() *stock { return &stock{idle: make(chan *large, mostLarge)} }

// take gives a buffer, nil where mostLarge are in use and the one who asks can do without.
func (s *stock) take(must bool) *large {
	select {
	case b := <-s.idle:
		return b
	default:
	}
	if s.made.Add(1) > mostLarge && !must {
		s.made.Add(-1)
		return nil
	}
	b := new(large)
	runtime.AddCleanup(b, func(made *atomic.Int32) { made.Add(-1) }, &s.made) // a connection may break while it has one
	return b
}

func (s *stock) giveBack(b *large) {
	select {
	case s.idle <- b:
	default: // the garbage collector takes it
	}
}

// smallBuffers are those of writers, which have none at rest.
var smallBuffers = sync.Pool{New: func() any { return new([restSize]byte) }}

// A reader is what bufio.Reader is, but for its size: it waits with a small buffer, and takes a large one when more arrives than that holds.
type reader struct {
	from       io.Reader
	rest       []byte
	large      *large // nil: rest is in use
	begin, end int    // of what has arrived and was not taken
	more       bool   // what arrived last has filled the buffer
	much       bool   // and what arrived before that too
	broken     error  // why nothing more comes, where a loop has found out
}

func newReader(from io.Reader) *reader { return &reader{from: from, rest: make([]byte, restSize)} }

func (r *reader) buffer() []byte {
	if r.large != nil {
		return r.large[:]
	}
	return r.rest
}

// enlarge takes a large buffer, where there is one or it must be.
func (r *reader) enlarge(must bool) {
	if r.large != nil {
		return
	}
	large := buffers.take(must)
	if large == nil {
		return
	}
	r.end = copy(large[:], r.rest[r.begin:r.end])
	r.begin, r.large = 0, large
}

// shrink gives the large buffer back, which is empty.
func (r *reader) shrink() {
	if r.large != nil {
		buffers.giveBack(r.large)
		r.large = nil
	}
}

// idle is to be called before a wait. The small buffer will do for what comes next, unless much is coming.
func (r *reader) idle() {
	if r.begin == r.end {
		r.begin, r.end = 0, 0
		if !r.more {
			r.shrink()
		}
	}
}

// fill waits for bytes, with room for size of them in all.
func (r *reader) fill(size int) error {
	if r.broken != nil {
		return r.broken
	}
	r.idle()
	if r.begin == r.end && r.more {
		r.enlarge(false)
	}
	if size > restSize {
		r.enlarge(true)
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
			filled := r.end == len(b)
			r.more, r.much = filled, filled && r.more
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

// A writer is what bufio.Writer is, and has a buffer only while something waits to be sent: a small one, and a large one when more waits than that holds.
type writer struct {
	to    io.Writer
	small *[restSize]byte
	large *large
	end   int   // of what waits
	err   error // of sending: everything fails then
}

// room is the buffer in use; size is how much is to be put into it.
func (w *writer) room(size int) []byte {
	if w.small == nil && w.large == nil {
		w.small = smallBuffers.Get().(*[restSize]byte)
	}
	if w.large == nil && w.end+size > restSize {
		if w.large = buffers.take(false); w.large != nil {
			copy(w.large[:], w.small[:w.end])
			w.rest()
		}
	}
	if w.large != nil {
		return w.large[:]
	}
	return w.small[:]
}

// rest gives the small buffer back.
func (w *writer) rest() {
	if w.small != nil {
		smallBuffers.Put(w.small)
		w.small = nil
	}
}

func (w *writer) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	written := 0
	for written < len(b) {
		if w.end == 0 && len(b)-written >= bufferSize { // a copy of it would be sent at once
			var n int
			n, w.err = w.to.Write(b[written:])
			return written + n, w.err
		}
		buffer := w.room(len(b) - written)
		if w.end == len(buffer) {
			if w.send(buffer); w.err != nil {
				return written, w.err
			}
			continue
		}
		n := copy(buffer[w.end:], b[written:])
		w.end += n
		written += n
	}
	return written, nil
}

func (w *writer) send(buffer []byte) {
	_, w.err = w.to.Write(buffer[:w.end])
	w.end = 0
}

// Flush sends what waits. After an error everything fails.
func (w *writer) Flush() error {
	if w.end > 0 && w.err == nil {
		w.send(w.room(0))
	}
	w.rest()
	if w.large != nil {
		buffers.giveBack(w.large)
		w.large = nil
	}
	return w.err
}
