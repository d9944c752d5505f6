package keras

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	spec "github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/lookup"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// A network is one of the references; its fields are described in testdata/README.md.
type network struct {
	Name         string
	Architecture json.RawMessage
	Inputs       []array
	Targets      []array
	Weights      array
	Inference    []array
	Training     struct{ Weights array }
	Gradients    []struct {
		Compile   string
		Loss      float64
		Gradients array
	}
	Evaluations []struct {
		Compile string
		Values  map[string]float64
	}
	Runs []run
}

// A run is a training of a network.
type run struct {
	Compile, Fit string
	Weights      array
	History      []map[string]float64
}

// An array is a tensor of float32; the first dimension of data is the rows. One of text has texts, and the indices that the model takes for values.
type array struct {
	Shape  []int
	Values []float32
	texts  []string
}

// UnmarshalJSON reads {"shape": [...], "f32": base64 of little-endian float32}, or {"shape": [...], "texts": [...]}.
func (a *array) UnmarshalJSON(b []byte) error {
	var raw struct {
		Shape []int
		F32   string
		Texts []string
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	if raw.Texts != nil {
		a.Shape, a.texts = raw.Shape, raw.Texts
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(raw.F32)
	if err != nil {
		return err
	}
	n := 1
	for _, d := range raw.Shape {
		n *= d
	}
	if len(data) != 4*n {
		return fmt.Errorf("%d bytes for shape %v", len(data), raw.Shape)
	}
	a.Shape, a.Values = raw.Shape, make([]float32, n)
	for i := range a.Values {
		a.Values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return nil
}

// networks reads every reference: those of testdata, or of the file that BEAMFIT_KERAS_REFERENCES names (see
// scripts/keras-check).
func networks(t *testing.T) []*network {
	t.Helper()
	files := []string{os.Getenv("BEAMFIT_KERAS_REFERENCES")}
	if files[0] == "" {
		var err error
		if files, err = filepath.Glob("testdata/*.json"); err != nil || len(files) == 0 {
			t.Fatalf("no references in testdata (%v)", err)
		}
	}
	var all []*network
	for _, file := range files {
		all = append(all, read(t, file).Networks...)
	}
	for _, n := range all {
		n.encode(t)
	}
	return all
}

// encode finds the indices of text.
func (n *network) encode(t *testing.T) {
	t.Helper()
	if !slices.ContainsFunc(n.Inputs, func(a array) bool { return a.texts != nil }) {
		return
	}
	for i, l := range n.spec(t).Lookups {
		in := &n.Inputs[i]
		if (l == nil) != (in.texts == nil) {
			t.Fatalf("%s: input %d has texts: %v, the model takes some: %v", n.Name, i, in.texts != nil, l != nil)
		}
		if l == nil {
			continue
		}
		in.Values = indices(t, l, in.texts)
	}
}

// indices are those of texts.
func indices(t *testing.T, l *lookup.Lookup, texts []string) []float32 {
	t.Helper()
	e := l.Encoder()
	out := make([]float32, len(texts)*l.Width())
	var tokens lookup.Tokens
	for i, text := range texts {
		if l.Layer == lookup.TextVectorization {
			e.Indices(out[i*l.Width():][:l.Width()], text, &tokens)
			continue
		}
		index, err := e.Index(text)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = float32(index)
	}
	return out
}

// references are the content of a file.
type references struct {
	Format   int
	Keras    string // its version
	Networks []*network
}

func read(t *testing.T, file string) references {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r references
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if r.Format != 1 || len(r.Networks) == 0 {
		t.Fatalf("%s: format %d with %d networks", file, r.Format, len(r.Networks))
	}
	return r
}

func (n *network) rows() int { return n.Inputs[0].Shape[0] }

func (n *network) spec(t *testing.T) *spec.Spec {
	t.Helper()
	s, err := spec.Parse(n.Architecture)
	if err != nil {
		t.Fatal(err)
	}
	if s.NumWeights != len(n.Weights.Values) {
		t.Fatalf("%d weights, Keras has %d", s.NumWeights, len(n.Weights.Values))
	}
	return s
}

// model is the network under compile parameters; "" makes one that only predicts.
func (n *network) model(t *testing.T, compile string) *trainer.Model {
	t.Helper()
	c := trainer.Config{Spec: n.spec(t)}
	if compile != "" {
		parsed, err := params.ParseCompile(compile)
		if err != nil {
			t.Fatal(err)
		}
		c.Compile = *parsed
	}
	m, err := trainer.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// data are the rows in three buffers of different sizes. Targets that are whole numbers, as many as the output is wide, are
// labels as a packed table has them for classes; others are numbers.
func (n *network) data() trainer.Buffers {
	var buffers trainer.Buffers
	first, second := n.rows()/3, 2*n.rows()/3
	for _, part := range [][2]int{{0, first}, {first, second}, {second, n.rows()}} {
		b := trainer.Buffer{N: part[1] - part[0], Numbers: make([][]float32, len(n.Targets))}
		for _, x := range n.Inputs {
			d := len(x.Values) / n.rows()
			b.Inputs = append(b.Inputs, x.Values[part[0]*d:part[1]*d])
		}
		for i, y := range n.Targets {
			k := len(y.Values) / n.rows()
			values := y.Values[part[0]*k : part[1]*k]
			var labels []int16
			several := len(n.Inference[i].Shape) > 2 // labels of several dimensions are numbers
			if several || n.classNumbers(i) || slices.ContainsFunc(y.Values, func(v float32) bool { return v != float32(int16(v)) }) {
				b.Numbers[i] = values
			} else {
				for _, v := range values {
					labels = append(labels, int16(v))
				}
			}
			b.Labels = append(b.Labels, labels)
		}
		buffers = append(buffers, b)
	}
	return buffers
}

// classNumbers tells whether the targets of an output are class numbers: one per row, or a sequence of them.
func (n *network) classNumbers(output int) bool {
	return len(n.Targets[output].Values) < len(n.Inference[output].Values)
}

// labels are the targets of an output as its loss wants them, so many per row: class numbers as one-hot, or sequences of them
// cut or filled up.
func (n *network) labels(output int, l *loss.Loss, width int) []float32 {
	values := n.Targets[output].Values
	if !n.classNumbers(output) {
		return values
	}
	if l.Labels != loss.LikeOutput {
		var places []float32
		for row := range slices.Chunk(values, len(values)/n.rows()) {
			row = slices.Concat(row, make([]float32, width))
			places = append(places, row[:width]...)
		}
		return places
	}
	all := len(n.Inference[output].Values)
	width, oneHot := all/len(values), make([]float32, all) // a row, or a step of one
	for row, class := range values {
		oneHot[row*width+int(class)] = 1
	}
	return oneHot
}

// near compares arrays: the largest difference must be at most tolerance times the largest expected value, or times the
// floor where that is larger.
func near(t *testing.T, what string, got, want []float32, tolerance, floor float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, Keras has %d", what, len(got), len(want))
		return
	}
	worst, at := 0.0, 0
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - float64(w)); !(d <= worst) {
			worst, at = d, i
		}
	}
	if largest := max(largest(want), floor); !(worst <= tolerance*largest) {
		t.Errorf("%s: value %d is %v, Keras has %v; that is %.2g of %v", what, at, got[at], want[at], worst/largest, largest)
	}
}

func largest(values []float32) float64 {
	m := 0.0
	for _, v := range values {
		m = max(m, math.Abs(float64(v)))
	}
	return m
}

// nearEach compares per weight array, so that a large array cannot hide errors in a small one. An array may still be as
// small as 1/50 of the largest: a bias before a batch normalisation has a gradient of rounding errors only.
func nearEach(t *testing.T, what string, s *spec.Spec, got, want []float32, tolerance float64) {
	t.Helper()
	for _, w := range s.Weights {
		near(t, fmt.Sprintf("%s, %s/%s", what, w.Layer, w.Name), of(w, got), of(w, want), tolerance, largest(want)/50)
	}
}

// of is a weight's part of a vector.
func of(w *spec.Weight, all []float32) []float32 { return all[w.Offset : w.Offset+w.Size()] }

func flatInputs(n *network) [][]float32 {
	var inputs [][]float32
	for _, x := range n.Inputs {
		inputs = append(inputs, slices.Clone(x.Values))
	}
	return inputs
}
