package pipelines

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/pipelines/modelfile"
)

// A model that leaves dimensions open is written with its weights, in every file that has no sizes.
func TestOpenModelsToFiles(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env, ctx := Env{Store: store}, t.Context()
		spec, open, err := keras.ParseOpen([]byte(imagesJSON))
		if err != nil || open == nil {
			t.Fatal(open, err)
		}
		data := make([]byte, 4*spec.NumWeights)
		for i := range spec.NumWeights {
			data[4*i+2], data[4*i+3] = byte(i), 0x40
		}
		for _, opt := range []LoadModelOptions{{Weights: data}, {}} {
			opt.ArchTable, opt.Arch = "arch", []byte(imagesJSON)
			if _, err := LoadModel(ctx, env, opt); err != nil {
				t.Fatal(err)
			}
		}
		form := func(id int, name string) (modelfile.Form, modelfile.Model) {
			stored, err := ReadModel(ctx, store, "arch", &id)
			if err != nil {
				t.Fatal(err)
			}
			f, err := modelfile.FormOf(name)
			if err != nil {
				t.Fatal(err)
			}
			return f, modelfile.Model(*stored)
		}
		for _, name := range []string{"m.h5", "m.keras", "m.weights.h5", "m.npz", "m.safetensors"} {
			f, m := form(1, name)
			path := filepath.Join(t.TempDir(), name)
			var out bytes.Buffer
			if err := f.Write(&out, m); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := os.WriteFile(path, out.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
			file, err := modelfile.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := modelfile.Weights(ctx, file, spec)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s: other weights, error %v", name, err)
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		}
		f, m := form(1, "m.onnx")
		wantError(t, f.Write(io.Discard, m), `input "i" has the shape (None, None, 1); a .onnx file has them`, "--input-shape")
		f, m = form(2, "m.h5")
		wantError(t, f.Write(io.Discard, m), "the model has no weights")
		var text bytes.Buffer
		if f, m = form(2, "m.json"); f.Write(&text, m) != nil || text.String() != imagesJSON {
			t.Errorf("the JSON is %s", &text)
		}
	})
}
