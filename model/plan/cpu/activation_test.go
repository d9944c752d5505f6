package cpu

import (
	"math"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func gluReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	n := op.Attr.(graph.RowsAttr).N
	var out []float64
	for row := range slices.Chunk(in[0], 2*n) {
		for j := range n {
			out = append(out, row[j]/(1+math.Exp(-row[n+j])))
		}
	}
	return out
}

// activationFormulas are activations by their textbook formulas.
var activationFormulas = map[kernels.Activation]func(x float64) float64{
	kernels.ELU: func(x float64) float64 {
		if x > 0 {
			return x
		}
		return math.Exp(x) - 1
	},
	kernels.SELU: func(x float64) float64 {
		if x > 0 {
			return 1.0507009873554805 * x
		}
		return 1.0507009873554805 * 1.6732632423543772 * (math.Exp(x) - 1)
	},
	kernels.Exponential: math.Exp,
	kernels.GELU:        func(x float64) float64 { return x * (1 + math.Erf(x/math.Sqrt2)) / 2 },
	kernels.Mish:        func(x float64) float64 { return x * math.Tanh(math.Log(1+math.Exp(x))) },
	kernels.SiLU:        func(x float64) float64 { return x / (1 + math.Exp(-x)) },
	kernels.Softplus:    func(x float64) float64 { return math.Log(1 + math.Exp(x)) },
	kernels.Softsign:    func(x float64) float64 { return x / (1 + math.Abs(x)) },
}

var functionFormulas = map[kernels.Function]func(x float64) float64{
	kernels.LogSigmoid: func(x float64) float64 { return -math.Log(1 + math.Exp(-x)) },
	kernels.SquarePlus: func(x float64) float64 { return (x + math.Sqrt(x*x+4)) / 2 },
	kernels.TanhShrink: func(x float64) float64 { return x - math.Tanh(x) },
}

func functionReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	f := functionFormulas[op.Attr.(graph.FunctionAttr).Function]
	if f == nil {
		f = elementaryFormulas[op.Attr.(graph.FunctionAttr).Function.String()]
	}
	out := make([]float64, len(in[0]))
	for i, v := range in[0] {
		out[i] = f(v)
	}
	return out
}

func logSoftmaxReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	out := softmaxReference(op.Attr.(graph.RowsAttr).N, in[0])
	for i, v := range out {
		out[i] = math.Log(v)
	}
	return out
}
