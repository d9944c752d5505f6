package buffer

import (
	"fmt"
	"math"
	"slices"
)

// MaxBytes is the most bytes of one variable of a buffer. PostgreSQL limits a whole row to 2^30 bytes.
const MaxBytes = 1 << 30

// A Variable is an input or a label of every row.
type Variable struct {
	Name string
	// Shape is that of one row.
	Shape []int
	// Numeric: a label of numbers, float32, and not one-hot. Inputs are always float32.
	Numeric bool
}

// Size is the number of elements of one row.
func (v Variable) Size() int { return SizeOf(v.Shape) }

// SizeOf is the number of elements of an array of a shape.
func SizeOf(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// A Layout lists the variables of a buffer.
type Layout struct {
	Inputs []Variable // float32
	Labels []Variable // int16, or float32 where Numeric
	// Weighted: the last of Labels, one number, is no label but the weight of the row.
	Weighted bool `json:",omitempty"`
}

// Len is the number of variables.
func (l Layout) Len() int { return len(l.Inputs) + len(l.Labels) }

// Variable is variable i: the inputs come first.
func (l Layout) Variable(i int) Variable {
	if i < len(l.Inputs) {
		return l.Inputs[i]
	}
	return l.Labels[i-len(l.Inputs)]
}

// Width is the number of bytes of an element of variable i.
func (l Layout) Width(i int) int {
	if l.float(i) {
		return 4
	}
	return 2
}

// float tells whether the elements of variable i are float32.
func (l Layout) float(i int) bool { return i < len(l.Inputs) || l.Variable(i).Numeric }

// RowBytes is the number of bytes of one row.
func (l Layout) RowBytes() int {
	n := 0
	for i := range l.Len() {
		n += l.Width(i) * l.Variable(i).Size()
	}
	return n
}

// Check reports a layout that no buffer of that many rows can have.
func (l Layout) Check(rows int) error {
	for i := range l.Len() {
		v := l.Variable(i)
		if _, err := byteLength(v.Shape, rows, l.Width(i)); err != nil {
			return fmt.Errorf("variable %q: %w", v.Name, err)
		}
	}
	return nil
}

// byteLength is the length of a value of rows rows of that shape.
func byteLength(shape []int, rows, width int) (int, error) {
	if rows < 0 {
		return 0, fmt.Errorf("%d rows", rows)
	}
	n := width
	for _, d := range slices.Concat(shape, []int{rows}) {
		switch {
		case d < 0, d == 0 && rows > 0:
			return 0, fmt.Errorf("rows of shape %v", shape)
		case d > math.MaxInt32, d > 0 && n > MaxBytes/d:
			return 0, fmt.Errorf("%d rows of shape %v need more than %d bytes", rows, shape, MaxBytes)
		}
		n *= d
	}
	return n, nil
}
