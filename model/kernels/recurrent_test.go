package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// A recurrentCase is a recurrent layer with random operands; run computes it and its gradients between guard words.
type recurrentCase struct {
	s                      RecurrentShape
	bfloat16               bool
	z, r, bias, mask, drop []float32
	dh                     []float32
	guards                 guards
	h, dz, dr, db          []float32
}

func newRecurrentCase(s RecurrentShape, masked, dropped bool) *recurrentCase {
	d := draw(s.T*1000 + s.B*100 + s.U)
	width := s.Gates() * s.U
	c := &recurrentCase{s: s}
	c.z, c.r = d.fill(make([]float32, s.T*s.B*width)), d.fill(make([]float32, s.U*width))
	for i := range c.r {
		c.r[i] /= float32(math.Sqrt(float64(s.U)))
	}
	c.dh = d.fill(make([]float32, s.T*s.B*s.U))
	if s.Cell == GRUResetAfterCell {
		c.bias = d.fill(make([]float32, 2*width))
	}
	if masked {
		c.mask = make([]float32, s.B*s.T)
		for i := range c.mask {
			c.mask[i] = float32(min(d.intn(3), 1))
		}
	}
	if dropped {
		c.drop = make([]float32, s.B*width)
		for i := range c.drop {
			c.drop[i] = float32(d.intn(2)) * 2
		}
	}
	return c
}

// run fills the results; it needs a shape with Keep for those of the gradients.
func (c *recurrentCase) run() {
	s := &c.s
	z, r := c.guards.input("z", c.z, 1), c.guards.input("r", c.r, 3)
	gates, memory := c.guards.output("gates", s.GatesLen(), 0), c.guards.output("memory", s.MemoryLen(), 5)
	c.h = c.guards.output("h", s.StatesLen(), 2)
	forward, grad, kernelGrad := Recurrent, RecurrentGrad, RecurrentKernelGrad
	if c.bfloat16 {
		forward, grad, kernelGrad = RecurrentBfloat16, RecurrentGradBfloat16, RecurrentKernelGradBfloat16
	}
	forward(s, z, r, c.bias, c.mask, c.drop, gates, memory, c.h, c.guards.output("ws", RecurrentWorkspace(s), 0))
	if !s.Keep {
		return
	}
	dh := c.dh
	if !s.Sequences {
		dh = dh[:s.B*s.U]
	}
	c.dz, c.dr = c.guards.output("dz", len(z), 0), c.guards.output("dr", len(r), 7)
	var dinner []float32
	if s.Cell == GRUResetAfterCell {
		dinner = c.guards.output("dinner", s.T*s.B*s.U, 1)
		c.db = c.guards.output("db", 2*s.Gates()*s.U, 0)
	}
	grad(s, c.guards.input("dh", dh, 0), r, c.mask, c.drop, gates, memory, c.h, c.dz, dinner,
		c.guards.output("grad ws", RecurrentGradWorkspace(s), 0))
	kernelGrad(s, c.h, memory, c.dz, dinner, c.drop, c.dr,
		c.guards.output("kernel ws", RecurrentKernelGradWorkspace(s, c.drop != nil), 0))
	if c.db != nil {
		RecurrentBiasGrad(s, c.dz, dinner, c.db)
	}
}

// TestRecurrentVariants compares every variant with the plain loops. Package plan/cpu compares these with the formulas and
// with differences.
func TestRecurrentVariants(t *testing.T) {
	for _, size := range [][3]int{{1, 1, 1}, {1, 3, 5}, {4, 2, 3}, {3, 5, 17}, {5, 70, 33}} {
		for cell := range numCells {
			for _, mode := range []string{"", "b", "s", "bs", "m", "sm", "d", "bsmd"} {
				has := func(c rune) bool { return slices.Contains([]rune(mode), c) }
				s := RecurrentShape{
					Cell: cell, T: size[0], B: size[1], U: size[2], Act: Tanh, Gate: Sigmoid,
					Back: has('b'), Sequences: has('s'), Keep: true,
				}
				name := fmt.Sprintf("%v cell %d %q", size, cell, mode)
				force(t, variantGo)
				want := newRecurrentCase(s, has('m'), has('d'))
				want.run()
				eachVariant(t, func(t *testing.T) {
					got := newRecurrentCase(s, has('m'), has('d'))
					got.run()
					got.guards.intact(t, name)
					for _, pair := range []struct {
						what      string
						got, want []float32
					}{{"h", got.h, want.h}, {"dz", got.dz, want.dz}, {"dr", got.dr, want.dr}, {"db", got.db, want.db}} {
						nearArray(t, name+": "+pair.what, pair.got, pair.want)
					}
				})
			}
		}
	}
}

func nearArray(t *testing.T, what string, got, want []float32) {
	t.Helper()
	nearBy(t, what, 1e-5, got, want)
}

// nearBy compares arrays by the largest element of what is wanted.
func nearBy(t *testing.T, what string, bound float64, got, want []float32) {
	t.Helper()
	var largest, worst float64
	for i, w := range want {
		largest = max(largest, math.Abs(float64(w)))
		if d := math.Abs(float64(got[i]) - float64(w)); !(d <= worst) {
			worst = d
		}
	}
	if !(worst <= bound*largest) {
		t.Fatalf("%s: differs by %g of %g", what, worst, largest)
	}
}

