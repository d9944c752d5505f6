package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// A queue hands out arrays in order.
type queue [][]float32

func (q *queue) next(wanted bool) []float32 {
	if !wanted {
		return nil
	}
	first := (*q)[0]
	*q = (*q)[1:]
	return first
}

// cut takes n elements off an array.
func cut(array *[]float32, n int) []float32 {
	part := (*array)[:n:n]
	*array = (*array)[n:]
	return part
}

// drops is the length of the factors that states are dropped by.
func drops(a *graph.RecurrentAttr) int {
	if a.Drop.Rate == 0 {
		return 0
	}
	return a.StepGates()
}

// cutDrops takes memory for the factors off scratch, nil where there are none, and what draws them: the same ones for the
// gradients as for the layer.
func cutDrops(a *graph.RecurrentAttr, scratch *[]float32) (factors []float32, draw call) {
	if a.Drop.Rate == 0 {
		return nil, func(*plan.Step) {}
	}
	factors = cut(scratch, drops(a))
	drop := dropout(a.Drop, operands{in: [][]float32{factors}, out: factors})
	return factors, func(s *plan.Step) {
		kernels.Fill(1, factors)
		drop(s)
	}
}

func recurrentScratch(a *graph.RecurrentAttr) int {
	n := drops(a) + kernels.RecurrentWorkspace(&a.RecurrentShape)
	if !a.Keep || a.Cell == kernels.SimpleCell {
		n += a.GatesLen() + a.MemoryLen()
	}
	return n
}

// recurrentOf is a recurrent layer whose steps a kernel makes.
func recurrentOf(kernel func(s *kernels.RecurrentShape, z, r, bias, mask, drop, gates, memory, h, ws []float32)) func(a *graph.RecurrentAttr, o operands) call {
	return func(a *graph.RecurrentAttr, o operands) call {
		s := &a.RecurrentShape
		in, side, scratch := queue(o.in), queue(o.side), o.scratch
		z, r, bias, mask := in.next(true), in.next(true), in.next(a.Bias), in.next(a.Mask)
		var gates, memory []float32
		if s.Keep && s.Cell != kernels.SimpleCell {
			gates, memory = side.next(true), side.next(true)
		} else {
			gates, memory = cut(&scratch, s.GatesLen()), cut(&scratch, s.MemoryLen())
		}
		h, last := o.out, []float32(nil)
		if s.Keep && !s.Sequences {
			h = side.next(true)
			last = h[len(h)-s.B*s.U:]
			if s.Back {
				last = h[:s.B*s.U]
			}
		}
		drop, draw := cutDrops(a, &scratch)
		return func(step *plan.Step) {
			draw(step)
			kernel(s, z, r, bias, mask, drop, gates, memory, h, scratch)
			if last != nil {
				copy(o.out, last)
			}
		}
	}
}

func recurrentGradScratch(a *graph.RecurrentAttr) int {
	return drops(a) + kernels.RecurrentGradWorkspace(&a.RecurrentShape)
}

func recurrentGradOf(kernel func(s *kernels.RecurrentShape, dh, r, mask, drop, gates, memory, h, dz, dinner, ws []float32)) func(a *graph.RecurrentAttr, o operands) call {
	return func(a *graph.RecurrentAttr, o operands) call {
		s := &a.RecurrentShape
		in, scratch := queue(o.in), o.scratch
		dh, r, mask, h := in.next(true), in.next(true), in.next(a.Mask), in.next(true)
		gated := s.Cell != kernels.SimpleCell
		gates, memory := in.next(gated), in.next(gated)
		drop, draw := cutDrops(a, &scratch)
		dinner := optional(o.side, 0)
		return func(step *plan.Step) {
			draw(step)
			kernel(s, dh, r, mask, drop, gates, memory, h, o.out, dinner, scratch)
		}
	}
}

func recurrentKernelGradScratch(a *graph.RecurrentAttr) int {
	return drops(a) + kernels.RecurrentKernelGradWorkspace(&a.RecurrentShape, drops(a) > 0)
}

func recurrentKernelGradOf(kernel func(s *kernels.RecurrentShape, h, memory, dz, dinner, drop, dr, ws []float32)) func(a *graph.RecurrentAttr, o operands) call {
	return func(a *graph.RecurrentAttr, o operands) call {
		s := &a.RecurrentShape
		in, scratch := queue(o.in), o.scratch
		h, dz := in.next(true), in.next(true)
		memory, dinner := in.next(s.Cell == kernels.GRUCell), in.next(s.Cell == kernels.GRUResetAfterCell)
		drop, draw := cutDrops(a, &scratch)
		return func(step *plan.Step) {
			draw(step)
			kernel(s, h, memory, dz, dinner, drop, o.out, scratch)
		}
	}
}

func recurrentBiasGrad(a graph.RecurrentBiasAttr, o operands) call {
	dz, dinner := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.RecurrentBiasGrad(&a.RecurrentShape, dz, dinner, o.out) }
}
