package packed

import (
	"errors"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
)

// A Description is what a row says of its buffer, but for the values.
type Description struct {
	Key, ID int64
	Rows    int
}

// Describe reads the description of the buffer in row i of b, whose number in the table, from 0, is row. The shapes must be those
// of the layout.
func Describe(name table.Name, b *table.Batch, i int, row int64, l buffer.Layout) (d Description, err error) {
	fail := func(column string, err error) error {
		return &table.ValueError{Table: name, Column: column, Row: row + 1, Err: err}
	}
	if d.ID, err = b.Col(BufferColumn).Int(i); err != nil {
		return d, fail(BufferColumn, err)
	}
	if v := b.Col(KeyColumn); v != nil {
		if d.Key, err = v.Int(i); err != nil {
			return d, fail(KeyColumn, err)
		}
	}
	for k := range l.Len() {
		v := l.Variable(k)
		shape, err := shapeAt(b.Col(v.Name+ShapeSuffix), i)
		if err != nil {
			return d, fail(v.Name+ShapeSuffix, err)
		}
		if !slices.Equal(shape[1:], v.Shape) {
			return d, fail(v.Name, &ShapeError{Data: shape[1:], Layout: v.Shape, Label: k >= len(l.Inputs)})
		}
		if k == 0 {
			d.Rows = shape[0]
		} else if shape[0] != d.Rows {
			return d, fail(v.Name+ShapeSuffix, fmt.Errorf("%d rows, but column %q of the same buffer has %d", shape[0], l.Variable(0).Name, d.Rows))
		}
	}
	return d, nil
}

// shapeAt is the shape of a buffer: its rows and the shape of a row.
func shapeAt(v *table.Vector, i int) ([]int, error) {
	shape, err := v.Ints(i)
	if err == nil && (len(shape) == 0 || shape[0] < 0) {
		err = fmt.Errorf("shape %v does not begin with a number of rows", shape)
	}
	return shape, err
}

// A ShapeError is a variable whose rows have another shape than the layout's.
type ShapeError struct {
	Data, Layout []int
	Label        bool
}

func (e *ShapeError) Error() string {
	if e.Label {
		return fmt.Sprintf("the labels have shape %v, expected %v", e.Data, e.Layout)
	}
	return fmt.Sprintf("the rows have shape %v, the model's input has shape %v", e.Data, e.Layout)
}

// Read makes the values of row i of b a buffer, without copying them.
func Read(name table.Name, b *table.Batch, i int, row int64, d Description, l buffer.Layout) (*buffer.Buffer, error) {
	p := buffer.Packed{ID: d.ID}
	for k := range l.Len() {
		v := l.Variable(k)
		values, err := b.Col(v.Name).Binary(i)
		if err != nil {
			return nil, &table.ValueError{Table: name, Column: v.Name, Row: row + 1, Err: err}
		}
		p.Values = append(p.Values, values)
		p.Shapes = append(p.Shapes, slices.Concat([]int{d.Rows}, v.Shape))
	}
	read, err := buffer.Read(l, p)
	if e := (*buffer.Error)(nil); errors.As(err, &e) {
		return nil, &table.ValueError{Table: name, Column: e.Column, Row: row + 1, Err: e.Err}
	}
	return read, err
}
