package expr

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Dim is one dimension of an array: N elements, times the rows of the batch where Rows is true.
type Dim struct {
	N    int
	Rows bool
}

// String is the number of elements, or rows.
func (d Dim) String() string {
	switch {
	case !d.Rows:
		return strconv.Itoa(d.N)
	case d.N == 1:
		return "rows"
	}
	return "rows*" + strconv.Itoa(d.N)
}

// A Shape is that of an array, whose first dimension most often is the rows. No dimension: a single number.
type Shape []Dim

// rowsOf is the shape of an array with one element per row of the batch, of a shape.
func rowsOf(row []int) Shape {
	s := Shape{{N: 1, Rows: true}}
	for _, n := range row {
		s = append(s, Dim{N: n})
	}
	return s
}

// String is the shape in round brackets: (rows, 10).
func (s Shape) String() string {
	parts := make([]string, len(s))
	for i, d := range s {
		parts[i] = d.String()
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// Sizes are the dimensions for a batch of so many rows.
func (s Shape) Sizes(rows int) []int {
	sizes := make([]int, len(s))
	for i, d := range s {
		sizes[i] = d.N
		if d.Rows {
			sizes[i] *= rows
		}
	}
	return sizes
}

// together is the shape that arrays of two shapes are repeated to: aligned at the last dimension, each is equal or one of them 1.
func together(a, b Shape) (Shape, bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i, d := range b {
		at := len(a) - len(b) + i
		switch {
		case d == a[at], d == Dim{N: 1}:
		case a[at] == Dim{N: 1}:
			out[at] = d
		default:
			return nil, false
		}
	}
	return out, true
}

// elements are those of a row, and how often the number of rows is a factor.
func (s Shape) elements() (n, rows int) {
	n = 1
	for _, d := range s {
		n = min(n*d.N, math.MaxInt32)
		if d.Rows {
			rows++
		}
	}
	return n, rows
}

// byRows tells whether the shape is that of one array for each row.
func (s Shape) byRows() bool {
	_, rows := s.elements()
	return rows == 1 && s[0] == Dim{N: 1, Rows: true}
}
