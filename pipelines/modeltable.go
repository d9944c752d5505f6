package pipelines

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/weights"
)

// A storedModel is what an architecture table or a model table holds of one model.
type storedModel struct {
	arch    []byte // Keras JSON, as stored
	spec    *keras.Spec
	weights []float32 // P; nil: none
}

// modelSchema is that of a model table: one row.
var modelSchema = table.Schema{
	{Name: "model_weights", Type: table.BytesType},
	{Name: "model_arch", Type: table.JSONType},
}

// newArchitecture is a model without weights, of the Keras JSON of an argument.
func newArchitecture(arch []byte) (*storedModel, error) {
	if len(bytes.TrimSpace(arch)) == 0 {
		return nil, errors.New("the model's JSON is empty")
	}
	if bytes.IndexByte(arch, 0) >= 0 {
		return nil, errors.New("the model's JSON holds a zero byte")
	}
	text, err := keras.Text(arch)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	m, err := newStoredModel(text, nil)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return m, nil
}

// newStoredModel parses the architecture and checks that the weights, where there are any, are its own.
func newStoredModel(arch, data []byte) (*storedModel, error) {
	spec, err := keras.Parse(arch)
	if err != nil {
		return nil, err
	}
	m := &storedModel{arch: arch, spec: spec}
	return m, m.addWeights(data)
}

// addWeights gives the model weights in MADlib's byte form; nil: none.
func (m *storedModel) addWeights(data []byte) (err error) {
	if data != nil {
		m.weights, err = weights.Decode(m.spec, data)
	}
	return err
}

// readModel reads a model table.
func readModel(ctx context.Context, store table.Store, text string) (*storedModel, error) {
	snap, err := openInput(ctx, store, "model", text)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	name := snap.Info().Name
	if snap.Info().Schema.Index("mst_key") >= 0 {
		return nil, fmt.Errorf("model table: %w", &table.TableError{Table: name, Err: errors.New("holds several models (it has a column mst_key); expected the output of fit")})
	}
	b, err := readAll(ctx, store, snap, modelSchema.Names())
	if err != nil {
		return nil, err
	}
	if b.Rows != 1 {
		return nil, fmt.Errorf("model table: %w", &table.TableError{Table: name, Err: fmt.Errorf("has %d rows; a model table has one", b.Rows)})
	}
	m, err := storedAt(b, 0)
	if err == nil && m.weights == nil {
		err = fmt.Errorf("column %q: %w", "model_weights", &table.NullError{})
	}
	if err != nil {
		return nil, fmt.Errorf("model table: %w", &table.TableError{Table: name, Err: err})
	}
	return m, nil
}

// storedAt is the model in row i of the columns model_arch and model_weights. Weights of no bytes are none, as in MADlib.
func storedAt(b *table.Batch, i int) (*storedModel, error) {
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
	return newStoredModel([]byte(arch), data)
}

// isNull tells whether a value is NULL, of the error of who reads it.
func isNull(err error) bool {
	null := (*table.NullError)(nil)
	return errors.As(err, &null) && null.Element == 0
}
