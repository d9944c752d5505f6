package buffer

import (
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// A Buffer is N rows of a layout in Arrow memory. Release frees it; its slices must not be used after that.
type Buffer struct {
	Layout Layout
	N      int
	// Inputs[i] are the N x D elements of input i, row-major, and Labels[i] the N x K elements of label i, or Numbers[i] where
	// it is numeric; the other is nil. They are the Arrow memory itself: writing to them changes the buffer.
	Inputs  [][]float32
	Labels  [][]int16
	Numbers [][]float32

	values []*memory.Buffer // per variable
}

// New is a buffer of zeros; nil mem is Go's own memory. It panics for a layout that Check refuses.
func New(mem memory.Allocator, l Layout, rows int) *Buffer {
	if mem == nil {
		mem = memory.DefaultAllocator
	}
	if err := l.Check(rows); err != nil {
		panic("buffer: " + err.Error())
	}
	values := make([]*memory.Buffer, l.Len())
	for i := range values {
		values[i] = memory.NewResizableBuffer(mem)
		values[i].Resize(rows * l.Variable(i).Size() * l.Width(i))
		clear(values[i].Bytes())
	}
	return over(l, rows, values)
}

// over is the buffer whose variables lie in that memory.
func over(l Layout, rows int, values []*memory.Buffer) *Buffer {
	b := &Buffer{Layout: l, N: rows, values: values}
	for i, v := range values {
		switch {
		case i < len(l.Inputs):
			b.Inputs = append(b.Inputs, arrow.Float32Traits.CastFromBytes(v.Bytes()))
		case l.float(i):
			b.Labels = append(b.Labels, nil)
			b.Numbers = append(b.Numbers, arrow.Float32Traits.CastFromBytes(v.Bytes()))
		default:
			b.Labels = append(b.Labels, arrow.Int16Traits.CastFromBytes(v.Bytes()))
			b.Numbers = append(b.Numbers, nil)
		}
	}
	return b
}

// Write writes the elements of all variables, inputs first, one after the other in the machine's byte order.
func (b *Buffer) Write(w io.Writer) error {
	for _, v := range b.values {
		if _, err := w.Write(v.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// SetRow fills row i from the elements of all variables, inputs first, one after the other in the machine's byte order:
// RowBytes bytes.
func (b *Buffer) SetRow(i int, row []byte) {
	for k, v := range b.values {
		n := b.Layout.Width(k) * b.Layout.Variable(k).Size()
		copy(v.Bytes()[i*n:(i+1)*n], row[:n])
		row = row[n:]
	}
}

// AppendRow appends row i to dst, in the form that SetRow takes.
func (b *Buffer) AppendRow(dst []byte, i int) []byte {
	for k, v := range b.values {
		n := b.Layout.Width(k) * b.Layout.Variable(k).Size()
		dst = append(dst, v.Bytes()[i*n:(i+1)*n]...)
	}
	return dst
}

// Release frees the memory, unless records still use it.
func (b *Buffer) Release() {
	for _, v := range b.values {
		v.Release()
	}
	b.values, b.Inputs, b.Labels, b.Numbers = nil, nil, nil, nil
}

// Record is the buffer as a record batch, which shares its memory. The caller releases it.
func (b *Buffer) Record() arrow.Record {
	fields := make([]arrow.Field, b.Layout.Len())
	columns := make([]arrow.Array, len(fields))
	for i := range fields {
		v := b.Layout.Variable(i)
		var elem arrow.DataType = arrow.PrimitiveTypes.Float32
		if !b.Layout.float(i) {
			elem = arrow.PrimitiveTypes.Int16
		}
		list := arrow.FixedSizeListOfNonNullable(int32(v.Size()), elem)
		child := array.NewData(elem, b.N*v.Size(), []*memory.Buffer{nil, b.values[i]}, nil, 0, 0)
		data := array.NewData(list, b.N, []*memory.Buffer{nil}, []arrow.ArrayData{child}, 0, 0)
		fields[i] = arrow.Field{Name: v.Name, Type: list}
		columns[i] = array.NewFixedSizeListData(data)
		data.Release()
		child.Release()
	}
	rec := array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(b.N))
	for _, c := range columns {
		c.Release()
	}
	return rec
}
