package pipelines

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/features"
)

// checkArch checks the arguments of the model that rows are packed for.
func (opt PreprocessOptions) checkArch() error {
	switch {
	case opt.ArchTable == "" && opt.ID != 0:
		return argument.Errorf("model_id %d: the architecture table is missing", opt.ID)
	case opt.ArchTable != "" && opt.Like != "":
		return argument.Errorf("how text becomes numbers comes from the training table; an architecture table cannot be given beside it")
	}
	return nil
}

// readArchInputs reads the inputs of that model; nil: the options name none.
func readArchInputs(ctx context.Context, store table.Store, opt PreprocessOptions) ([]features.ModelInput, error) {
	if opt.ArchTable == "" {
		return nil, nil
	}
	m, err := tables.ReadArchitecture(ctx, store, opt.ArchTable, opt.ID)
	if err != nil {
		return nil, err
	}
	inputs, err := m.Inputs()
	if err != nil {
		return nil, tables.OfModel(opt.ArchTable, opt.ID, err)
	}
	return inputs, nil
}

// resolve finds the columns of a list in the source.
func (p *packJob) resolve(list features.List, except []string) ([]features.Input, error) {
	if p.arch == nil {
		return list.Resolve(p.snap.Info().Schema, except)
	}
	return list.ResolveFor(p.arch, p.snap.Info().Schema, except)
}

// checkInputShapes compares the shapes of rows with those that the model takes. The width of variables that have to learn is known once they have.
func (p *packJob) checkInputShapes(learned bool) error {
	if p.arch == nil {
		return nil
	}
	for i, c := range p.independents {
		shape := c.shape
		if c.made != nil {
			if !learned && features.Learns([]features.Variable{*c.made}) {
				continue
			}
			shape = c.made.Shape()
		}
		in := p.arch[i]
		if _, err := keras.RowShape(in.Shape, shape); err != nil {
			what := table.Quote(c.Name)
			if c.made != nil {
				what = c.made.String()
			}
			return fmt.Errorf("input %q of the model: the rows of %s have %w", in.Name, what, err)
		}
	}
	return nil
}
