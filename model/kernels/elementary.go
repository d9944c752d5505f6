package kernels

import (
	"fmt"
	"math"
)

// A Relation is what a comparison asks of two numbers.
type Relation uint8

// The relations. NaN is in none of them, but for NotEqual.
const (
	Less Relation = iota
	LessEqual
	Greater
	GreaterEqual
	Equal
	NotEqual
	numRelations
)

var relations = [numRelations]struct {
	name  string
	holds func(x, y float32) bool
}{
	Less:         {"less", func(x, y float32) bool { return x < y }},
	LessEqual:    {"less_equal", func(x, y float32) bool { return x <= y }},
	Greater:      {"greater", func(x, y float32) bool { return x > y }},
	GreaterEqual: {"greater_equal", func(x, y float32) bool { return x >= y }},
	Equal:        {"equal", func(x, y float32) bool { return x == y }},
	NotEqual:     {"not_equal", func(x, y float32) bool { return x != y }},
}

// String is the name of the relation in NumPy.
func (r Relation) String() string {
	if r >= numRelations {
		return fmt.Sprintf("Relation(%d)", uint8(r))
	}
	return relations[r].name
}

// Compare computes dst[i] = 1 where the relation holds for x[i] and y[i], else 0. dst may alias x or y.
func Compare(r Relation, x, y, dst []float32) {
	if r >= numRelations {
		panic(fmt.Sprintf("kernels: Compare: unknown relation %d", uint8(r)))
	}
	exactly("Compare", "y", len(y), len(x))
	exactly("Compare", "dst", len(dst), len(x))
	holds := relations[r].holds
	for i, v := range x {
		if holds(v, y[i]) {
			dst[i] = 1
		} else {
			dst[i] = 0
		}
	}
}

// Divide computes dst[i] = x[i] / y[i]. dst may alias x or y.
func Divide(x, y, dst []float32) {
	exactly("Divide", "y", len(y), len(x))
	exactly("Divide", "dst", len(dst), len(x))
	for i, v := range x {
		dst[i] = v / y[i]
	}
}

// Power computes dst[i] = x[i] to the power of y[i], the double precision value rounded to float32. dst may alias x or y.
func Power(x, y, dst []float32) {
	exactly("Power", "y", len(y), len(x))
	exactly("Power", "dst", len(dst), len(x))
	for i, v := range x {
		dst[i] = float32(math.Pow(float64(v), float64(y[i])))
	}
}

// ArgMax computes the index of the first maximum of each row of n elements, as a number. NaN is never larger.
func ArgMax(rows, n int, x, y []float32) {
	atLeast("ArgMax", "x", len(x), rows*n)
	atLeast("ArgMax", "y", len(y), rows)
	for r := range rows {
		row, best := x[r*n:(r+1)*n], 0
		for j, v := range row {
			if v > row[best] {
				best = j
			}
		}
		y[r] = float32(best)
	}
}
