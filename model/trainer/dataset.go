package trainer

import "context"

// A Buffer is N packed rows. Inputs has, per input of the model, N rows of the input's elements, row-major; Labels has,
// per output, N one-hot rows as wide as the output. Numbers has the labels of an output instead where they are numbers: N
// rows as wide as the output, or N class numbers; it may be nil where there are none. Weights has the weight of each row, nil: all 1. Nothing is changed or kept beyond the
// call that it is given to.
type Buffer struct {
	Inputs  [][]float32
	Labels  [][]int16
	Numbers [][]float32
	Weights []float32
	N       int
}

// A Dataset is the rows of a shard in a fixed order. It may be read by several goroutines.
//
// Buffers is the one in memory. Whoever makes another one has checked its buffers before (Model.CheckBuffer, and CheckClasses where
// rows are weighted by class), so that bad rows are found before any work.
type Dataset interface {
	// Rows is the number of rows.
	Rows() int
	// Reader gives the rows in batches of so many, and the rest at the end of each walk.
	Reader(ctx context.Context, batch int) Reader
}

// A Reader walks over the rows of a dataset, as often as it is told to. It belongs to one goroutine.
type Reader interface {
	// Walk begins a walk over the rows that order names by their numbers, or over all in their order where it is nil. The order must
	// not change before the walk has ended or the reader is closed.
	Walk(order []int32)
	// Next gives the next batch: its rows by their numbers in the index. Both are valid until the next call, and may be read by
	// several goroutines. The caller knows how many there are.
	Next() (*Index, []int32, error)
	// Close ends reading, also in the middle of a walk.
	Close()
}

// Buffers is a Dataset in memory.
type Buffers []Buffer

// Rows is the number of rows of all buffers.
func (b Buffers) Rows() int {
	n := 0
	for _, buffer := range b {
		n += buffer.N
	}
	return n
}

// Reader gives rows where they lie.
func (b Buffers) Reader(_ context.Context, batch int) Reader {
	return &memoryReader{index: NewIndex(b), rows: b.Rows(), batch: batch}
}

// A memoryReader walks over Buffers.
type memoryReader struct {
	index       *Index
	rows, batch int
	order       []int32 // what is left of the walk; nil: all rows from next on
	next        int
	numbers     []int32 // room for a batch where there is no order
}

func (r *memoryReader) Walk(order []int32) { r.order, r.next = order, 0 }

func (r *memoryReader) Next() (*Index, []int32, error) {
	if r.order != nil {
		rows := r.order[:min(r.batch, len(r.order))]
		r.order = r.order[len(rows):]
		return r.index, rows, nil
	}
	if r.numbers == nil {
		r.numbers = make([]int32, min(r.batch, r.rows))
	}
	rows := r.numbers[:min(r.batch, r.rows-r.next)]
	for i := range rows {
		rows[i] = int32(r.next + i)
	}
	r.next += len(rows)
	return r.index, rows, nil
}

func (*memoryReader) Close() {}

// An Index finds rows by their number in buffers that lie one after the other.
type Index struct {
	buffers []Buffer
	starts  []int // number of the first row per buffer, and the number of rows
	step    int   // rows of the first buffer: all have as many, but for the last, when preprocess made them
}

// NewIndex makes the index of buffers.
func NewIndex(buffers []Buffer) *Index {
	x := &Index{starts: []int{0}}
	for _, b := range buffers {
		if b.N > 0 {
			x.buffers = append(x.buffers, b)
			x.starts = append(x.starts, x.starts[len(x.starts)-1]+b.N)
		}
	}
	if len(x.buffers) > 0 {
		x.step = x.buffers[0].N
	}
	return x
}

// find is the buffer of a row and the row's number in it.
func (x *Index) find(row int) (b *Buffer, at int) {
	i := min(row/x.step, len(x.buffers)-1)
	for row < x.starts[i] {
		i--
	}
	for row >= x.starts[i+1] {
		i++
	}
	return &x.buffers[i], row - x.starts[i]
}
