package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/plan/plantest"
	"google.golang.org/protobuf/encoding/protowire"
)

// withoutForm are the opcodes of inference that ONNX has no form for, or that only losses and metrics have.
var withoutForm = map[string]bool{graph.CodeSparsemax: true}

// TestOpcodes: every opcode that networks have in inference has a form or is refused by the layer's name.
func TestOpcodes(t *testing.T) {
	used := map[string]bool{}
	for _, m := range append(plantest.Models(), plantest.MixedModels(t)...) {
		spec, err := keras.Parse([]byte(m.JSON))
		if err != nil {
			t.Fatal(err)
		}
		exported, err := Export(spec, make([]float32, spec.NumWeights))
		if err != nil {
			code := err.Error()[strings.LastIndex(err.Error(), " ")+1:]
			if !withoutForm[code] || !strings.Contains(err.Error(), `layer "`) {
				t.Errorf("%s: %v", m.Name, err)
			}
			used[code] = true
			continue
		}
		var out bytes.Buffer
		if err := exported.Write(&out); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
	for code := range withoutForm {
		if !used[code] {
			t.Errorf("no network has %s", code)
		}
	}
}

// operatorsOf counts the operators in a model.
func operatorsOf(m *Model) map[string]int {
	n := map[string]int{}
	for _, node := range m.graph.nodes {
		n[node.op]++
	}
	return n
}

// TestTransposes: images are turned where a chain of layers begins and ends, not at every layer.
func TestTransposes(t *testing.T) {
	spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "Conv2D", "config": {"name": "a", "filters": 4, "kernel_size": [3, 3], "batch_input_shape": [null, 8, 8, 3]}},
		{"class_name": "BatchNormalization", "config": {"name": "b"}},
		{"class_name": "Activation", "config": {"name": "c", "activation": "gelu"}},
		{"class_name": "MaxPooling2D", "config": {"name": "d"}},
		{"class_name": "ZeroPadding2D", "config": {"name": "e"}},
		{"class_name": "DepthwiseConv2D", "config": {"name": "f", "kernel_size": [3, 3]}},
		{"class_name": "GlobalAveragePooling2D", "config": {"name": "g"}},
		{"class_name": "Dense", "config": {"name": "h", "units": 2}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Export(spec, make([]float32, spec.NumWeights))
	if err != nil {
		t.Fatal(err)
	}
	if ops := operatorsOf(m); ops["Transpose"] != 1 || ops["Conv"] != 2 || ops["BatchNormalization"] != 1 {
		t.Errorf("operators %v", ops)
	}
}

// TestRecurrentOperators: the arrays of an operator have ONNX' order of the gates (i o f c, z r h), those of Keras are i f c o and z r h. What the
// operators cannot be is a Scan.
func TestRecurrentOperators(t *testing.T) {
	for _, c := range []struct {
		layer, op  string
		arrays     [][]float32 // kernel, that of the state, biases
		attributes string
	}{
		{`"LSTM", "config": {"units": 1`, "LSTM", [][]float32{{1, 4, 2, 3}, {5, 8, 6, 7}, {9, 12, 10, 11, 0, 0, 0, 0}}, "[hidden_size:1 activations:[Sigmoid Tanh Tanh]]"},
		{
			`"LSTM", "config": {"units": 1, "use_bias": false, "go_backwards": true`, "LSTM",
			[][]float32{{1, 4, 2, 3}, {5, 8, 6, 7}, make([]float32, 8)},
			"[hidden_size:1 direction:reverse activations:[Sigmoid Tanh Tanh]]",
		},
		{`"GRU", "config": {"units": 1`, "GRU", [][]float32{{1, 2, 3}, {4, 5, 6}, {7, 8, 9, 10, 11, 12}}, "[hidden_size:1 linear_before_reset:1 activations:[Sigmoid Tanh]]"},
		{
			`"GRU", "config": {"units": 1, "reset_after": false, "recurrent_activation": "hard_sigmoid"`, "GRU",
			[][]float32{{1, 2, 3}, {4, 5, 6}, {7, 8, 9, 0, 0, 0}},
			"[hidden_size:1 activations:[HardSigmoid Tanh] activation_alpha:[0.16666667] activation_beta:[0.5]]",
		},
		{`"SimpleRNN", "config": {"units": 2, "activation": "relu"`, "RNN", [][]float32{{1, 2}, {3, 5, 4, 6}, {7, 8, 0, 0}}, "[hidden_size:2 activations:[Relu]]"},
		{layer: `"GRU", "config": {"units": 1, "activation": "exponential"`, op: "Scan"},
	} {
		spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [
			{"class_name": ` + c.layer + `, "name": "a", "batch_input_shape": [null, 4, 1]}}]}}`))
		if err != nil {
			t.Fatal(err)
		}
		weights := make([]float32, spec.NumWeights)
		for i := range weights {
			weights[i] = float32(i + 1)
		}
		m, err := Export(spec, weights)
		if err != nil {
			t.Fatal(err)
		}
		if ops := operatorsOf(m); ops["LSTM"]+ops["GRU"]+ops["RNN"]+ops["Scan"] != 1 || ops[c.op] != 1 {
			t.Errorf("%s: operators %v", c.layer, ops)
			continue
		}
		if c.op == "Scan" {
			continue
		}
		n := m.graph.nodes[slices.IndexFunc(m.graph.nodes, func(n *node) bool { return n.op == c.op })]
		for i, want := range c.arrays {
			if got := n.in[1+i].values(); !slices.Equal(got, want) {
				t.Errorf("%s: array %d is %v, want %v", c.layer, 1+i, got, want)
			}
		}
		var attributes []string
		for _, a := range n.attrs {
			attributes = append(attributes, fmt.Sprintf("%s:%v", a.name, a.value))
		}
		if got := fmt.Sprint(attributes); got != c.attributes {
			t.Errorf("%s: attributes %s, want %s", c.layer, got, c.attributes)
		}
	}
}

// failing takes so many bytes.
type failing struct{ left int }

var errFull = errors.New("full")

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// TestWriteFails: an error of the writer is that of the file.
func TestWriteFails(t *testing.T) {
	spec, err := keras.Parse([]byte(plantest.Sequential(200, `Dense {"units":200}`, `Dense {"units":200}`)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Export(spec, make([]float32, spec.NumWeights))
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range []int{0, 100_000, 300_000} {
		if err := m.Write(&failing{room}); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: error %v", room, err)
		}
	}
	if err := m.Write(&failing{400_000}); err != nil {
		t.Error(err)
	}
}

// TestBytes reads the fields of a file again.
func TestBytes(t *testing.T) {
	spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "Dense", "config": {"name": "a", "units": 2, "batch_input_shape": [null, 3]}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Export(spec, []float32{1, 2, 3, 4, 5, 6, 7, 8})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := m.Write(&out); err != nil {
		t.Fatal(err)
	}
	file := fields(t, out.Bytes())
	nodes := fields(t, file[7][0])
	var ops []string
	for _, n := range nodes[1] {
		ops = append(ops, string(fields(t, n)[4][0]))
	}
	if got := strings.Join(ops, " "); got != "MatMul Add" {
		t.Errorf("operators %s", got)
	}
	kernel := fields(t, nodes[5][0])
	if string(kernel[8][0]) != "a/kernel" || len(kernel[9][0]) != 24 || math.Float32frombits(uint32(kernel[9][0][23])<<24|uint32(kernel[9][0][22])<<16) != 6 {
		t.Errorf("constant %q of %x", kernel[8][0], kernel[9][0])
	}
}

// TestTextInput: an input of text takes indices, and says how they are made.
func TestTextInput(t *testing.T) {
	spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "InputLayer", "config": {"name": "city", "dtype": "string", "batch_shape": [null, 1]}},
		{"class_name": "StringLookup", "config": {"name": "s", "vocabulary": ["Köln", "Bonn"], "output_mode": "one_hot"}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Export(spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := m.Write(&out); err != nil {
		t.Fatal(err)
	}
	input := fields(t, fields(t, fields(t, out.Bytes())[7][0])[11][0])
	const want = `the index of a text, by the lookup {"layer":"StringLookup","vocabulary":["Köln","Bonn"],"num_oov_indices":1}`
	if name, doc := string(input[1][0]), string(input[3][0]); name != "city" || doc != want {
		t.Errorf("input %q with doc_string %s", name, doc)
	}
}

// fields are the fields of a message that have bytes.
func fields(t *testing.T, b []byte) map[protowire.Number][][]byte {
	t.Helper()
	out := map[protowire.Number][][]byte{}
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		if kind == protowire.BytesType {
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				t.Fatal(protowire.ParseError(n))
			}
			out[field] = append(out[field], v)
		}
		if n = protowire.ConsumeFieldValue(field, kind, b); n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
	}
	return out
}
