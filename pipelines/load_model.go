package pipelines

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// LoadModel adds a model to an architecture table, which it creates where there is none, and returns the model's id: one
// more than the highest there, or 1. The JSON is checked whole and stored as it is, but for the dimensions of inputs that it leaves open,
// and without what is around the JSON (see keras.Text); weights must have the length that the architecture needs.
func LoadModel(ctx context.Context, env Env, opt LoadModelOptions) (int, error) {
	j, err := env.begin(ctx, "load-model")
	if err != nil {
		return 0, err
	}
	defer j.End()
	name, err := tables.ParseName("architecture", opt.ArchTable)
	if err != nil {
		return 0, err
	}
	if opt.Weights != nil && opt.WeightsFrom != "" {
		return 0, argument.Errorf("weights are given twice: as bytes and from a model table")
	}
	if opt.Replace && (opt.Name == nil || *opt.Name == "") {
		return 0, argument.Errorf("a model takes the place of the one that has its name, and this one has none")
	}
	if opt.InputShapes != nil {
		if opt.Arch, err = keras.Build(opt.Arch, opt.InputShapes); err != nil {
			return 0, argument.Data(fmt.Errorf("model: %w", err))
		}
	}
	given, err := tables.ModelOfJSON(opt.Arch)
	if err != nil {
		return 0, argument.Data(err)
	}
	opt.Arch = given.Arch
	data := opt.Weights
	if err := given.AddWeights(data); err != nil {
		return 0, argument.Data(fmt.Errorf("model: %w", err))
	}
	if opt.WeightsFrom != "" {
		from, err := tables.ReadModel(ctx, j.Store, opt.WeightsFrom)
		if err != nil {
			return 0, fmt.Errorf("weights: %w", err)
		}
		if err := given.CheckSameTexts(from, "model "+opt.WeightsFrom); err != nil {
			return 0, fmt.Errorf("weights: %w", err)
		}
		data = weights.Encode(from.Weights)
		if err := given.AddWeights(data); err != nil {
			return 0, fmt.Errorf("model: %w", err)
		}
	}
	return tables.AddArchitecture(ctx, j.Store, name, tables.Architecture{
		Arch: opt.Arch, Weights: data, Name: opt.Name, Description: opt.Description,
	}, opt.Replace)
}

// DeleteModel removes a model from an architecture table, and the table with its last model.
func DeleteModel(ctx context.Context, env Env, opt DeleteModelOptions) error {
	j, err := env.begin(ctx, "delete-model")
	if err != nil {
		return err
	}
	defer j.End()
	return tables.DeleteArchitecture(ctx, j.Store, opt.ArchTable, opt.ID)
}
