package modelfile

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/kerasio"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/model/weights/layout"
)

var ctx = context.Background()

func fixture(name string) string { return filepath.Join("testdata", name) }

// specOf is the model of a file, or where it has weights only, that of its generation.
func specOf(t testing.TB, f *kerasio.File) ([]byte, *keras.Spec) {
	t.Helper()
	arch := f.Config
	if arch == nil {
		generation := "k3"
		if strings.Contains(f.Path, "k2") {
			generation = "k2"
		}
		var err error
		if arch, err = os.ReadFile(fixture("parts." + generation + ".json")); err != nil {
			t.Fatal(err)
		}
	}
	spec, err := keras.Parse(arch)
	if err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	return arch, spec
}

// load reads a file, whose weights must be 0, 1, 2 and so on.
func load(t *testing.T, path string) Model {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	arch, spec := specOf(t, f)
	data, err := Weights(ctx, f, spec)
	if err != nil {
		t.Fatal(err)
	}
	vector, err := weights.Decode(spec, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range spec.Weights {
		for i, v := range weights.View(w, vector) {
			if v != float32(w.Offset+i) {
				t.Fatalf("%s: %s/%s[%d] is %g, want %d", path, w.Layer, w.Name, i, v, w.Offset+i)
			}
		}
	}
	return Model{Arch: arch, Spec: spec, Weights: vector}
}

var sources = []string{"parts.k3.keras", "parts.k3.h5", "parts.k3.npz", "named.npz", "parts.k2.keras", "parts.k2.h5", "parts.k2.npz"}

// TestFilesOfKeras reads what Keras 3 and tf.keras have written, and what is written of it again.
func TestFilesOfKeras(t *testing.T) {
	for _, source := range sources {
		m := load(t, fixture(source))
		for _, form := range forms {
			path := filepath.Join(t.TempDir(), strings.TrimSuffix(source, filepath.Ext(source))+form.suffix)
			write(t, path, m)
			if !form.bare && !form.oneWay {
				load(t, path)
			}
		}
	}
}

func write(t *testing.T, path string, m Model) {
	t.Helper()
	form, err := FormOf(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := form.Write(&out, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// configAlone is a model that was loaded as its config alone, model.get_config().
func configAlone(t *testing.T, m Model) Model {
	t.Helper()
	var whole map[string]json.RawMessage
	err := json.Unmarshal(m.Arch, &whole)
	if err == nil {
		m.Arch, err = keras.Text(whole["config"])
	}
	if err == nil {
		m.Spec, err = keras.Parse(m.Arch)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestConfigAlone: a model that was loaded as its config alone has its class, and is of its generation when it comes back.
func TestConfigAlone(t *testing.T) {
	for source, want := range map[string]string{"parts.k3.keras": "3.0.0", "parts.k2.h5": "2.11.0"} {
		m := configAlone(t, load(t, fixture(source)))
		for _, suffix := range []string{".keras", ".h5"} {
			path := filepath.Join(t.TempDir(), "config"+suffix)
			write(t, path, m)
			back := load(t, path)
			var model struct {
				Class string `json:"class_name"`
			}
			if err := json.Unmarshal(back.Arch, &model); err != nil || model.Class != "Model" || back.Spec.Version != want {
				t.Errorf("%s to %s: class %q of version %q, %v, want Model of %q", source, suffix, model.Class, back.Spec.Version, err, want)
			}
		}
	}
}

// TestKerasLoads: Keras 3 and tf.keras load what is written, and predict as before.
func TestKerasLoads(t *testing.T) {
	python := os.Getenv("BEAMFIT_KERAS_PYTHON")
	if python == "" {
		t.Skip("BEAMFIT_KERAS_PYTHON is not set: the Python that scripts/keras-python prints")
	}
	dir := t.TempDir()
	n := 0
	for _, source := range []string{"parts.k3.keras", "parts.k3.h5", "parts.k2.keras", "parts.k2.h5"} {
		m := load(t, fixture(source))
		for _, form := range forms {
			if form.oneWay {
				continue
			}
			if form.suffix == ".safetensors" && exec.Command(python, "-c", "import safetensors").Run() != nil {
				t.Logf("%s has no safetensors", python)
				continue
			}
			if form.suffix == ".json" && source == "parts.k2.keras" {
				continue // the modules of this version's .keras are not those of its JSON
			}
			write(t, filepath.Join(dir, source+".to"+form.suffix), m)
			n++
		}
	}
	for source, suffixes := range map[string][]string{"parts.k3.keras": {".json", ".keras", ".h5"}, "parts.k2.keras": {".json", ".h5"}, "parts.k2.h5": {".json", ".h5"}} {
		m := configAlone(t, load(t, fixture(source)))
		name, from, _ := strings.Cut(source, ".k")
		for _, suffix := range suffixes {
			write(t, filepath.Join(dir, name+".k"+from[:1]+".config_"+from[2:]+".to"+suffix), m)
			n++
		}
	}
	for _, source := range adaptedSources {
		m := load(t, fixture(source))
		for _, suffix := range []string{".keras", ".h5"} {
			write(t, filepath.Join(dir, source+".to"+suffix), m)
			n++
		}
	}
	out, err := exec.CommandContext(t.Context(), python, "../../scripts/keras-fixtures/files.py", "--load", dir, "testdata").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := bytes.Count(out, []byte("loaded ")); got != n {
		t.Errorf("%d files of %d are loaded:\n%s", got, n, out)
	}
}

// TestMismatches: what does not fit is named.
func TestMismatches(t *testing.T) {
	other := func(old, replacement string) *keras.Spec {
		text, err := os.ReadFile(fixture("parts.k2.json"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), old) {
			t.Fatalf("the model has no %s", old)
		}
		spec, err := keras.Parse([]byte(strings.ReplaceAll(string(text), old, replacement)))
		if err != nil {
			t.Fatal(err)
		}
		return spec
	}
	wider := other(`{"name": "last", "trainable": true, "dtype": "float32", "units": 2`, `{"name": "last", "trainable": true, "dtype": "float32", "units": 3`)
	renamed := other(`"last"`, `"end"`)
	for _, c := range []struct {
		file string
		spec *keras.Spec
		want string
	}{
		{"parts.k2.h5", wider, `layer "last", weight kernel: "last/kernel:0" has shape (2, 2), expected (2, 3); layer "last", weight bias`},
		{"parts.k3.keras", wider, `"layers/dense/vars/0" has shape (2, 2), expected (2, 3)`},
		{"parts.k2.npz", wider, `has shape (2, 2), expected (2, 3)`},
		{"named.npz", renamed, `"last/kernel" of shape (2, 2) is no weight of the model`},
	} {
		f, err := Open(fixture(c.file))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Weights(ctx, f, c.spec)
		if mismatch := (*layout.MismatchError)(nil); !errors.As(err, &mismatch) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) {
			t.Errorf("%s: error %v, want %s", c.file, err, c.want)
		}
		_ = f.Close()
	}
	f, err := Open(fixture("parts.k2.h5")) // layers of other names are taken by their order, as in Keras
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Weights(ctx, f, renamed); err != nil {
		t.Error(err)
	}
}

func TestOneVector(t *testing.T) {
	spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "Dense", "config": {"name": "a", "units": 1, "batch_input_shape": [null, 2]}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "vector.npy")
	head := "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }\n"
	data := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), 0)
	data = append(data, head...)
	for _, v := range []float32{1, 2, 3} {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := Weights(ctx, f, spec); err != nil || !bytes.Equal(got, data[len(data)-12:]) {
		t.Errorf("% x, %v", got, err)
	}
}

func TestForms(t *testing.T) {
	if _, err := FormOf("a.pt"); err == nil || !strings.Contains(err.Error(), ".safetensors") {
		t.Errorf("error %v", err)
	}
	form, err := FormOf("A.Weights.H5")
	if err != nil || form.form.suffix != ".weights.h5" {
		t.Errorf("%s, %v", form.form.suffix, err)
	}
	if err := form.Check(Model{}); err == nil || !strings.Contains(err.Error(), "no weights") {
		t.Errorf("error %v", err)
	}
}

// FuzzFile reads whole files.
func FuzzFile(f *testing.F) {
	for _, name := range append(adaptedSources, sources...) {
		data, err := os.ReadFile(fixture(name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	_, spec := specOf(f, &kerasio.File{Path: "k3"})
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		file, err := Open(path)
		if err != nil {
			return
		}
		defer file.Close()
		if file.Config != nil {
			_, _ = keras.Parse(file.Config)
		}
		_, _ = Weights(ctx, file, spec)
	})
}

// TestTheano: convolutions of Keras on Theano are the others upside down.
func TestTheano(t *testing.T) {
	f, err := Open(fixture("parts.k2.h5"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Backend != "tensorflow" {
		t.Errorf("the backend is %q", f.Backend)
	}
	f.Backend = "theano"
	for layer, refused := range map[string]bool{
		`{"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [null, 3]}}`:                                                                                                 false,
		`{"class_name": "Conv1D", "config": {"name": "c", "filters": 2, "kernel_size": 3, "batch_input_shape": [null, 8, 3]}}`:                                                                         true,
		`{"class_name": "TimeDistributed", "config": {"name": "c", "batch_input_shape": [null, 4, 8, 3], "layer": {"class_name": "Conv1D", "config": {"name": "x", "filters": 2, "kernel_size": 3}}}}`: true,
	} {
		spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "keras_version": "2.1.6", "config": [` + layer + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Weights(ctx, f, spec); err == nil || strings.Contains(err.Error(), `Theano, whose convolutions turn their kernels around (layer "c")`) != refused {
			t.Errorf("%s: %v", layer, err)
		}
	}
}
