package cpu

import (
	"math"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// eachReference computes element by element.
func eachReference(f func(op *graph.Op, x float64) float64) reference {
	return func(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
		out := make([]float64, len(in[0]))
		for i, x := range in[0] {
			out[i] = f(op, x)
		}
		return out
	}
}

func rampReference(op *graph.Op, x float64) float64 {
	r := op.Attr.(kernels.Ramp)
	if t := float64(r.Threshold); x <= t {
		return float64(r.Slope) * (x - t)
	}
	return math.Min(x, float64(r.Max))
}

func eluReference(op *graph.Op, x float64) float64 {
	if x > 0 {
		return x
	}
	return float64(op.Attr.(graph.ELUAttr).Alpha) * math.Expm1(x)
}

// noiseReference asks the kernel for the noise: its numbers have no definition but the kernel's own.
func noiseReference(op *graph.Op, s *plan.Step, in [][]float64) []float64 {
	drawn, from := make([]float32, len(in[0])), make([]float32, len(in[0]))
	multiply := op.Code == graph.CodeNoiseMultiply
	if multiply {
		kernels.Fill(1, from)
	}
	if err := evaluator(s)(op, [][]float32{from}, drawn, nil); err != nil {
		panic(err)
	}
	out := make([]float64, len(in[0]))
	for i, v := range in[0] {
		if multiply {
			out[i] = v * float64(drawn[i])
		} else {
			out[i] = v + float64(drawn[i])
		}
	}
	return out
}
