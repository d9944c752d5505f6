package trainer

// A Buffer is N packed rows. Inputs has, per input of the model, N rows of the input's elements, row-major; Labels has,
// per output, N one-hot rows as wide as the output. Numbers has the labels of an output instead where they are numbers: N
// rows as wide as the output, or N class numbers; it may be nil where there are none. Nothing is changed or kept beyond the
// call that it is given to.
type Buffer struct {
	Inputs  [][]float32
	Labels  [][]int16
	Numbers [][]float32
	N       int
}

// A Dataset is a shard: its buffers in a fixed order. It may be read by several goroutines.
type Dataset interface {
	// Rows is the number of rows of all buffers.
	Rows() int
	// Buffers are the buffers; the caller does not change them.
	Buffers() []Buffer
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

// Buffers is b.
func (b Buffers) Buffers() []Buffer { return b }

// A rowIndex finds rows by their number in the shard.
type rowIndex struct {
	buffers []Buffer
	starts  []int // number of the first row per buffer, and the number of rows
	step    int   // rows of the first buffer: all have as many, but for the last, when preprocess made them
}

func newRowIndex(buffers []Buffer) *rowIndex {
	x := &rowIndex{starts: []int{0}}
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
func (x *rowIndex) find(row int) (b *Buffer, at int) {
	i := min(row/x.step, len(x.buffers)-1)
	for row < x.starts[i] {
		i--
	}
	for row >= x.starts[i+1] {
		i++
	}
	return &x.buffers[i], row - x.starts[i]
}
