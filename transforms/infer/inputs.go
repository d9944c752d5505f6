package infer

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
)

// CheckArray reports a column that holds no arrays of numbers, and so cannot be an input as it is.
func CheckArray(c table.Column) error {
	if !c.Type.Array || !c.Type.IsNumber() {
		return fmt.Errorf("column %q has type %s; the model's input needs an array of numbers", c.Name, c.Type)
	}
	return nil
}

// FitShapes gives features that are arrays the shape that they have in a row, the first one of the table. It may have a last dimension
// of 1 more than the model's input, or less; where it has any other shape, the feature keeps that of the input, for the error of the row.
func (plan *Plan) FitShapes(b *table.Batch, row int) {
	for k, f := range plan.Features {
		if f.Variable != nil || b.Col(f.Column).IsNull(row) {
			continue
		}
		shape := b.Col(f.Column).Shape(row)
		if _, err := keras.RowShape(f.Shape, shape); err == nil {
			plan.Features[k].Shape = slices.Clone(shape)
		}
	}
}

// Inputs are the model's inputs for the rows of a batch, which begins with the table's first row: per feature rows x D values.
func (plan *Plan) Inputs(b *table.Batch) ([][]float32, error) {
	r, err := plan.newInputs()
	if err != nil {
		return nil, err
	}
	return r.of(b, numbers{})
}
