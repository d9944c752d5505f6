package modelfile

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/beamfit/beamfit/io/kerasio"
	"github.com/beamfit/beamfit/io/kerasio/hdf5"
	"github.com/beamfit/beamfit/io/kerasio/npy"
	"github.com/beamfit/beamfit/io/kerasio/safetensors"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/plan/onnx"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/model/weights/layout"
)

// A Model is what is written.
type Model struct {
	Arch    []byte // Keras' JSON
	Spec    *keras.Spec
	Weights []float32 // P; nil: none
	// Open are the dimensions of inputs that the model leaves open; nil: none. Spec has some sizes in their place then.
	Open *keras.OpenError
}

// A form is a kind of file.
type form struct {
	suffix string
	write  func(w io.Writer, m Model) error
	// bare says that the file needs no weights.
	bare bool
	// oneWay says that the file is not read here.
	oneWay bool
	// sized says that the file has the sizes of inputs.
	sized bool
}

// forms are the kinds of files that are written, longer suffixes before those that they end in.
var forms = []form{
	{suffix: ".weights.h5", write: writeWeightsH5},
	{suffix: ".h5", write: writeH5},
	{suffix: ".keras", write: writeKeras},
	{suffix: ".npz", write: writeNpz},
	{suffix: ".safetensors", write: writeSafetensors},
	{suffix: ".json", write: writeJSON, bare: true},
	{suffix: ".onnx", write: writeONNX, oneWay: true, sized: true},
}

// A Form is a kind of file to write.
type Form struct{ form form }

// FormOf is the kind that the name of a file says.
func FormOf(path string) (Form, error) {
	var known []string
	for _, f := range forms {
		if strings.HasSuffix(strings.ToLower(path), f.suffix) {
			return Form{f}, nil
		}
		known = append(known, f.suffix)
	}
	return Form{}, fmt.Errorf("file %s: its name must end in one of %s, which says what is written", path, strings.Join(known, ", "))
}

// Write writes a model.
func (f Form) Write(w io.Writer, m Model) error {
	if err := f.Check(m); err != nil {
		return err
	}
	return f.form.write(w, m)
}

// Check says whether a model can be written: only .json takes one without weights, and .onnx none that leaves dimensions open.
func (f Form) Check(m Model) error {
	if m.Weights == nil && !f.form.bare {
		return fmt.Errorf("the model has no weights, which a %s file has; .json has the architecture alone", f.form.suffix)
	}
	if m.Open != nil && f.form.sized {
		return fmt.Errorf("%w; a %s file has them: load the model with the shapes of its inputs (load-model --input-shape)", m.Open, f.form.suffix)
	}
	return nil
}

// writeONNX writes nothing of a model that ONNX has no form for.
func writeONNX(w io.Writer, m Model) error {
	file, err := onnx.Export(m.Spec, m.Weights)
	if err != nil {
		return err
	}
	return file.Write(w)
}

func writeJSON(w io.Writer, m Model) error {
	_, err := w.Write(m.Arch)
	return err
}

// values are those of an entry.
func (m Model) values(e layout.Entry) []float32 { return weights.View(e.Weight, m.Weights) }

// whole says whether Keras keeps an array as int64: the count of rows that a Normalization was adapted to.
func whole(l *keras.Layer, w *keras.Weight) bool {
	return l.Class == "Normalization" && w.Name == "count"
}

// wholes are the arrays that are written as int64.
func (m Model) wholes() map[*keras.Weight]bool {
	all := map[*keras.Weight]bool{}
	for _, l := range m.Spec.Layers {
		for _, w := range l.Weights {
			if whole(l, w) {
				all[w] = true
			}
		}
	}
	return all
}

// idf are the numbers of layers with tf_idf, by the names of the layers: no weights, but Keras reads them with these.
func (m Model) idf() map[string][]float32 {
	all := map[string][]float32{}
	for _, l := range m.Spec.Layers {
		if encoding, ok := l.Config.(interface{ IDF() []float64 }); ok {
			for _, v := range encoding.IDF() {
				all[l.Name] = append(all[l.Name], float32(v))
			}
		}
	}
	return all
}

