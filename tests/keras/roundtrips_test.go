package keras

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	spec "github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/pipelines/modelfile"
)

// A journey is a network that Keras has written in every file.
type journey struct {
	Title, File string
	Rows        int
	Shapes      [][]int
	Outputs     int
}

// written are the files that go in and out, .json with its weights beside it; .onnx goes out only.
var written = []string{".keras", ".h5", ".weights.h5", ".npz", ".safetensors", ".json"}

// TestRoundTrips reads networks from every file of Keras and writes them to every file again, for Keras and onnxruntime to predict with. The files
// are too large to be kept: scripts/keras-roundtrips makes them and names their folder in BEAMFIT_KERAS_ROUNDTRIPS. BEAMFIT_UPDATE_GOLDEN=1 writes the
// table of docs/keras.md.
func TestRoundTrips(t *testing.T) {
	folder := os.Getenv("BEAMFIT_KERAS_ROUNDTRIPS")
	if folder == "" {
		t.Skip("scripts/keras-roundtrips runs this test")
	}
	var all struct {
		Keras    string
		Networks []journey
	}
	readJSON(t, filepath.Join(folder, "networks.json"), &all)
	there := map[string]float64{}
	sizes := map[string]int{}
	for _, j := range all.Networks {
		t.Run(j.Title, func(t *testing.T) {
			m := j.read(t, folder)
			there[j.File], sizes[j.File] = j.deviation(t, folder, m), len(m.Weights)
			for _, suffix := range append(written, ".onnx") {
				j.write(t, folder, suffix, m)
			}
		})
	}
	if t.Failed() {
		return
	}
	python := os.Getenv("BEAMFIT_KERAS_PYTHON")
	out, err := exec.CommandContext(t.Context(), python, "../../scripts/keras-fixtures/roundtrips.py", "--back", folder).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var results []struct {
		File, Suffix string
		Deviation    float64
	}
	readJSON(t, filepath.Join(folder, "back.json"), &results)
	back := map[string]float64{}
	for _, r := range results {
		back[r.File+r.Suffix] = r.Deviation
	}
	columns := append(written, ".onnx")
	var table strings.Builder
	fmt.Fprintf(&table, "Largest deviations of predictions from those of Keras %s in float32, relative to the largest prediction:\n\n", all.Keras)
	fmt.Fprintf(&table, "| network | weights | beamfit | back by %s |\n|---|---|---|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for _, j := range all.Networks {
		fmt.Fprintf(&table, "| %s | %d | %.0e |", j.Title, sizes[j.File], there[j.File])
		for _, suffix := range columns {
			worst, ok := back[j.File+suffix]
			if !ok || !(worst <= 1e-6) && suffix != ".onnx" || !(worst <= 5e-6) {
				t.Errorf("%s, %s: predictions deviate by %.2g (%v)", j.Title, suffix, worst, ok)
			}
			fmt.Fprintf(&table, " %.0e |", worst)
		}
		table.WriteByte('\n')
	}
	t.Log("\n" + table.String())
	if !t.Failed() && os.Getenv("BEAMFIT_UPDATE_GOLDEN") != "" {
		onPage(t, "roundtrips", table.String())
	}
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// read is the network as its files have it: all of them must have the same weights.
func (j *journey) read(t *testing.T, folder string) modelfile.Model {
	t.Helper()
	arch, err := os.ReadFile(filepath.Join(folder, j.File+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var m modelfile.Model
	var first []byte
	for _, suffix := range written {
		if suffix == ".json" {
			continue
		}
		f, err := modelfile.Open(filepath.Join(folder, j.File+suffix))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if f.Config == nil {
			f.Config = arch
		}
		s, err := spec.Parse(f.Config)
		if err != nil {
			t.Fatalf("%s: %v", suffix, err)
		}
		data, err := modelfile.Weights(t.Context(), f, s)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
			m = modelfile.Model{Arch: f.Config, Spec: s}
			if m.Weights, err = weights.Decode(s, data); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(first, data) {
			t.Errorf("%s has other weights than %s", suffix, written[0])
		}
	}
	return m
}

// deviation is how far beamfit's predictions are from those of Keras.
func (j *journey) deviation(t *testing.T, folder string, m modelfile.Model) float64 {
	t.Helper()
	var in, want, out [][]float32
	for k := range j.Shapes {
		in = append(in, floatsOf(t, filepath.Join(folder, fmt.Sprintf("%s.in%d", j.File, k))))
	}
	for k := range j.Outputs {
		want = append(want, floatsOf(t, filepath.Join(folder, fmt.Sprintf("%s.out%d", j.File, k))))
		out = append(out, make([]float32, len(want[k])))
	}
	network, err := trainer.New(trainer.Config{Spec: m.Spec})
	if err != nil {
		t.Fatal(err)
	}
	if err := network.Predict(context.Background(), in, j.Rows, m.Weights, out); err != nil {
		t.Fatal(err)
	}
	worst := 0.0
	for k := range want {
		worst = max(worst, deviation(out[k], want[k])/largest(want[k]))
	}
	if !(worst <= 5e-6) {
		t.Errorf("predictions deviate from Keras by %.2g", worst)
	}
	return worst
}

func (j *journey) write(t *testing.T, folder, suffix string, m modelfile.Model) {
	t.Helper()
	form, err := modelfile.FormOf(suffix)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(folder, j.File+".to"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := form.Write(f, m); err != nil {
		t.Fatal(err)
	}
}
