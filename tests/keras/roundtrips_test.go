package keras

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	spec "github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/pipelines/modelfile"
)

// A journey is a network that Keras has written in every file.
type journey struct {
	Title                          string
	Weights, Rows, Inputs, Outputs int
	Keras                          float64 // how far its predictions in float32 are from those in float64, relative to the largest one
}

// A passage is what was found of a journey: how far beamfit's predictions are from Keras' in float64 and in float32, and those of the files that went
// back from Keras' in float32.
type passage struct {
	journey
	Exact, Rounded distances
	Back           map[string]distances
}

// distances are the largest deviation of a prediction, and the largest relative to the largest prediction of its output.
type distances struct{ Absolute, Relative float64 }

// add counts an output.
func (d *distances) add(got []float32, want []float64) {
	worst, length := 0.0, 0.0
	for i, w := range want {
		away := math.Abs(float64(got[i]) - w)
		if math.IsNaN(away) {
			away = math.Inf(1)
		}
		worst, length = max(worst, away), max(length, math.Abs(w))
	}
	d.Absolute, d.Relative = max(d.Absolute, worst), max(d.Relative, worst/length)
}

// within says whether predictions are within 1e-6, and relative to the largest one within that too, or where rounding alone takes Keras further from float64, within 8 times as far: a deep
// network adds up the rounding of all its layers, in Keras too, and Winograd's convolution rounds about 5 times as much as a plain one.
func (d distances) within(keras float64) bool {
	return d.Absolute <= 1e-6 && d.Relative <= max(1e-6, 8*keras)
}

// written are the files that go in and out, .json with its weights beside it; .onnx goes out only.
var written = []string{".keras", ".h5", ".weights.h5", ".npz", ".safetensors", ".json"}

