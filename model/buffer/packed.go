package buffer

import (
	"encoding/binary"
	"fmt"
	"slices"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow/endian"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// A Packed is a buffer as a packed table holds it: per variable, inputs first, the bytes and the shape.
type Packed struct {
	ID     int64 // buffer_id
	Values [][]byte
	Shapes [][]int
}

// An Error is a packed row that is no buffer.
type Error struct {
	ID     int64
	Column string
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("buffer %d, column %q: %v", e.ID, e.Column, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Packed is the buffer as a packed table holds it. On a little-endian machine the values are the buffer's own memory, so
// they are valid until Release.
func (b *Buffer) Packed(id int64) Packed {
	p := Packed{ID: id}
	for i, v := range b.values {
		bytes := v.Bytes()
		if endian.IsBigEndian {
			bytes = slices.Clone(bytes)
			swap(bytes, b.Layout.Width(i))
		}
		p.Values = append(p.Values, bytes)
		p.Shapes = append(p.Shapes, slices.Concat([]int{b.N}, b.Layout.Variable(i).Shape))
	}
	return p
}

// Read is the buffer that a packed row holds. The row must have the variables of the layout, rows of their shapes, and
// equally many of each; an error is an *Error. On a little-endian machine the buffer is the row's own memory where it is
// aligned: nobody may write to it.
func Read(l Layout, p Packed) (*Buffer, error) {
	if len(p.Values) != l.Len() || len(p.Shapes) != l.Len() {
		panic(fmt.Sprintf("buffer: %d values and %d shapes for %d variables", len(p.Values), len(p.Shapes), l.Len()))
	}
	rows := 0
	for i := range l.Len() {
		n, err := check(l.Variable(i).Shape, p.Shapes[i], len(p.Values[i]), l.Width(i))
		if err != nil {
			return nil, &Error{p.ID, l.Variable(i).Name, err}
		}
		if i == 0 {
			rows = n
		}
		if n != rows {
			return nil, &Error{p.ID, l.Variable(i).Name, fmt.Errorf("%d rows, but %q has %d", n, l.Variable(0).Name, rows)}
		}
	}
	values := make([]*memory.Buffer, l.Len())
	for i, v := range p.Values {
		if endian.IsBigEndian || uintptr(unsafe.Pointer(unsafe.SliceData(v)))%uintptr(l.Width(i)) != 0 {
			v = slices.Clone(v)
		}
		if endian.IsBigEndian {
			swap(v, l.Width(i))
		}
		values[i] = memory.NewBufferBytes(v)
	}
	return over(l, rows, values), nil
}

// check is the number of rows of a value with that shape and length, when its rows have the shape row.
func check(row, shape []int, length, width int) (rows int, err error) {
	if len(shape) == 0 {
		return 0, fmt.Errorf("its shape is empty, expected the number of rows and the shape %v of a row", row)
	}
	rows = shape[0]
	if !slices.Equal(shape[1:], row) {
		return 0, fmt.Errorf("its shape %v is one of rows of shape %v, expected rows of shape %v", shape, shape[1:], row)
	}
	want, err := byteLength(row, rows, width)
	if err != nil {
		return 0, fmt.Errorf("its shape is %v: %w", shape, err)
	}
	if length != want {
		return 0, fmt.Errorf("it has %d bytes, but its shape %v needs %d", length, shape, want)
	}
	return rows, nil
}

// swap reverses the bytes of every element.
func swap(b []byte, width int) {
	for ; len(b) >= width; b = b[width:] {
		if width == 4 {
			binary.BigEndian.PutUint32(b, binary.LittleEndian.Uint32(b))
		} else {
			binary.BigEndian.PutUint16(b, binary.LittleEndian.Uint16(b))
		}
	}
}