// TestRecurrentBfloat16: states and the gradients of the gates are bfloat16 numbers, and all results are those of float32 but for the
// rounding of states and gradients, each by 2⁻⁹ of it: steps add up, and a factor of 4 covers what gates and products make of it.
func TestRecurrentBfloat16(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for cell := range numCells {
			for _, mode := range []string{"", "bs", "sm", "d", "bsmd"} {
				has := func(c rune) bool { return slices.Contains([]rune(mode), c) }
				s := RecurrentShape{Cell: cell, T: 5, B: 7, U: 33, Act: Tanh, Gate: Sigmoid, Back: has('b'), Sequences: has('s'), Keep: true}
				name := fmt.Sprintf("cell %d %q", cell, mode)
				want, got := newRecurrentCase(s, has('m'), has('d')), newRecurrentCase(s, has('m'), has('d'))
				RoundBfloat16(want.r, want.r)
				copy(got.r, want.r)
				want.run()
				got.bfloat16 = true
				got.run()
				got.guards.intact(t, name)
				for _, pair := range []struct {
					what      string
					rounded   bool
					got, want []float32
				}{{"h", true, got.h, want.h}, {"dz", true, got.dz, want.dz}, {"dr", false, got.dr, want.dr}, {"db", false, got.db, want.db}} {
					nearBy(t, name+": "+pair.what, 4*float64(s.T)/512, pair.got, pair.want)
					rounded := slices.Clone(pair.got)
					RoundBfloat16(rounded, rounded)
					if pair.rounded && !slices.Equal(rounded, pair.got) {
						t.Errorf("%s: %s is not of bfloat16 numbers", name, pair.what)
					}
					if !pair.rounded && pair.got != nil && slices.Equal(rounded, pair.got) {
						t.Errorf("%s: %s is rounded", name, pair.what)
					}
				}
			}
		}
	})
}

// TestRecurrentModes: what is kept does not change the states, nor does a mask that counts every step; and backwards is
// forwards over steps in the opposite order.
func TestRecurrentModes(t *testing.T) {
	for cell := range numCells {
		s := RecurrentShape{Cell: cell, T: 6, B: 4, U: 5, Act: Tanh, Gate: Sigmoid, Sequences: true, Keep: true}
		whole := newRecurrentCase(s, true, false)
		whole.run()
		size := s.B * s.U
		last := whole.h[(s.T-1)*size:]

		s.Keep, s.Sequences = false, false
		one := newRecurrentCase(s, true, false)
		one.run()
		if !slices.Equal(one.h, last) {
			t.Errorf("cell %d: the last state is %v where nothing is kept, else %v", cell, one.h, last)
		}

		s.Sequences = true
		every := newRecurrentCase(s, true, false)
		Fill(1, every.mask)
		every.run()
		none := newRecurrentCase(s, false, false)
		none.run()
		if !slices.Equal(every.h, none.h) || slices.Equal(every.h, whole.h) {
			t.Errorf("cell %d: a mask of ones matters, or one of zeros does not", cell)
		}

		s.Back = true
		back := newRecurrentCase(s, false, false)
		Reverse(s.T, len(back.z)/s.T, none.z, back.z)
		back.run()
		turned := make([]float32, len(back.h))
		Reverse(s.T, size, back.h, turned)
		if !slices.Equal(turned, none.h) {
			t.Errorf("cell %d: backwards over steps turned around is not forwards", cell)
		}
	}
}

// TestRecurrentInPlace: gates may lie where z is, and dz where the gates are.
func TestRecurrentInPlace(t *testing.T) {
	for cell := range numCells {
		for _, masked := range []bool{false, true} {
			s := RecurrentShape{Cell: cell, T: 5, B: 3, U: 18, Act: Tanh, Gate: Sigmoid, Sequences: true, Keep: true}
			apart := newRecurrentCase(s, masked, false)
			apart.run()
			c := newRecurrentCase(s, masked, false)
			in := slices.Clone(c.z)
			gates, memory, h := in, make([]float32, s.MemoryLen()), make([]float32, s.StatesLen())
			if cell == SimpleCell { // keeps no gates
				gates = make([]float32, s.GatesLen())
			}
			ws := make([]float32, max(RecurrentWorkspace(&s), RecurrentGradWorkspace(&s)))
			Recurrent(&s, in, c.r, c.bias, c.mask, nil, gates, memory, h, ws)
			RecurrentGrad(&s, c.dh, c.r, c.mask, nil, gates, memory, h, in, make([]float32, len(memory)), ws)
			if !slices.Equal(h, apart.h) || !slices.Equal(in, apart.dz) {
				t.Errorf("cell %d, masked %v: other results in place", cell, masked)
			}
		}
	}
}

// TestRecurrentMaskKeepsState: a masked step repeats the state before it, and none at all leaves zero.
func TestRecurrentMaskKeepsState(t *testing.T) {
	for cell := range numCells {
		c := newRecurrentCase(RecurrentShape{Cell: cell, T: 3, B: 2, U: 4, Act: Tanh, Gate: Sigmoid, Sequences: true}, true, false)
		c.mask = []float32{0, 1, 0, 0, 0, 0}
		c.run()
		at := func(step, row int) []float32 { return c.h[(step*2+row)*4 : (step*2+row+1)*4] }
		zero := make([]float32, 4)
		if !slices.Equal(at(0, 0), zero) || slices.Equal(at(1, 0), zero) || !slices.Equal(at(2, 0), at(1, 0)) || !slices.Equal(at(2, 1), zero) {
			t.Errorf("cell %d: states %v", cell, c.h)
		}
	}
}
