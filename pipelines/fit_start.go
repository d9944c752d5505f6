package pipelines

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/model/initializer"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// startWeights are the weights before the first iteration: those of the existing model for a warm start, else those of
// the architecture table (transfer learning), else drawn by the layers' initializers.
func (f *fit) startWeights(ctx context.Context) ([]float32, error) {
	if !f.opt.WarmStart {
		if f.stored.Weights == nil {
			return initializer.Fill(f.stored.Spec, f.opt.Seed), nil
		}
		return f.stored.Weights, nil
	}
	old, err := tables.ReadModel(ctx, f.Store, f.opt.Model)
	if err != nil {
		return nil, fmt.Errorf("warm start: %w", err)
	}
	if err := f.stored.CheckSameTexts(old, "model "+f.target.String()); err != nil {
		return nil, fmt.Errorf("warm start: %w", err)
	}
	if spec, n := f.stored.Spec, len(old.Weights); n != spec.NumWeights {
		return nil, fmt.Errorf("warm start from model %s: %w", f.target, &weights.LengthError{Model: spec.Name, Want: spec.NumWeights, Bytes: 4 * n})
	}
	return old.Weights, nil
}