// tree is the file of weights of Keras 3.
func (m Model) tree() (*hdf5.Tree, error) {
	l, t, wholes := layout.Of(m.Spec), hdf5.NewTree(), m.wholes()
	errs := []error{t.Text("vars", "name", m.Spec.Name)}
	for _, g := range l.Groups {
		errs = append(errs, t.Text(g.Tree+"/vars", "name", g.Name))
	}
	for _, e := range l.Entries {
		errs = append(errs, t.Array(e.Tree, e.Weight.Shape, m.values(e), wholes[e.Weight]))
	}
	idf := m.idf()
	for _, g := range l.Groups {
		if numbers := idf[g.Name]; numbers != nil {
			errs = append(errs, t.Array(g.Tree+"/"+layout.IDFName, []int{len(numbers)}, numbers, false))
		}
	}
	return t, errors.Join(errs...)
}

func writeWeightsH5(w io.Writer, m Model) error {
	t, err := m.tree()
	if err != nil {
		return err
	}
	return t.Write(w)
}

// version is that of the Keras that wrote the JSON; where it does not say, one whose rules the model was read by.
func (m Model) version() string {
	if m.Spec.Version != "" {
		return m.Spec.Version
	}
	return "3.0.0"
}

func writeKeras(w io.Writer, m Model) error {
	t, err := m.tree()
	if err != nil {
		return err
	}
	metadata, err := json.Marshal(map[string]string{"keras_version": m.version()})
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{kerasio.MetadataName, func(w io.Writer) error { _, err := w.Write(metadata); return err }},
		{kerasio.ConfigName, func(w io.Writer) error { _, err := w.Write(kerasio.WithModule(m.Arch)); return err }},
		{kerasio.WeightsName, t.Write},
	} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: file.name, Method: zip.Store})
		if err == nil {
			err = file.write(f)
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}

// writeH5 writes the whole-model file of Keras 2, which Keras 3 calls legacy.
func writeH5(w io.Writer, m Model) error {
	l, t, wholes := layout.Of(m.Spec), hdf5.NewTree(), m.wholes()
	var errs []error
	add := func(err error) { errs = append(errs, err) }
	for _, group := range []string{"", kerasio.WeightsGroup} {
		add(t.Text(group, kerasio.VersionAttribute, m.version()))
		add(t.Text(group, kerasio.BackendAttribute, "tensorflow"))
	}
	add(t.Text("", kerasio.ConfigAttribute, string(m.Arch)))
	var names []string
	for _, layer := range l.Layers {
		names = append(names, layer.Name)
		group := kerasio.WeightsGroup + "/" + layer.Name
		var paths []string
		for _, e := range layer.Entries {
			paths = append(paths, e.Path)
			add(t.Array(group+"/"+e.Path, e.Weight.Shape, m.values(e), wholes[e.Weight]))
		}
		add(t.Texts(group, kerasio.NamesAttribute, paths))
	}
	add(t.Texts(kerasio.WeightsGroup, kerasio.LayersAttribute, names))
	add(t.Texts(kerasio.WeightsGroup+"/top_level_model_weights", kerasio.NamesAttribute, nil))
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return t.Write(w)
}

func writeNpz(w io.Writer, m Model) error {
	var arrays []npy.Values
	for i, e := range layout.Of(m.Spec).Entries {
		arrays = append(arrays, npy.Values{Name: fmt.Sprint("arr_", i), Shape: e.Weight.Shape, Values: m.values(e)})
	}
	return npy.Write(w, arrays)
}

func writeSafetensors(w io.Writer, m Model) error {
	var arrays []safetensors.Values
	names := []string{}
	for _, e := range layout.Of(m.Spec).Entries {
		arrays = append(arrays, safetensors.Values{Name: e.Path, Shape: e.Weight.Shape, Values: m.values(e)})
		names = append(names, e.Path)
	}
	order, err := json.Marshal(names)
	if err != nil {
		return err
	}
	return safetensors.Write(w, arrays, map[string]string{"format": "keras", kerasio.OrderKey: string(order)})
}
