package onnx

import (
	"bytes"
	"math"
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
