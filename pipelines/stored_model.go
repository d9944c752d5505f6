package pipelines

import (
	"context"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// A StoredModel is a model as a table keeps it.
type StoredModel struct {
	Arch    []byte // Keras' JSON
	Spec    *keras.Spec
	Weights []float32 // in the order of get_weights; nil: none
	// Open are the dimensions of inputs that the model leaves open; nil: none. Spec has some sizes in their place then, on which no weights
	// depend, and is nil where there are no weights.
	Open *keras.OpenError
}

// ReadModel reads a model from its model table, or the one of an ID from an architecture table. It needs no summary, unlike OpenModel.
func ReadModel(ctx context.Context, store table.Store, name string, id *int) (*StoredModel, error) {
	if store == nil {
		return nil, argument.ErrNoStore
	}
	var m *tables.Model
	var err error
	if id != nil {
		m, err = tables.ReadArchitecture(ctx, store, name, *id)
	} else if err = refuseArchitectures(ctx, store, name); err == nil {
		m, err = tables.ReadModel(ctx, store, name)
	}
	if err != nil {
		return nil, err
	}
	if m, err = m.Sized(); err != nil { // those of model tables leave nothing open
		return nil, tables.OfModel(name, *id, err)
	}
	return &StoredModel{Arch: m.Arch, Spec: m.Spec, Weights: m.Weights, Open: m.Open}, nil
}

// refuseArchitectures refuses an architecture table that is given as a model table.
func refuseArchitectures(ctx context.Context, store table.Store, text string) error {
	snap, err := tables.OpenInput(ctx, store, "model", text)
	if err != nil {
		return err
	}
	defer snap.Close()
	if name := snap.Info().Name; snap.Info().Schema.Index("model_id") >= 0 {
		return argument.Errorf("%s is an architecture table: the id of the model must be given", name)
	}
	return nil
}
