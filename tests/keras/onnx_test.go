package keras

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/plan/onnx"
)

// TestONNX compares onnxruntime's predictions of exported networks with beamfit's, for all rows and for one.
func TestONNX(t *testing.T) {
	python := os.Getenv("BEAMFIT_KERAS_PYTHON")
	if python == "" {
		t.Skip("BEAMFIT_KERAS_PYTHON is not set: the Python that scripts/keras-python prints")
	}
	dir := t.TempDir()
	type file struct {
		Name  string `json:"name"`
		Shape []int  `json:"shape,omitempty"`
		File  string `json:"file"`
	}
	type model struct {
		File    string `json:"file"`
		Inputs  []file `json:"inputs"`
		Outputs []file `json:"outputs"`
	}
	var models []model
	exported := map[string]func(t *testing.T){}
	each(t, func(t *testing.T, n *network) {
		s := n.spec(t)
		exportedModel, err := onnx.Export(s, n.Weights.Values)
		if err != nil {
			if why := withoutForm(n); why == "" || !strings.Contains(err.Error(), why) {
				t.Errorf("error %v", err)
			}
			return
		}
		var out bytes.Buffer
		if err := exportedModel.Write(&out); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%d.onnx", len(models))
		writeFile(t, filepath.Join(dir, name), out.Bytes())
		m := model{File: name}
		for i, x := range n.Inputs {
			f := fmt.Sprintf("%s.in%d", name, i)
			writeFile(t, filepath.Join(dir, f), littleEndian(x.Values))
			shape := append([]int{n.rows()}, s.InputShapes()[i]...)
			m.Inputs = append(m.Inputs, file{s.Tensors[s.Inputs[i]].Name, shape, f})
		}
		var want [][]float32
		for i, y := range n.Inference {
			f := fmt.Sprintf("%s.out%d", name, i)
			m.Outputs = append(m.Outputs, file{Name: s.OutputNames()[i], File: f})
			want = append(want, make([]float32, len(y.Values)))
		}
		if err := n.model(t, "").Predict(context.Background(), flatInputs(n), n.rows(), n.Weights.Values, want); err != nil {
			t.Fatal(err)
		}
		models = append(models, m)
		exported[name] = func(t *testing.T) {
			t.Helper()
			for i, o := range m.Outputs {
				got := floatsOf(t, filepath.Join(dir, o.File))
				near(t, n.Name+", "+o.Name, got, want[i], 1e-6, 0)
				first := want[i][:len(want[i])/n.rows()]
				near(t, n.Name+", first row of "+o.Name, floatsOf(t, filepath.Join(dir, o.File+".first")), first, 1e-6, largest(want[i]))
			}
		}
	})
	text, err := json.Marshal(models)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "models.json"), text)
	out, err := exec.CommandContext(t.Context(), python, "../../scripts/keras-fixtures/onnx_predict.py", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, failed := range regexp.MustCompile(`(?m)^failed .*$`).FindAll(out, -1) {
		t.Errorf("%s", failed)
	}
	for _, predicted := range regexp.MustCompile(`(?m)^predicted (.*)$`).FindAllSubmatch(out, -1) {
		exported[string(predicted[1])](t)
		delete(exported, string(predicted[1]))
	}
	t.Logf("%d of %d models are predicted", len(models)-len(exported), len(models))
	if len(exported) > 0 || len(models) == 0 {
		t.Errorf("%d of %d models are not predicted:\n%s", len(exported), len(models), out)
	}
}

// withoutForm is what export says of a network that has no form in ONNX, "" of one that has.
func withoutForm(n *network) string {
	if bytes.Contains(n.Architecture, []byte(`"sparsemax"`)) {
		return "has no form in ONNX: it computes sparsemax"
	}
	return ""
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func littleEndian(values []float32) []byte {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

func floatsOf(t *testing.T, path string) []float32 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, len(data)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return out
}
