package inference

import (
	"context"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/features"
)

// FindTexts finds the inputs of a model that takes text among the columns of the test table, by a list as preprocess takes it. The layers of the model
// say what becomes of text, and nothing else can be learned here. scaled: features are to be divided by a constant, which indices of text
// cannot be. For other models it does nothing.
func (p *Prediction) FindTexts(ctx context.Context, independent string, scaled bool) error {
	model, err := p.Model.Inputs()
	if err != nil || !tables.TakeText(model) {
		return err
	}
	if scaled {
		return argument.Errorf("a normalizing constant would divide the numbers of text, which the model takes")
	}
	list, err := features.ParseList(independent)
	if err != nil {
		return argument.Errorf("independent variables: %w", err)
	}
	info := p.test.Info()
	if p.listed, err = list.ResolveFor(model, info.Schema, nil); err != nil {
		return fmt.Errorf("independent variables: %w", table.OfTable(info.Name, err))
	}
	for _, in := range p.listed {
		if v := in.Variable; v != nil && features.Learns([]features.Variable{*v}) {
			return argument.Errorf("independent variables: %s is learned from training rows; like names their table, or a model of them", v)
		}
	}
	return p.readShapes(ctx)
}

// readShapes reads the shapes of arrays that variables are made from.
func (p *Prediction) readShapes(ctx context.Context) error {
	var arrays []*features.Column
	opt := table.ReadOptions{Columns: []string{}}
	for _, in := range p.listed {
		for i := 0; in.Variable != nil && i < len(in.Variable.Columns); i++ {
			if c := &in.Variable.Columns[i]; c.IsArray() {
				arrays = append(arrays, c)
				opt.Columns = append(opt.Columns, c.Name)
			}
		}
	}
	if len(arrays) == 0 {
		return nil
	}
	slices.Sort(opt.Columns)
	opt.Columns = slices.Compact(opt.Columns)
	return tables.AtRow(ctx, p.Store, p.test, opt, 0, func(b *table.Batch, row int) error {
		for _, c := range arrays {
			var err error
			if c.Shape, err = tables.ArrayShape(b.Col(c.Name), row); err != nil {
				return &table.ValueError{Table: p.test.Info().Name, Column: c.Name, Row: 1, Err: err}
			}
		}
		return nil
	})
}
