package cpu

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// imageModels are networks of images with layers that give them another size, or have their channels first.
func imageModels() []testModel {
	var models []testModel
	for _, layer := range []string{
		`UpSampling2D {"size":[2,3],"interpolation":"bilinear"}`, `UpSampling2D {"size":[3,1],"interpolation":"bicubic"}`,
		`Resizing {"height":3,"width":7,"interpolation":"lanczos3"}`, `Resizing {"height":3,"width":2,"interpolation":"nearest"}`,
		`Softmax {"axis":[1,3]}`, `Activation {"activation":"sparsemax"}`, `GlobalMaxPooling2D {"keepdims":true}`,
		`CenterCrop {"height":3,"width":3}`, `Conv2DTranspose {"filters":3,"kernel_size":3,"strides":2,"padding":"same","output_padding":1}`,
	} {
		models = append(models, testModel{layer, sequential(40, `Reshape {"target_shape":[4,5,2]}`,
			`Dense {"units":4,"activation":"tanh"}`, layer, `Activation {"activation":"tanh"}`, `Flatten {}`,
			`Dense {"units":3,"activation":"softmax"}`), []string{cce}})
	}
	const first = `,"data_format":"channels_first"}`
	branches := functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 40), node("i", `Reshape {"target_shape":[2,4,5]}`, "a"),
		node("c", `Conv2D {"filters":3,"kernel_size":1`+first, "i"),
		node("d", `Conv2D {"filters":2,"kernel_size":3,"padding":"same","activation":"tanh"`+first, "c"),
		node("e", `Conv2D {"filters":2,"kernel_size":1`+first, "d"), node("s", "Add {}", "d", "e"),
		node("j", `Concatenate {"axis":1}`, "c", "s"), node("g", `GlobalAveragePooling2D {"keepdims":false`+first, "j"),
		node("out", `Dense {"units":3,"activation":"softmax"}`, "g"))
	models = append(models, testModel{"channels first branches", branches, []string{cce}})
	return append(models, testModel{"channels first", sequential(60, `Reshape {"target_shape":[2,5,6]}`,
		`Conv2D {"filters":4,"kernel_size":[3,2],"use_bias":false`+first, `BatchNormalization {"axis":1}`, `Activation {"activation":"tanh"}`,
		`Dropout {"rate":0.2}`, `MaxPooling2D {"pool_size":[2,2]`+first, `Conv2D {"filters":3,"kernel_size":1`+first,
		`ELU {}`, `Flatten {}`, `Dense {"units":3,"activation":"softmax"}`), []string{cce}})
}

func resampleReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	s := op.Attr.(*kernels.ResampleShape)
	oh, ow := len(s.Rows.First), len(s.Columns.First)
	out := make([]float64, op.Out.TotalSize())
	for i := range out {
		c, x, y, n := i%s.C, i/s.C%ow, i/s.C/ow%oh, i/s.C/ow/oh
		for k, wy := range s.Rows.Weights[y] {
			for l, wx := range s.Columns.Weights[x] {
				at := ((n*s.H+s.Rows.First[y]+k)*s.W+s.Columns.First[x]+l)*s.C + c
				out[i] += float64(wy) * float64(wx) * in[0][at]
			}
		}
	}
	return out
}

func globalMaxReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.GlobalMaxAttr)
	out := slices.Repeat([]float64{math.Inf(-1)}, a.Batch*a.C)
	for i, v := range in[0] {
		to := i/a.C/a.Pixels*a.C + i%a.C
		out[to] = max(out[to], v)
	}
	return out
}

func sparsemaxReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	n := op.Attr.(graph.RowsAttr).N
	out := slices.Clone(in[0])
	for start := 0; start < len(out); start += n {
		sorted := slices.Clone(out[start : start+n])
		slices.Sort(sorted)
		slices.Reverse(sorted)
		var cumulated, sum, k float64
		for j, z := range sorted {
			if cumulated += z; z > (cumulated-1)/float64(j+1) {
				sum += cumulated
				k++
			}
		}
		for i := range n {
			out[start+i] = max(out[start+i]-(sum-1)/k, 0)
		}
	}
	return out
}

// permutations counts the steps of a plan that reorder dimensions.
func permutations(p *plan.Plan) int {
	n := 0
	for _, in := range p.Instrs {
		if strings.HasPrefix(in.Code, graph.CodePermute) {
			n++
		}
	}
	return n
}

// TestChannelsFirstPaysAtTheEnds: in a network with channels first, only its input and what a Flatten takes are reordered; in
// training the gradient of the latter too.
func TestChannelsFirstPaysAtTheEnds(t *testing.T) {
	want := map[string][2]int{"channels first": {2, 3}, "channels first branches": {1, 1}}
	for _, m := range imageModels() {
		n, ok := want[m.name]
		if !ok {
			continue
		}
		r := newRig(t, m, 2, 1)
		infer, err := graph.Build(r.spec, graph.Options{Batch: 2})
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.Compile(infer, Device{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		q, _ := r.run(t)
		if got := [2]int{permutations(p), permutations(q)}; got != n {
			t.Errorf("%s: %v permutations in inference and training, want %v", m.name, got, n)
		}
	}
}
