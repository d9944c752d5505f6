package wire

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"
	"time"
)

// pieces is a reader that gives a random number of bytes at a time.
type pieces struct {
	left []byte
	most int
	r    *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.left[:min(len(p.left), 1+p.r.IntN(p.most))])
	p.left = p.left[n:]
	return n, nil
}

// TestReader takes what arrives in every way, whatever the pieces are in which it comes.
func TestReader(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sent := make([]byte, 1<<20)
	for i := range sent {
		sent[i] = byte(r.Uint32())
	}
	for _, most := range []int{1, 100, restSize, restSize + 1, bufferSize, 1 << 20} {
		in := newReader(&pieces{sent, most, r})
		var got []byte
		for {
			size := []int{1, 5, 1000, restSize, restSize + 1, bufferSize}[r.IntN(6)]
			b, err := in.Peek(size)
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
				got = append(got, b...)
				break
			}
			if r.IntN(2) == 0 {
				got = append(got, b...)
				in.Discard(len(b))
				continue
			}
			b = make([]byte, []int{0, 1, size, 2 * bufferSize}[r.IntN(4)])
			n, err := in.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, b[:n]...)
		}
		if !bytes.Equal(got, sent) {
			t.Errorf("pieces of up to %d bytes: what was read is not what was sent", most)
		}
	}
	in := newReader(iotest.ErrReader(errPlanted))
	if _, err := in.Peek(3); !errors.Is(err, errPlanted) {
		t.Error(err)
	}
	if _, err := newReader(readsNothing{}).Peek(1); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

var errPlanted = errors.New("planted")

type readsNothing struct{}

func (readsNothing) Read([]byte) (int, error) { return 0, nil }

// TestIdleBuffers: a connection on which much has passed waits with the small buffer, and with none to write.
func TestIdleBuffers(t *testing.T) {
	for _, arrived := range []int{1, restSize - 1, restSize + 1, bufferSize, 3 * bufferSize, 1<<20 + 7} {
		var out bytes.Buffer
		in := newReader(&pieces{make([]byte, arrived), 1 << 20, rand.New(rand.NewPCG(1, 2))})
		to := &writer{to: &out}
		for {
			b, err := in.Peek(max(1, in.Buffered()))
			if err != nil {
				break
			}
			if _, err := to.Write(b); err != nil {
				t.Fatal(err)
			}
			in.Discard(len(b))
		}
		if err := to.Flush(); err != nil || out.Len() != arrived {
			t.Fatalf("%d of %d bytes, %v", out.Len(), arrived, err)
		}
		if in.large != nil && arrived%restSize != 0 || to.large != nil || to.small != nil {
			t.Errorf("after %d bytes: a buffer is kept: %v %v %v", arrived, in.large != nil, to.large != nil, to.small != nil)
		}
	}
	to := &writer{to: failing{}}
	for range 2 {
		if _, err := to.Write([]byte("x")); err != nil && !errors.Is(err, errPlanted) {
			t.Error(err)
		}
		if err := to.Flush(); !errors.Is(err, errPlanted) {
			t.Errorf("got %v", err)
		}
	}
}

// writes are what was written, by length.
type writes struct {
	bytes.Buffer
	lengths []int
}

func (w *writes) Write(b []byte) (int, error) {
	w.lengths = append(w.lengths, len(b))
	return w.Buffer.Write(b)
}

// TestLargeWrite: what fills a buffer is written from where it lies, behind what waits; what is left over waits.
func TestLargeWrite(t *testing.T) {
	sent := make([]byte, 3*bufferSize+9)
	for i := range sent {
		sent[i] = byte(i >> 8)
	}
	for _, c := range []struct {
		before, size int
		want         []int
	}{
		{0, 3 * bufferSize, []int{3 * bufferSize}},
		{0, bufferSize - 1, []int{bufferSize - 1}},
		{9, 3 * bufferSize, []int{bufferSize, 2*bufferSize + 9}},
		{9, bufferSize, []int{bufferSize, 9}},
	} {
		var out writes
		w := &writer{to: &out}
		for _, b := range [][]byte{sent[:c.before], sent[c.before : c.before+c.size]} {
			if n, err := w.Write(b); n != len(b) || err != nil {
				t.Errorf("%+v: %d bytes, %v", c, n, err)
			}
		}
		if err := w.Flush(); err != nil || !slices.Equal(out.lengths, c.want) || !bytes.Equal(out.Bytes(), sent[:c.before+c.size]) {
			t.Errorf("%+v: got %v, %v", c, out.lengths, err)
		}
	}
	w := &writer{to: failing{}}
	for range 2 {
		if n, err := w.Write(sent); n != 0 || !errors.Is(err, errPlanted) {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
}

// TestBurst: sessions that all work at the same moment share the large buffers; those that get none pass on the same bytes, and no more than the
// bound stays behind.
func TestBurst(t *testing.T) {
	defer func(old *stock) { buffers = old }(buffers)
	buffers = newStock()
	const sessions = 3 * mostLarge
	r := rand.New(rand.NewPCG(1, 2))
	sent := make([]byte, 4*bufferSize+17)
	for i := range sent {
		sent[i] = byte(r.Uint32())
	}
	type session struct {
		in  *reader
		to  *writer
		out bytes.Buffer
	}
	var all [sessions]session
	for i := range all {
		s := &all[i]
		s.in, s.to = newReader(&pieces{sent, 1 << 20, r}), &writer{to: &s.out}
	}
	most := 0
	for ended := 0; ended < sessions; { // a piece of each in turn
		ended, most = 0, max(most, int(buffers.made.Load()))
		for i := range all {
			s := &all[i]
			b, err := s.in.Peek(max(1, s.in.Buffered()))
			if err != nil {
				ended++
				continue
			}
			if _, err := s.to.Write(b); err != nil {
				t.Fatal(err)
			}
			s.in.Discard(len(b))
		}
	}
	for i := range all {
		s := &all[i]
		if i%2 == 0 {
			if _, err := s.in.Peek(bufferSize); !errors.Is(err, io.EOF) { // it must have room
				t.Error(err)
			}
			s.in.shrink()
		}
		if err := s.to.Flush(); err != nil || !bytes.Equal(s.out.Bytes(), sent) {
			t.Fatalf("session %d: what was passed on is not what was sent, %v", i, err)
		}
		s.in.shrink()
	}
	if most != mostLarge || len(buffers.idle) != mostLarge {
		t.Errorf("%d large buffers were made for those that can do without, and %d are kept, want %d", most, len(buffers.idle), mostLarge)
	}
	for begun := time.Now(); buffers.made.Load() != mostLarge; runtime.GC() {
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("%d large buffers are counted, want %d", buffers.made.Load(), mostLarge)
		}
	}
	buffers.take(false) // of a connection that breaks
	for begun := time.Now(); buffers.made.Load() != mostLarge-1; runtime.GC() {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("a buffer of a broken connection counts for ever")
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errPlanted }
