package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func noiseAdd(a graph.NoiseAttr, o operands) call {
	x := o.in[0]
	offset := (a.Stream + 1) * golden
	return func(s *plan.Step) { kernels.AddNoise(s.Seed+offset, s.Counter, a.Stddev, x, o.out) }
}

func noiseMultiply(a graph.NoiseAttr, o operands) call {
	x := o.in[0]
	offset := (a.Stream + 1) * golden
	return func(s *plan.Step) { kernels.MultiplyNoise(s.Seed+offset, s.Counter, a.Stddev, x, o.out) }
}
