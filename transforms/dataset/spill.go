package dataset

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"sync"

	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/scratch"
)

// inFile is a shard as rows of a scratch file of this process: all rows have the same length, those of a buffer follow each other.
type inFile struct {
	layout buffer.Layout
	file   *os.File
	runs   []fileRun // the shard's buffers in their order
	starts []int     // the row of the shard at which each begins, and the number of rows
}

// A fileRun is the rows of a buffer.
type fileRun struct {
	id   int64
	row  int64 // of the table
	at   int64 // where they begin in the file, in bytes
	rows int
}

// writeBytes is about how much is written at once.
const writeBytes = 1 << 20

// A fileSink writes the buffers of a shard to a file.
type fileSink struct {
	*inFile
	shard Shard
	rooms sync.Pool // of *[]byte, room to write from
	mu    sync.Mutex
	end   int64
}

func newFileSink(s Shard) (*fileSink, error) {
	file, err := scratch.File()
	if err != nil {
		return nil, err
	}
	return &fileSink{inFile: &inFile{layout: s.Table.Layout, file: file}, shard: s}, nil
}

func (w *fileSink) finish() (held, error) {
	w.order()
	return w.inFile, w.shard.checkCounts(len(w.runs), w.rows())
}

func (w *fileSink) discard() { _ = w.file.Close() }

// add writes the rows of a buffer behind those that are there.
func (w *fileSink) add(r readBuffer) error {
	size := w.layout.RowBytes()
	kept, _ := w.rooms.Get().(*[]byte)
	if kept == nil {
		kept = new(make([]byte, 0, max(writeBytes, size)))
	}
	defer w.rooms.Put(kept)
	room := *kept
	w.mu.Lock()
	at := w.end
	w.end += int64(r.buffer.N) * int64(size)
	w.runs = append(w.runs, fileRun{id: r.ID, row: r.row, at: at, rows: r.buffer.N})
	w.mu.Unlock()
	for i := range r.buffer.N {
		room = r.buffer.AppendRow(room, i)
		if i < r.buffer.N-1 && len(room)+size <= cap(room) {
			continue
		}
		if _, err := w.file.WriteAt(room, at); err != nil {
			return scratch.Error(err)
		}
		at += int64(len(room))
		room = room[:0]
	}
	return nil
}

// order puts the buffers in the order of those in memory, whatever order they were written in.
func (f *inFile) order() {
	slices.SortFunc(f.runs, func(a, b fileRun) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.row, b.row)) })
	f.starts = []int{0}
	for _, r := range f.runs {
		f.starts = append(f.starts, f.rows()+r.rows)
	}
}

func (f *inFile) rows() int { return f.starts[len(f.starts)-1] }

// Close deletes the file.
func (f *inFile) Close() error { return f.file.Close() }

// place is where a row lies in the file, and how many rows from it on lie one after the other.
func (f *inFile) place(row int) (at int64, rows int) {
	i := sort.SearchInts(f.starts, row+1) - 1
	before := row - f.starts[i]
	return f.runs[i].at + int64(before)*int64(f.layout.RowBytes()), f.runs[i].rows - before
}

