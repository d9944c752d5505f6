package inference

import (
	"context"
	"fmt"

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
	var arrays []tables.ArrayColumn
	for _, in := range p.listed {
		if in.Variable != nil {
			arrays = append(arrays, tables.ArraysOf(in.Variable)...)
		}
	}
	return tables.ReadShapes(ctx, p.Store, p.test, arrays)
}
