package cpu

import "github.com/beamfit/beamfit/model/plan"

// A sweep is an instruction that goes through arrays of n elements once, from the first element to the last, and whose result does
// not depend on how many it takes at a time. What it does for one element it does not look at others for.
type sweep struct {
	n     int         // elements of the arrays of over
	width int         // it takes multiples of width elements at a time
	over  [][]float32 // the arrays; all others are those of begin and end, but may be read in part
	begin func()      // before the first part; nil: nothing
	part  func(from, to int)
	end   func() // after the last part; nil: nothing
}

// swept is the row of an opcode that is a sweep.
func swept[A any](bind func(a A, o operands) *sweep) row {
	r := of(func(a A, o operands) call {
		return chain{bind(a, o)}.call()
	})
	r.sweep = func(attr any, o operands) *sweep {
		a, _ := attr.(A)
		return bind(a, o)
	}
	return r
}

// elementwise is a sweep without anything before or after it. over begins with an array that is as long as the others.
func elementwise(over [][]float32, part func(from, to int)) *sweep {
	return &sweep{n: len(over[0]), width: 1, over: over, part: part}
}

// A chain is sweeps over arrays of one length, each of which may work on what the ones before have made. They take turns, so
// that an element is still in the cache when the next sweep reads it.
type chain []*sweep

// turn is about the number of elements that the sweeps of a chain take in turn: few enough for the arrays of several sweeps to stay in
// the second-level cache, and enough not to begin with every array too often, which costs the time of a miss.
const turn = 8 << 10

func newChain(members []*bound) (c chain) {
	for _, b := range members {
		c = append(c, b.sweep)
	}
	return c
}

// arrays are all that the sweeps go through but x, each once.
func (c chain) arrays(x []float32) (arrays [][]float32) {
	for _, s := range c {
		for _, a := range s.over {
			if !same(a, x) && !containsArray(arrays, a) {
				arrays = append(arrays, a)
			}
		}
	}
	return arrays
}

// width is the number of elements that a part is a multiple of.
func (c chain) width() int {
	w := 1
	for _, s := range c {
		w = max(w, s.width)
	}
	return w
}

// call does the sweeps, a single one without a break.
func (c chain) call() call {
	n := c[0].n
	parts := c.parts
	if len(c) == 1 {
		parts = c[0].part
	}
	return func(*plan.Step) {
		c.begin()
		parts(0, n)
		c.end()
	}
}

func (c chain) begin() {
	for _, s := range c {
		if s.begin != nil {
			s.begin()
		}
	}
}

// parts does the elements from..to-1, which are multiples of the chain's width.
func (c chain) parts(from, to int) {
	w := c.width()
	if from%w != 0 || to%w != 0 {
		panic("cpu: a part of a sweep that is not whole rows")
	}
	size := max(1, turn/w) * w
	for ; from < to; from += size {
		for _, s := range c {
			s.part(from, min(from+size, to))
		}
	}
}

func (c chain) end() {
	for _, s := range c {
		if s.end != nil {
			s.end()
		}
	}
}