// TestRoundTrips takes networks from every file of Keras to every file again, for Keras and onnxruntime to predict with. The files are too large to be
// kept: scripts/keras-roundtrips names a folder for them in BEAMFIT_KERAS_ROUNDTRIPS. What was found there stays in its found.json, and networks that are in it
// are passed over, unless BEAMFIT_KERAS_ROUNDTRIPS_ONLY, a pattern for titles, matches them. When all have been found, BEAMFIT_UPDATE_GOLDEN=1 writes the table of docs/keras.md.
func TestRoundTrips(t *testing.T) {
	folder := os.Getenv("BEAMFIT_KERAS_ROUNDTRIPS")
	if folder == "" {
		t.Skip("scripts/keras-roundtrips runs this test")
	}
	known := filepath.Join(folder, "found.json")
	found := map[string]passage{}
	if text, err := os.ReadFile(known); err == nil {
		if err := json.Unmarshal(text, &found); err != nil {
			t.Fatalf("%s: %v", known, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	only := os.Getenv("BEAMFIT_KERAS_ROUNDTRIPS_ONLY")
	arguments := []string{folder, only}
	if only == "" {
		arguments = append(arguments, slices.Sorted(maps.Keys(found))...)
	}
	python := converse(t, "roundtrips.py", arguments...)
	var all struct {
		Keras  string
		Titles []string
	}
	python.heard(t, &all)
	for python.hear.More() {
		var p passage
		python.heard(t, &p.journey)
		there := t.Run(p.Title, func(t *testing.T) { p.there(t, folder) })
		python.said(t, there)
		if !there {
			continue
		}
		t.Run(p.Title+" back", func(t *testing.T) {
			var files map[string]struct {
				Same bool
				distances
			}
			python.heard(t, &files)
			p.Back = map[string]distances{}
			for suffix, f := range files {
				rounding := p.Keras
				if suffix != ".onnx" {
					rounding = 0 // Keras computes the same from the same weights
				}
				if p.Back[suffix] = f.distances; !f.Same || !f.within(rounding) {
					t.Errorf("%s: the same weights: %v, predictions deviate by %+v", suffix, f.Same, f.distances)
				}
			}
			t.Logf("%+v", p)
			if t.Failed() {
				return
			}
			found[p.Title] = p
			text, err := json.Marshal(found)
			if err == nil {
				err = os.WriteFile(known, text, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	python.end(t)
	if t.Failed() || len(found) < len(all.Titles) {
		t.Logf("%d of %d networks have been found", len(found), len(all.Titles))
		return
	}
	table := passages(all.Keras, all.Titles, found)
	t.Log("\n" + table)
	if os.Getenv("BEAMFIT_UPDATE_GOLDEN") != "" {
		onPage(t, "roundtrips", table)
	}
}

// passages is the table of docs/keras.md.
func passages(version string, titles []string, found map[string]passage) string {
	columns := append(slices.Clone(written), ".onnx")
	var b strings.Builder
	fmt.Fprintf(&b, "Largest deviations of predictions, relative to the largest prediction of an output but for one column; \"exact\" is Keras %s in float64, \"Keras\" the same in float32:\n\n", version)
	fmt.Fprintf(&b, "| network | weights | Keras from exact | beamfit from exact | beamfit from Keras | absolute | back from Keras: %s |\n|---|---|---|---|---|---|%s\n",
		strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for _, title := range titles {
		p := found[title]
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s |", title, p.Weights, short(p.Keras), short(p.Exact.Relative), short(p.Rounded.Relative), short(p.Rounded.Absolute))
		for _, suffix := range columns {
			fmt.Fprintf(&b, " %s |", short(p.Back[suffix].Relative))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func short(v float64) string {
	if v == 0 {
		return "0"
	}
	return fmt.Sprintf("%.0e", v)
}

// there reads a network from every file of Keras, compares its predictions, and writes it to every file.
func (p *passage) there(t *testing.T, folder string) {
	m := p.read(t, folder)
	if len(m.Weights) != p.Weights {
		t.Errorf("%d weights, want %d", len(m.Weights), p.Weights)
	}
	p.predict(t, folder, m)
	if !p.Rounded.within(p.Keras) {
		t.Errorf("predictions deviate from Keras by %+v, from float64 by %+v, where Keras deviates by %.2g", p.Rounded, p.Exact, p.Keras)
	}
	for _, suffix := range append(slices.Clone(written), ".onnx") {
		write(t, filepath.Join(folder, "to"+suffix), m)
	}
}

// read is the network as its files have it: all of them must have the same weights.
func (p *passage) read(t *testing.T, folder string) modelfile.Model {
	t.Helper()
	arch, err := os.ReadFile(filepath.Join(folder, "from.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m modelfile.Model
	var first []byte
	for _, suffix := range written {
		if suffix == ".json" {
			continue
		}
		f, err := modelfile.Open(filepath.Join(folder, "from"+suffix))
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

// predict finds how far beamfit's predictions are from those of Keras.
func (p *passage) predict(t *testing.T, folder string, m modelfile.Model) {
	t.Helper()
	path := func(kind string, k int) string { return filepath.Join(folder, fmt.Sprint("from.", kind, k)) }
	var in, out, rounded [][]float32
	for k := range p.Inputs {
		in = append(in, floatsOf(t, path("in", k)))
	}
	for k := range p.Outputs {
		rounded = append(rounded, floatsOf(t, path("out", k)))
		out = append(out, make([]float32, len(rounded[k])))
	}
	network, err := trainer.New(trainer.Config{Spec: m.Spec})
	if err != nil {
		t.Fatal(err)
	}
	if err := network.Predict(context.Background(), in, p.Rows, m.Weights, out); err != nil {
		t.Fatal(err)
	}
	for k := range out {
		wide := make([]float64, len(rounded[k]))
		for i, v := range rounded[k] {
			wide[i] = float64(v)
		}
		p.Rounded.add(out[k], wide)
		p.Exact.add(out[k], doublesOf(t, path("exact", k)))
	}
}

func doublesOf(t *testing.T, path string) []float64 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(data)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
	}
	return out
}

func write(t *testing.T, path string, m modelfile.Model) {
	t.Helper()
	form, err := modelfile.FormOf(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := form.Write(f, m); err != nil {
		t.Fatal(err)
	}
}