// digest is that of the buffers in memory.
func (f *inFile) digest(ctx context.Context) (string, error) {
	h := sha256.New()
	size := f.layout.RowBytes()
	room := make([]byte, size)
	for _, r := range f.runs {
		if err := context.Cause(ctx); err != nil {
			return "", err
		}
		b := buffer.New(nil, f.layout, r.rows)
		rows := bufio.NewReaderSize(io.NewSectionReader(f.file, r.at, int64(r.rows)*int64(size)), writeBytes)
		for i := range r.rows {
			if _, err := io.ReadFull(rows, room); err != nil {
				return "", scratch.Error(err)
			}
			b.SetRow(i, room)
		}
		_ = b.Write(h) // a hash takes everything
		b.Release()
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (f *inFile) data(from, to int) trainer.Dataset { return fileRows{f, from, to} }

// fileRows are rows from to to-1 of a shard in a file.
type fileRows struct {
	*inFile
	from, to int
}

func (r fileRows) Rows() int { return r.to - r.from }

// Reading ahead: so many batches at most, and so many bytes of them, but two batches at least. Each is read by a goroutine of its own, since
// disks want many requests at once.
const (
	mostAhead      = 8
	mostBytesAhead = 64 << 20
)

func (r fileRows) Reader(ctx context.Context, batch int) trainer.Reader {
	batch = min(batch, max(r.Rows(), 1))
	ahead := min(max(mostBytesAhead/max(batch*r.layout.RowBytes(), 1), 2), mostAhead)
	f := &fileReader{rows: r, ctx: ctx, batch: batch, slots: make([]slot, ahead)}
	for i := range f.slots {
		f.slots[i].make(r.layout, batch)
	}
	return f
}

// A slot is memory for a batch.
type slot struct {
	buffer  *buffer.Buffer
	index   *trainer.Index
	numbers []int32 // 0, 1, ...: a batch lies in the order of its rows
	row     []byte
	free    chan struct{} // may be filled
	filled  chan error
}

func (s *slot) make(layout buffer.Layout, batch int) {
	s.buffer = buffer.New(nil, layout, batch)
	s.index = trainer.NewIndex([]trainer.Buffer{rowsOf(s.buffer)})
	s.numbers = make([]int32, batch)
	for i := range s.numbers {
		s.numbers[i] = int32(i)
	}
}

// A fileReader is a trainer.Reader that reads batches ahead.
type fileReader struct {
	rows    fileRows
	ctx     context.Context // of the reader's user, for as long as the reader is open
	batch   int
	slots   []slot
	order   []int32 // nil: all
	count   int     // rows of the walk
	next    int     // number of the next batch
	stopped chan struct{}
	filling sync.WaitGroup
}

func (f *fileReader) Walk(order []int32) {
	f.Close()
	f.order, f.count, f.next = order, len(order), 0
	if order == nil {
		f.count = f.rows.Rows()
	}
	f.stopped = make(chan struct{})
	for i := range f.slots {
		s := &f.slots[i]
		s.free, s.filled = make(chan struct{}, 1), make(chan error, 1)
		s.free <- struct{}{}
		if i*f.batch < f.count {
			f.filling.Go(func() { f.fill(i) })
		}
	}
}

// fill reads every batch of a slot.
func (f *fileReader) fill(number int) {
	s := &f.slots[number]
	for from := number * f.batch; from < f.count; from += len(f.slots) * f.batch {
		select {
		case <-s.free:
		case <-f.stopped:
			return
		}
		s.filled <- f.read(s, from, min(from+f.batch, f.count))
	}
}

// read reads rows from to to-1 of the walk. What follows each other in the file is read at once.
func (f *fileReader) read(s *slot, from, to int) error {
	size := f.rows.layout.RowBytes()
	for i := from; i < to; {
		at, most := f.rows.place(f.row(i))
		n := 1
		for n < most && i+n < to && f.row(i+n) == f.row(i)+n {
			n++
		}
		s.row = slices.Grow(s.row[:0], n*size)[:n*size]
		if _, err := f.rows.file.ReadAt(s.row, at); err != nil {
			return scratch.Error(fmt.Errorf("row %d of a shard: %w", f.row(i)+1, err))
		}
		for k := range n {
			s.buffer.SetRow(i+k-from, s.row[k*size:(k+1)*size])
		}
		i += n
	}
	return nil
}

// row is the row of the shard at a place of the walk.
func (f *fileReader) row(i int) int {
	if f.order != nil {
		i = int(f.order[i])
	}
	return f.rows.from + i
}

func (f *fileReader) Next() (*trainer.Index, []int32, error) {
	if f.next > 0 {
		f.slots[(f.next-1)%len(f.slots)].free <- struct{}{}
	}
	s := &f.slots[f.next%len(f.slots)]
	rows := min(f.batch, f.count-f.next*f.batch)
	f.next++
	select {
	case err := <-s.filled:
		return s.index, s.numbers[:max(rows, 0)], err
	case <-f.ctx.Done():
		return nil, nil, context.Cause(f.ctx)
	}
}

func (f *fileReader) Close() {
	if f.stopped != nil {
		close(f.stopped)
		f.filling.Wait()
		f.stopped = nil
	}
}
