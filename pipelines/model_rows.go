package pipelines

import (
	"context"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
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
	if rows == nil {
		return nil, argument.Errorf("there are no rows: the batch is nil")
	}
	if err := rows.Check(); err != nil {
		return nil, argument.Of(table.OfTable(rowsName, err))
	}
	flat, err := m.inputs(rows)
	if err != nil {
		return nil, argument.Of(err)
	}
	return m.run(ctx, flat, rows.Rows)
}

// rowsName is the name that errors call rows by that lie in no table.
var rowsName = table.Name{Table: "rows"}

// inputs are those of the network for all rows, made as the job Predict makes them.
func (m *Model) inputs(rows *table.Batch) ([][]float32, error) {
	plan := infer.Plan{Table: rowsName, Normalize: m.Normalize}
	for i, in := range m.Inputs {
		f := infer.Feature{Column: in.Column, Shape: in.Shape, Variable: m.made[i], Scale: tables.ScaleOf(m.Normalize)}
		if err := checkFeature(f, rows.Schema); err != nil {
			return nil, err
		}
		plan.Features = append(plan.Features, f)
	}
	if rows.Rows > 0 {
		plan.FitShapes(rows, 0)
	}
	return plan.Inputs(rows)
}

// checkFeature reports columns that an input cannot be made of.
func checkFeature(f infer.Feature, schema table.Schema) error {
	if v := f.Variable; v != nil {
		if err := tables.CheckMade(v, f.Shape); err != nil {
			return err
		}
		return table.OfTable(rowsName, v.Match(schema))
	}
	column, err := schema.Select([]string{f.Column})
	if err == nil {
		err = infer.CheckArray(column[0])
	}
	return table.OfTable(rowsName, err)
}
