package tables

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/weights"
)

// A Model is what an architecture table or a model table holds of one model.
type Model struct {
	Arch    []byte // Keras JSON, as stored
	Spec    *keras.Spec
	Weights []float32 // P; nil: none

	// Where the network leaves dimensions of its inputs open, there is no spec yet; see Built. data are the weights then, nil: none.
	Open *keras.OpenError
	data []byte
}

// Built is the model with the shapes of the rows of its inputs, where it leaves dimensions open.
func (m *Model) Built(shapes func() ([][]int, error)) (*Model, error) {
	if m.Open == nil {
		return m, nil
	}
	rows, err := shapes()
	if err != nil {
		return nil, err
	}
	arch, err := keras.Build(m.Arch, rows)
	if err != nil {
		return nil, fmt.Errorf("the rows: %w", err)
	}
	return newModel(arch, m.data)
}

// InPrecision is the model with the policy of that name for all its layers; "": its own.
func (m *Model) InPrecision(name string) (*Model, error) {
	if name == "" {
		return m, nil
	}
	p, err := keras.ParsePrecision(name)
	if err != nil {
		return nil, err
	}
	out := *m
	if out.Arch, err = keras.SetPrecision(m.Arch, p); err != nil {
		return nil, err
	}
	if m.Open == nil {
		out.Spec, err = keras.Parse(out.Arch)
	}
	return &out, err
}

// ModelSchema is that of a model table: one row.
var ModelSchema = table.Schema{
	{Name: "model_weights", Type: table.BytesType},
	{Name: "model_arch", Type: table.JSONType},
}

// ModelOfJSON is a model without weights, of the Keras JSON of an argument.
func ModelOfJSON(arch []byte) (*Model, error) {
	if len(bytes.TrimSpace(arch)) == 0 {
		return nil, errors.New("the model's JSON is empty")
	}
	text, err := keras.Text(arch)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("the model's JSON holds a zero byte")
	}
	m, err := newModel(text, nil)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return m, nil
}

// newModel parses the architecture and checks that the weights, where there are any, are its own.
func newModel(arch, data []byte) (*Model, error) {
	spec, err := keras.Parse(arch)
	if open := (*keras.OpenError)(nil); errors.As(err, &open) {
		return &Model{Arch: arch, Open: open, data: data}, nil
	}
	if err != nil {
		return nil, err
	}
	m := &Model{Arch: arch, Spec: spec}
	return m, m.AddWeights(data)
}

// AddWeights gives the model weights in MADlib's byte form, which may become its vector as they are; nil: none.
func (m *Model) AddWeights(data []byte) (err error) {
	switch {
	case data == nil:
		if m.Open == nil && m.Spec.NumWeights == 0 {
			m.Weights = []float32{} // all that it has
		}
		return nil
	case m.Open == nil:
		m.Weights, err = weights.Take(m.Spec, data)
		return err
	}
	with := *m
	with.data = data
	_, err = with.Sized()
	return err
}

// Sized is the model with some sizes in the place of the dimensions that it leaves open, for whoever needs its weights: neither their
// number nor their shapes depend on the sizes of images or sequences. Without weights such a model has no spec.
func (m *Model) Sized() (*Model, error) {
	if m.Open == nil || m.data == nil {
		return m, nil
	}
	spec, _, err := keras.ParseOpen(m.Arch)
	if err == nil && spec == nil {
		err = fmt.Errorf("%w; the weights need them", m.Open)
	}
	if err != nil {
		return nil, err
	}
	vector, err := weights.Take(spec, m.data)
	return &Model{Arch: m.Arch, Spec: spec, Open: m.Open, Weights: vector}, err
}

// ReadModel reads a model table.
func ReadModel(ctx context.Context, store table.Store, text string) (*Model, error) {
	snap, err := OpenInput(ctx, store, "model", text)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	name := snap.Info().Name
	if snap.Info().Schema.Index("mst_key") >= 0 {
		return nil, fmt.Errorf("model table: %w", &table.TableError{Table: name, Err: errors.New("holds several models (it has a column mst_key); expected the output of fit")})
	}
	b, err := ReadAll(ctx, store, snap, ModelSchema.Names())
	if err != nil {
		return nil, err
	}
	if b.Rows != 1 {
		return nil, fmt.Errorf("model table: %w", &table.TableError{Table: name, Err: fmt.Errorf("has %d rows; a model table has one", b.Rows)})
	}
	m, err := storedAt(b, 0)
	if err == nil && m.Open != nil {
		err = m.Open
	}
	if err == nil && m.Weights == nil {
		err = fmt.Errorf("column %q: %w", "model_weights", &table.NullError{})
	}
	if err != nil {
		return nil, fmt.Errorf("model table: %w", &table.TableError{Table: name, Err: err})
	}
	return m, nil
}

// storedAt is the model in row i of the columns model_arch and model_weights. Weights of no bytes are none, as in MADlib.
func storedAt(b *table.Batch, i int) (*Model, error) {
	arch, err := b.Col("model_arch").Text(i)
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", "model_arch", err)
	}
	data, err := b.Col("model_weights").Binary(i)
	if err != nil && !isNull(err) {
		return nil, fmt.Errorf("column %q: %w", "model_weights", err)
	}
	if len(data) == 0 {
		data = nil
	}
	return newModel([]byte(arch), data)
}

// isNull tells whether a value is NULL, of the error of who reads it.
func isNull(err error) bool {
	null := (*table.NullError)(nil)
	return errors.As(err, &null) && null.Element == 0
}
