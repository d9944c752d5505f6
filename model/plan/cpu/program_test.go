package cpu

import (
	"math"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// elementaryFormulas are those of functions that are no activations, for references.
var elementaryFormulas = map[string]func(x float64) float64{
	"abs": math.Abs, "ceil": math.Ceil, "cos": math.Cos, "cosh": math.Cosh, "expm1": math.Expm1, "floor": math.Floor, "log": math.Log,
	"log1p": math.Log1p, "reciprocal": func(x float64) float64 { return 1 / x }, "round": math.RoundToEven,
	"rsqrt": func(x float64) float64 { return 1 / math.Sqrt(x) }, "sin": math.Sin, "sinh": math.Sinh, "sqrt": math.Sqrt,
	"sign": func(x float64) float64 { return math.Copysign(1, x) },
}

func divideReference(_ *graph.Op, x, y float64) float64 { return x / y }

func powerReference(_ *graph.Op, x, y float64) float64 { return math.Exp(y * math.Log(x)) }

func compareReference(op *graph.Op, x, y float64) float64 {
	holds := map[string]bool{
		"less": x < y, "less_equal": x <= y, "greater": x > y, "greater_equal": x >= y, "equal": x == y, "not_equal": x != y,
	}[op.Attr.(graph.CompareAttr).Relation.String()]
	if holds {
		return 1
	}
	return 0
}

func argMaxReference(op *graph.Op, _ *plan.Step, in [][]float64) (out []float64) {
	for row := range slices.Chunk(in[0], op.Attr.(graph.RowsAttr).N) {
		out = append(out, float64(slices.Index(row, slices.Max(row))))
	}
	return out
}
