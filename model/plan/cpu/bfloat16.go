package cpu

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func roundBfloat16(_ none, o operands) call {
	x := o.in[0]
	return ofWeights(len(x), func(_ *plan.Step, from, to int, _ []float32) { kernels.RoundBfloat16(x[from:to], o.out[from:to]) })
}
