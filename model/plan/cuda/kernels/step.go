package kernels

import (
	"encoding/binary"
	"math"

	"github.com/beamfit/beamfit/model/plan"
)

// StepStateBytes is the size of a StepState (common.h).
const StepStateBytes = 64

// EncodeStep is a step as the kernels read it.
func EncodeStep(s *plan.Step) (b [StepStateBytes]byte) {
	at := 0
	put := func(v uint64) {
		binary.LittleEndian.PutUint64(b[at:], v)
		at += 8
	}
	put(s.Seed)
	put(s.Counter)
	for _, v := range []float64{s.Scalars.Rate, s.Scalars.Corrected, s.Scalars.Mean, s.Scalars.Gradient, s.Scalars.Square} {
		put(math.Float64bits(v))
	}
	flag := func(set bool) (bit uint64) {
		if set {
			bit = 1
		}
		return bit
	}
	put(flag(s.Scalars.First) | flag(s.Scalars.Overwrite)<<16 | flag(s.Scalars.Hold)<<32 | flag(s.Scalars.Begin)<<48)
	return b
}
