package cpu

import (
	"fmt"
	"math"
	"strings"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// node is the JSON of a layer of a functional model, "Class {config}", applied once to layers by name.
func node(name, layer string, from ...string) string {
	class, config := split(layer)
	in := ""
	for i, f := range from {
		if i > 0 {
			in += ","
		}
		in += fmt.Sprintf(`[%q,0,0,{}]`, f)
	}
	return fmt.Sprintf(`{"class_name":%q,"name":%q,"config":{"name":%q%s},"inbound_nodes":[[%s]]}`, class, name, name, config, in)
}

// merged is a model that joins three dense layers, of which the second has its rows twice where twice is set.
func merged(layer string, shapes [3]string, twice bool) string {
	layers := []string{inputLayer("a", 4)}
	from := []string{"a1", "b1", "c1"}
	for i, name := range []string{"a", "b", "c"} {
		layers = append(layers, node(name+"0", `Dense {"units":12,"activation":"tanh"}`, "a"),
			node(name+"1", `Reshape {"target_shape":`+shapes[i]+`}`, name+"0"))
	}
	if twice {
		from = append(from, "b1")
	}
	layers = append(layers, node("m", layer, from...), node("f", "Flatten {}", "m"),
		node("out", `Dense {"units":3,"activation":"softmax"}`, "f"))
	return functional(`["a",0,0]`, `["out",0,0]`, layers...)
}

func mergeModels() []testModel {
	same := [3]string{"[3,4]", "[3,4]", "[3,4]"}
	spread := [3]string{"[12]", "[12,1]", "[1,12]"}
	var models []testModel
	for _, class := range []string{"Add", "Multiply", "Average", "Maximum", "Minimum"} {
		models = append(models,
			testModel{class, merged(class+" {}", same, true), []string{cce}},
			testModel{class + " broadcast", merged(class+" {}", spread, false), []string{cce}})
	}
	residual := functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4),
		node("h", `Dense {"units":5,"activation":"tanh"}`, "a"), node("k", `Dense {"units":5}`, "h"),
		node("s", "Subtract {}", "h", "k"), node("t", "Add {}", "s", "s"),
		node("out", `Dense {"units":3,"activation":"softmax"}`, "t"))
	operated := functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4), node("h", `Dense {"units":6,"activation":"tanh"}`, "a"),
		node("r", `Reshape {"target_shape":[2,3]}`, "h"),
		strings.Replace(node("s", `TFOpLambda {"function":"math.subtract"}`, "r"), `[["r",0,0,{}]]`, `["r",0,0,{"y":[1,2,3]}]`, 1),
		node("f", "Flatten {}", "s"), node("out", `Dense {"units":3,"activation":"softmax"}`, "f"))
	models = append(models, testModel{"constant", operated, []string{cce}})
	return append(models,
		testModel{"residual", residual, []string{cce}},
		testModel{"concatenate last", merged(`Concatenate {}`, [3]string{"[3,4]", "[3,4]", "[3,4]"}, true), []string{cce}},
		testModel{"concatenate first", merged(`Concatenate {"axis":1}`, [3]string{"[3,4]", "[3,4]", "[3,4]"}, false), []string{cce}},
		testModel{"concatenate middle", merged(`Concatenate {"axis":-2}`, [3]string{"[1,6,2]", "[1,6,2]", "[1,6,2]"}, false), []string{cce}})
}

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
