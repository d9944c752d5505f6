package keras

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	spec "github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/lookup"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/pipelines/modelfile"
)

// A version is what was found of a version of Keras: of the layers that both have how many load and predict as there, and of the files that it can write
// and load how many load here, and when they are written here, there.
type version struct {
	Module, Version string
	Layers          share
	In, Out         map[string]share
}

// A share is how many of how many; of none the version has none.
type share struct{ Of, All int }

func (s *share) count(yes bool) {
	s.All++
	if yes {
		s.Of++
	}
}

func (s share) String() string {
	if s.All == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d", s.Of, s.All)
}

// versionFiles are the files that all versions have.
var versionFiles = []string{".keras", ".h5", ".weights.h5"}

// A versionModel is one of the models of scripts/keras-fixtures/versions.py, as a version has written it.
type versionModel struct {
	Name                  string
	Rows, Inputs, Outputs int
	Cannot                map[string]string // files that the version cannot write or load again, and "predictions", and why
}

// TestVersionFiles takes models with every layer from a version of Keras, module BEAMFIT_KERAS_VERSION of BEAMFIT_KERAS_PYTHON, to beamfit and back.
// scripts/keras-versions does so with each version; what was found stays in found.json of the folder BEAMFIT_KERAS_VERSIONS_FOLDER.
func TestVersionFiles(t *testing.T) {
	folder, module := os.Getenv("BEAMFIT_KERAS_VERSIONS_FOLDER"), os.Getenv("BEAMFIT_KERAS_VERSION")
	if folder == "" || module == "" {
		t.Skip("scripts/keras-versions runs this test")
	}
	python := converse(t, "versions_files.py", module, folder)
	v := version{Module: module, In: map[string]share{}, Out: map[string]share{}}
	python.heard(t, &v)
	layers := map[string]bool{} // whether all models with it predict as the version
	for python.hear.More() {
		var m versionModel
		python.heard(t, &m)
		there := false
		t.Run(m.Name, func(t *testing.T) { there = m.there(t, folder, &v, layers) })
		python.said(t, there)
		if !there {
			continue
		}
		t.Run(m.Name+" back", func(t *testing.T) {
			var files map[string]struct {
				Error    string
				Same     bool
				Relative float64
			}
			python.heard(t, &files)
			for suffix, f := range files {
				good := f.Same && f.Relative <= m.bound()
				if !good {
					t.Errorf("%s: %+v", suffix, f)
				}
				out := v.Out[suffix]
				out.count(good)
				v.Out[suffix] = out
			}
		})
	}
	python.end(t)
	for _, good := range layers {
		v.Layers.count(good)
	}
	t.Logf("%+v", v)
	known := readVersions(t, folder)
	known = slices.DeleteFunc(known, func(k version) bool { return k.Module == v.Module && k.Version == v.Version })
	text, err := json.Marshal(append(known, v))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "found.json"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readVersions(t *testing.T, folder string) (known []version) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "found.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// bound is how far predictions may be away, relative to the largest of an output: float16 has 11 bits.
func (m *versionModel) bound() float64 {
	if m.Name == "half" {
		return 1e-2
	}
	return 1e-5
}

// there reads a model from the files that the version has written and can load itself, compares predictions, and writes the files again. It says whether there are any.
func (m *versionModel) there(t *testing.T, folder string, v *version, layers map[string]bool) bool {
	arch, err := os.ReadFile(filepath.Join(folder, "from.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := spec.Parse(arch)
	if err != nil {
		t.Fatal(err)
	}
	for suffix, why := range m.Cannot {
		t.Logf("Keras itself cannot: %s: %s", suffix, why)
	}
	var kept *modelfile.Model
	for _, suffix := range versionFiles {
		if m.Cannot[suffix] != "" {
			continue
		}
		read, err := readOf(t, filepath.Join(folder, "from"+suffix), arch)
		if err != nil {
			t.Errorf("%s: %v", suffix, err)
		} else if kept == nil {
			kept = &read
		} else if !slices.Equal(kept.Weights, read.Weights) {
			t.Errorf("%s has other weights", suffix)
			err = errors.New("other weights")
		}
		in := v.In[suffix]
		in.count(err == nil)
		v.In[suffix] = in
	}
	if kept == nil {
		return false
	}
	if m.Outputs > 0 { // else the version has no predictions to compare with
		good := m.predicts(t, folder, kept)
		for _, l := range s.Layers {
			if slices.Contains(spec.LayerClasses(), l.Class) {
				before, known := layers[l.Class]
				layers[l.Class] = good && (before || !known)
			}
		}
	}
	kept.Arch = arch
	for _, suffix := range versionFiles {
		write(t, filepath.Join(folder, "to"+suffix), *kept)
	}
	return true
}

func readOf(t *testing.T, path string, arch []byte) (m modelfile.Model, err error) {
	t.Helper()
	f, err := modelfile.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close()
	if m.Arch = f.Config; m.Arch == nil {
		m.Arch = arch
	}
	if m.Spec, err = spec.Parse(m.Arch); err != nil {
		return m, err
	}
	data, err := modelfile.Weights(t.Context(), f, m.Spec)
	if err == nil {
		m.Weights, err = weights.Decode(m.Spec, data)
	}
	return m, err
}

// predicts says whether predictions are those of the version.
func (m *versionModel) predicts(t *testing.T, folder string, model *modelfile.Model) bool {
	t.Helper()
	var in, out [][]float32
	for k := range m.Inputs {
		path := filepath.Join(folder, fmt.Sprint("from.in", k))
		if l := model.Spec.Lookups[k]; l != nil {
			in = append(in, indicesOf(t, path, l))
		} else {
			in = append(in, floatsOf(t, path))
		}
	}
	for k := range m.Outputs {
		out = append(out, make([]float32, len(floatsOf(t, filepath.Join(folder, fmt.Sprint("from.out", k))))))
	}
	network, err := trainer.New(trainer.Config{Spec: model.Spec})
	if err == nil {
		err = network.Predict(t.Context(), in, m.Rows, model.Weights, out)
	}
	if err != nil {
		t.Error(err)
		return false
	}
	good := true
	for k := range out {
		want := floatsOf(t, filepath.Join(folder, fmt.Sprint("from.out", k)))
		if away := deviation(out[k], want); away > m.bound()*largest(want) {
			t.Errorf("output %d deviates by %.2g of %.2g", k, away, largest(want))
			good = false
		}
	}
	return good
}

// indicesOf are the indices of a list of texts in a file.
func indicesOf(t *testing.T, path string, l *lookup.Lookup) []float32 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return indices(t, l, texts)
}

// TestVersionTable writes the table of docs/keras.md of what TestVersionFiles has found.
func TestVersionTable(t *testing.T) {
	folder := os.Getenv("BEAMFIT_KERAS_VERSIONS_FOLDER")
	if folder == "" || os.Getenv("BEAMFIT_KERAS_VERSION") != "" {
		t.Skip("scripts/keras-versions runs this test")
	}
	var b strings.Builder
	b.WriteString("| version | layers |")
	for _, suffix := range versionFiles {
		fmt.Fprintf(&b, " %s in | out |", suffix)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|---|", len(versionFiles)) + "\n")
	for _, v := range readVersions(t, folder) {
		fmt.Fprintf(&b, "| %s %s | %v |", v.Module, v.Version, v.Layers)
		for _, suffix := range versionFiles {
			fmt.Fprintf(&b, " %v | %v |", v.In[suffix], v.Out[suffix])
		}
		b.WriteByte('\n')
	}
	t.Log("\n" + b.String())
	onPage(t, "versions", b.String())
}
