package pipelines

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/infer"
)

// PredictRows is Predict for rows with the columns of the training rows: those of Model.Inputs, in any order and beside others. What was
// learned of feature columns is applied to them.
//
// A column that is not there, one of another type, and a value that the training rows would not have had either, such as an unknown category, are
// *ArgumentError, as in Predict, around a *table.ColumnError or *table.ValueError of a table that is called rows.
func (m *Model) PredictRows(ctx context.Context, rows *table.Batch) ([][]Prediction, error) {
	if m.refused != nil {
		return nil, m.refused
	}
	flat := make([][]float32, len(m.Inputs))
	for i := range m.Inputs {
		var err error
		if flat[i], err = m.input(i, rows); err != nil {
			return nil, argument.Of(err)
		}
	}
	return m.run(ctx, flat, rows.Rows)
}

// rowsName is the name that errors call rows by that lie in no table.
var rowsName = table.Name{Table: "rows"}

// input is input i of the network for all rows.
func (m *Model) input(i int, rows *table.Batch) ([]float32, error) {
	shape := m.Inputs[i].Shape
	v, scale := m.made[i], tables.ScaleOf(m.Normalize)
	if v == nil {
		column, err := rows.Schema.Select([]string{m.Inputs[i].Column})
		if err != nil {
			return nil, tables.OfTable(rowsName, err)
		}
		if t := column[0].Type; !t.Array || !t.IsNumber() {
			return nil, tables.OfTable(rowsName, fmt.Errorf("column %q has type %s; the model's input needs an array of numbers", column[0].Name, t))
		}
		v, scale = &features.Variable{Name: "array", Columns: []features.Column{{Name: column[0].Name, Type: column[0].Type.SQL, Shape: shape}}}, 1
	} else if err := tables.CheckMade(v, shape); err != nil {
		return nil, err
	}
	if err := v.Match(rows.Schema); err != nil {
		return nil, tables.OfTable(rowsName, err)
	}
	encoder, err := features.NewEncoder(v, scale)
	if err != nil {
		return nil, err
	}
	values, err := encoder.Encode(nil, rows, rowsName, 0)
	if err != nil || m.made[i] != nil {
		return values, err
	}
	return infer.AppendFeatures(values[:0], values, m.Normalize)
}
