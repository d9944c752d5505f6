package pipelines

import (
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

// newStoredModel parses the architecture and checks that the weights, where there are any, are its own.
func newStoredModel(arch, data []byte) (*storedModel, error) {
	spec, err := keras.Parse(arch)
	if err != nil {
		return nil, err
	}
	m := &storedModel{arch: arch, spec: spec}
	if data != nil {
		if m.weights, err = weights.Decode(spec, data); err != nil {
			return nil, err
		}
	}
	return m, nil
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
		err = errors.New("model_weights is NULL")
	}
	if err != nil {
		return nil, fmt.Errorf("model table: %w", &table.TableError{Table: name, Err: err})
	}
	return m, nil
}

// storedAt is the model in row i of the columns model_arch and model_weights. Weights of no bytes are none, as in MADlib.
func storedAt(b *table.Batch, i int) (*storedModel, error) {
	arch, err := textOf(b, i, "model_arch")
	if err != nil {
		return nil, err
	}
	if arch == nil {
		return nil, errors.New("model_arch is NULL")
	}
	data, err := bytesOf(b, i, "model_weights")
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		data = nil
	}
	return newStoredModel([]byte(*arch), data)
}

// bytesOf is the value of a bytea column, nil for NULL.
func bytesOf(b *table.Batch, row int, column string) ([]byte, error) {
	v := b.Col(column)
	if v.Type.Kind != table.Bytes || v.Type.Array {
		return nil, fmt.Errorf("column %q has type %s, expected bytea", column, v.Type)
	}
	if v.IsNull(row) {
		return nil, nil
	}
	return v.Bytes[row], nil
}

// textOf is the value of a text, json or other column held as text, nil for NULL.
func textOf(b *table.Batch, row int, column string) (*string, error) {
	v := b.Col(column)
	if v.Type.Array || v.Type.Kind != table.Text && v.Type.Kind != table.Other {
		return nil, fmt.Errorf("column %q has type %s, expected text", column, v.Type)
	}
	if v.IsNull(row) {
		return nil, nil
	}
	return &v.Strings[row], nil
}
