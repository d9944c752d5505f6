package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func uniform(a graph.UniformAttr, o operands) call {
	offset := (a.Stream + 1) * golden
	return func(s *plan.Step) {
		seed := s.Seed
		if a.OfBatch {
			seed = s.BatchSeed()
		}
		kernels.Uniform(seed+offset, s.Counter, a.Low, a.High, o.out)
	}
}

func warp(s *kernels.WarpShape, o operands) call {
	x, transforms := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Warp(s, x, transforms, o.out) }
}
