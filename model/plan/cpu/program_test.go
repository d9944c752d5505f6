package cpu

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
)

// programModels are networks whose losses are functions given as text, which together use every operation of package expr.
func programModels() []testModel {
	network := sequential(4, `Dense {"units":6,"activation":"tanh"}`, `Dense {"units":4}`)
	text := func(name, function string) testModel {
		return testModel{"function " + name, network, []string{function}}
	}
	return []testModel{
		text("of elements", "let p = softplus(y_pred) + 0.3\nlog(p) + sqrt(p) + log1p(p) * rsqrt(p) + reciprocal(p + y_true) + expm1(-p) + abs(y_pred - 0.37)"),
		text("of waves", "sin(y_pred) * cosh(tanh(y_pred)) + cos(y_pred) * sinh(tanh(y_pred)) + softsign(y_pred) - log_sigmoid(y_pred) + exp(sigmoid(y_pred))"),
		text("without slope", "y_pred * sign(y_pred) + y_pred * (round(y_pred) + floor(y_pred) - ceil(y_pred)) + ones_like(y_pred) * relu(y_pred)"),
		text("of quotients", "y_true / (1.2 + sigmoid(y_pred)) - y_pred / (square(y_pred) + 1) + 2 / (1.5 + tanh(y_pred)) + y_pred / 3"),
		text("of powers", "let p = sigmoid(y_pred)\np ** (y_true + 0.3) + p ** 2.5 + p ** 3 + (p + 0.1) ** 0.5 + 1.7 ** y_pred + (p + 0.2) ** y_pred"),
		text("of choices", "where(y_true > 0.5, square(y_pred), 0.3 * y_pred) + maximum(y_pred, 0.1) * minimum(y_pred, sin(y_pred)) + clip(y_pred, -0.4, 0.6)"),
		text("of rows", "let s = softmax(y_pred) - 0.1 * log_softmax(y_pred)\nlet m = max(y_pred, axis=-1)\nsum(s * y_true, axis=-1) * m + mean(s * y_pred, axis=1) + "+
			"argmax(y_true) * y_pred[:, 1] * sum(y_pred[:, 1:3], axis=-1)"),
		text("of a constant", "y_pred * stop_gradient(y_true + 2) - y_pred * cast(y_true == 0, 'float32')"),
		text("of a batch", "sqrt(mean(square(y_true - y_pred)) + 0.1) + sum(y_pred, axis=0)[2] * 0.1 + log(1 + square(sum(softmax(y_pred, axis=0)[:, 1] * y_true[:, 0])))"),
	}
}

// customLoss is a loss given as text, for an output of a network; ok is false where the text is a name.
func customLoss(t testing.TB, spec *keras.Spec, output int, text string) (l *loss.Loss, ok bool) {
	t.Helper()
	if !strings.Contains(text, "y_pred") {
		return nil, false
	}
	f, err := expr.Parse("f", text)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = loss.Custom(f, params.Call{Name: "f"}, spec.OutputShapes()[output]); err != nil {
		t.Fatal(err)
	}
	return l, true
}

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
