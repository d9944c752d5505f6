package cpu

import (
	"math"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// pairReference computes element by element from two inputs.
func pairReference(f func(op *graph.Op, x, y float64) float64) reference {
	return func(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
		out := make([]float64, len(in[0]))
		for i, x := range in[0] {
			out[i] = f(op, x, in[1][i])
		}
		return out
	}
}

func extremumReference(op *graph.Op, x, y float64) float64 {
	if op.Attr.(graph.ExtremumAttr).Min {
		return math.Min(x, y)
	}
	return math.Max(x, y)
}

func scaleReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.ScaleAttr)
	out := make([]float64, len(in[0]))
	for i, x := range in[0] {
		out[i] = float64(a.Factor)*x + float64(a.Offset)
	}
	return out
}

func broadcastReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.BroadcastAttr)
	out := make([]float64, op.Out.TotalSize())
	for i := range out {
		at, size, rest := 0, 1, i
		for d := len(a.Big) - 1; d >= 0; d-- {
			at += rest % a.Big[d] % a.Small[d] * size
			rest /= a.Big[d]
			size *= a.Small[d]
		}
		out[i] = in[0][at]
	}
	return out
}

func concatReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.ConcatAttr)
	var out []float64
	for r := range a.Rows {
		for i, w := range a.Widths {
			out = append(out, in[i][r*w:(r+1)*w]...)
		}
	}
	return out
}
