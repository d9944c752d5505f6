package cpu

import (
	"fmt"
	"strings"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// multiHead is a model with a MultiHeadAttention over two dense layers. It has no biases, since that of the keys has no
// gradient; call are further arguments of its call.
func multiHead(config, call string) string {
	attention := node("m", `MultiHeadAttention {"num_heads":2,"key_dim":3,"use_bias":false`+config+`}`, "a1")
	attention = strings.Replace(attention, `["a1",0,0,{}]`, fmt.Sprintf(`["a1",0,0,{"value":["b1",0,0]%s}]`, call), 1)
	return functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4),
		node("a0", `Dense {"units":12,"activation":"tanh"}`, "a"), node("a1", `Reshape {"target_shape":[4,3]}`, "a0"),
		node("b0", `Dense {"units":15,"activation":"tanh"}`, "a"), node("b1", `Reshape {"target_shape":[3,5]}`, "b0"),
		attention, node("f", "Flatten {}", "m"), node("out", `Dense {"units":3,"activation":"softmax"}`, "f"))
}

func attentionModels() []testModel {
	models := []testModel{
		{"multi head", multiHead("", ""), []string{cce}},
		{"multi head causal", multiHead(`,"value_dim":2,"output_shape":2`, `,"use_causal_mask":true`), []string{cce}},
		{"multi head dropout", multiHead(`,"dropout":0.4`, ``), []string{cce}},
	}
	for _, call := range []string{``, `,"use_causal_mask":true`} {
		attention := node("m", `MultiHeadAttention {"num_heads":2,"key_dim":3,"use_bias":false}`, "e")
		attention = strings.Replace(attention, `["e",0,0,{}]`, `["e",0,0,{"value":["e",0,0]`+call+`}]`, 1)
		models = append(models, testModel{"multi head masked" + call, functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4),
			node("r", `Activation {"activation":"relu"}`, "a"), node("w", `Rescaling {"scale":8}`, "r"),
			node("e", `Embedding {"input_dim":40,"output_dim":3,"mask_zero":true}`, "w"), // negative numbers become word 0
			attention, node("f", "Flatten {}", "m"), node("out", `Dense {"units":3,"activation":"softmax"}`, "f")), []string{cce}})
	}
	for _, axes := range []string{"[1,2]", "[2,1]", "[-1,-1]", "1"} {
		layer := node("m", `Dot {"axes":`+axes+`,"normalize":true}`, "a1", "b1")
		models = append(models, testModel{"Dot " + axes, functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4),
			node("a0", `Dense {"units":9,"activation":"tanh"}`, "a"), node("a1", `Reshape {"target_shape":[3,3]}`, "a0"),
			node("b0", `Dense {"units":9,"activation":"tanh"}`, "a"), node("b1", `Reshape {"target_shape":[3,3]}`, "b0"),
			layer, node("f", "Flatten {}", "m"), node("out", `Dense {"units":3,"activation":"softmax"}`, "f")), []string{cce}})
	}
	for _, layer := range []string{
		`Attention {"use_scale":true}`, `Attention {"score_mode":"concat","use_scale":true,"dropout":0.3}`, `AdditiveAttention {}`,
	} {
		models = append(models, testModel{layer, merged(layer, [3]string{"[3,4]", "[3,4]", "[3,4]"}, false), []string{cce}})
	}
	return models
}

func matMulReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.MatMulAttr)
	out := make([]float64, op.Out.TotalSize())
	// at is element (i, j) of a matrix, transposed or not
	at := func(x []float64, start, row, i, j int, transposed bool) float64 {
		if transposed {
			i, j = j, i
		}
		return x[start+i*row+j]
	}
	for b := range a.Batch {
		for h := range a.Heads {
			for i := range a.M {
				for j := range a.N {
					sum := 0.0
					for k := range a.K {
						sum += at(in[0], b*a.A.Batch+h*a.A.Head, a.A.Row, i, k, a.TransA) *
							at(in[1], b*a.B.Batch+h*a.B.Head, a.B.Row, k, j, a.TransB)
					}
					out[b*a.C.Batch+h*a.C.Head+i*a.C.Row+j] = sum
				}
			}
		}
	}
	return out
}

func causalSoftmaxReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.CausalAttr)
	out := make([]float64, len(in[0]))
	for r := range a.Matrices * a.Queries {
		seen := min(r%a.Queries+1, a.N)
		copy(out[r*a.N:], softmaxReference(seen, in[0][r*a.N:r*a.N+seen]))
	}
	return out
}

func maskedSoftmaxReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	s := op.Attr.(*kernels.MaskedSoftmaxShape)
	out := make([]float64, len(in[0]))
	for r := range s.Batch * s.Heads * s.Queries {
		t, batch := r%s.Queries, r/s.Queries/s.Heads
		var seen []int
		var values []float64
		for j := range s.N {
			if in[1][(batch*s.Queries+t)*s.N+j] != 0 && (!s.Causal || j <= t) {
				seen, values = append(seen, j), append(values, in[0][r*s.N+j])
			}
		}
		for i, v := range softmaxReference(len(values), values) {
			out[r*s.N+seen[i]] = v
		}
		for j := range s.N {
			if len(seen) == 0 && !s.EmptyIsZero {
				out[r*s.N+j] = 1 / float64(s.N)
			}
		}
	}
	return out
}

func sumReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.BroadcastAttr)
	out := make([]float64, op.Out.TotalSize())
	for i, v := range in[0] {
		to, size := 0, 1
		for d := len(a.Big) - 1; d >= 0; d-- {
			if a.Small[d] > 1 {
				to += i % a.Big[d] * size
				size *= a.Small[d]
			}
			i /= a.Big[d]
		}
		out[to] += v
	}
	return out
}
