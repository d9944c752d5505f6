package keras

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// facts are what Keras says about a model (scripts/keras-fixtures/architectures.py).
type facts struct {
	Inputs  [][]int  `json:"inputs"`
	Outputs [][]int  `json:"outputs"`
	Weights [][4]any `json:"weights"` // layer, name, shape, trainable
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parse(t testing.TB, name string) *Spec {
	t.Helper()
	spec, err := Parse(readFile(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return spec
}

func TestParseAgreesWithKeras(t *testing.T) {
	files, err := filepath.Glob("testdata/*.facts.json")
	if err != nil || len(files) < 16 {
		t.Fatalf("%d models in testdata, error %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".facts.json")
		t.Run(name, func(t *testing.T) {
			var want facts
			if err := json.Unmarshal(readFile(t, name+".facts.json"), &want); err != nil {
				t.Fatal(err)
			}
			spec := parse(t, name+".json")
			got := facts{Inputs: spec.InputShapes(), Outputs: spec.OutputShapes()}
			end := 0
			for _, w := range spec.Weights {
				shape := make([]any, len(w.Shape))
				for i, d := range w.Shape {
					shape[i] = float64(d)
				}
				got.Weights = append(got.Weights, [4]any{w.Layer, w.Name, shape, w.Trainable})
				if w.Offset != end {
					t.Errorf("%s/%s starts at %d, the array before it ends at %d", w.Layer, w.Name, w.Offset, end)
				}
				end += w.Size()
			}
			if spec.NumWeights != end {
				t.Errorf("NumWeights is %d, the arrays have %d elements", spec.NumWeights, end)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Keras (-) and Parse (+) differ:\n%s", diff)
			}
		})
	}
}

func TestGenerationsAreEqual(t *testing.T) {
	// The two generations number layers and name input layers differently; all else must be the same.
	for _, name := range []string{"cnn", "two_towers", "applied_twice", "frozen", "named_inputs", "nested"} {
		k2, k3 := parse(t, name+".k2.json"), parse(t, name+".k3.json")
		k2.Version = ""
		for i := range k2.Tensors {
			if strings.HasPrefix(k2.Tensors[i].Name, "input_") {
				k2.Tensors[i].Name = k3.Tensors[i].Name
			}
		}
		for i, l := range k2.Layers {
			if l.Class == "InputLayer" {
				l.Name = k3.Layers[i].Name
			}
		}
		if diff := cmp.Diff(k2, k3, cmp.AllowUnexported(Dropout{})); diff != "" {
			t.Errorf("%s: tf_keras (-) and Keras 3 (+) differ:\n%s", name, diff)
		}
	}
}

func TestParsePageExample(t *testing.T) {
	spec := parse(t, "iris.k216.json")
	if spec.Version != "2.1.6" || spec.NumWeights != 193 {
		t.Errorf("version %q and %d weights, want 2.1.6 and 193", spec.Version, spec.NumWeights)
	}
	if diff := cmp.Diff([][]int{{4}}, spec.InputShapes()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]int{{3}}, spec.OutputShapes()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"dense_3"}, spec.OutputNames()); diff != "" {
		t.Error(diff)
	}
	want := &Dense{Units: 3, Activation: "softmax", UseBias: true, KernelInitializer: glorotUniform, BiasInitializer: zeros}
	if diff := cmp.Diff(want, spec.Layers[2].Config); diff != "" {
		t.Error(diff)
	}

	transfer := parse(t, "iris_transfer.k216.json")
	var trainable []bool
	for _, w := range transfer.Weights {
		trainable = append(trainable, w.Trainable)
	}
	if diff := cmp.Diff([]bool{false, false, true, true, true, true}, trainable); diff != "" {
		t.Errorf("trainable flags: %s", diff)
	}
}

func TestParseFunctional21(t *testing.T) {
	spec, err := Parse([]byte(`{"class_name": "Model", "keras_version": "2.1.6", "backend": "tensorflow", "config": {
		"name": "model_1",
		"layers": [
			{"name": "b", "class_name": "InputLayer", "inbound_nodes": [],
			 "config": {"name": "b", "batch_input_shape": [null, 8], "dtype": "float32", "sparse": false}},
			{"name": "out", "class_name": "Dense", "inbound_nodes": [[["hidden", 0, 0, {}]]],
			 "config": {"name": "out", "units": 2, "activation": "linear", "trainable": true}},
			{"name": "hidden", "class_name": "Dense", "inbound_nodes": [[["b", 0, 0, {}]]],
			 "config": {"name": "hidden", "units": 5, "activation": "relu", "trainable": true}}],
		"input_layers": [["b", 0, 0]], "output_layers": [["out", 0, 0]]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if spec.Calls[0].Layer.Name != "hidden" || spec.Calls[1].Layer.Name != "out" {
		t.Errorf("calls run in the order %s, %s", spec.Calls[0].Layer.Name, spec.Calls[1].Layer.Name)
	}
	if w := spec.Weights[0]; w.Layer != "out" || w.Offset != 0 {
		t.Errorf("the first weight is %s/%s, want the first layer's of the JSON", w.Layer, w.Name)
	}
	if spec.NumWeights != 5*2+2+8*5+5 {
		t.Errorf("%d weights", spec.NumWeights)
	}
}
