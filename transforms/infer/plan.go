package infer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/holdout"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// A Plan says how the rows of a table are predicted. It can be encoded as JSON, and holds no secret.
type Plan struct {
	// Model is the model, and Weights the box where its weights are, under average.Key.
	Model   recipe.Model
	Weights collect.Box
	// Ref addresses the store.
	Ref string
	// Table is the table that is read, for errors.
	Table table.Name
	// ID is the id column with its type, or where Numbered a column of the output with the number of the row in the table, from 1.
	ID       table.Column
	Numbered bool
	// Only are the rows that are predicted: those that are held; nil: all.
	Only *holdout.Choice `json:",omitempty"`
	// Features are the model's inputs, in their order.
	Features []Feature
	// Normalize divides every feature of arrays.
	Normalize float32
	// Outputs describe the model's outputs, in their order.
	Outputs []Output
	Choice  Choice
	// Output is the table.Output, whose table 0 has the schema of Schema.
	Output string
}

// A Feature is an input of the model: a column of arrays that all have the Shape of the model's input, or what Variable makes of columns.
type Feature struct {
	Column   string
	Shape    []int
	Variable *features.Variable
	// Scale multiplies what Variable makes, as it did when the training rows were packed.
	Scale float32
}

// An Output is one output of the model: Name is the dependent variable, Classes has K entries, nil for NULL and padding. Where
// Numbers is not 0, there are no classes: the model's output, of so many numbers, is the label, or where Frames is not 0 as well it
// is scores of classes in so many frames, which spell the label. Second: the output is one number that tells how probable the second of two
// classes is.
type Output struct {
	Name    string
	Classes []*string
	Numbers int
	Frames  int
	Second  bool
	// Score is what the numbers are of which classes have one.
	Score Score
	// Shape is that of the label where the output has several dimensions. With fewer elements than Numbers it has the classes of the
	// steps: of each the best of those that the output's last dimension holds, or that Second tells of its one number, as one of Classes, or
	// without these its number.
	Shape []int `json:",omitempty"`
}

// Width is the number of elements of the output.
func (o Output) Width() int {
	switch {
	case o.Numbers > 0:
		return o.Numbers
	case o.Second:
		return 1
	}
	return len(o.Classes)
}

// Check reports a choice that numbers do not have.
func (plan *Plan) Check() error {
	for _, o := range plan.Outputs {
		if o.Numbers > 0 && (plan.Choice.Above != nil || plan.Choice.Top > 0 && !plan.Choice.NoRank) {
			return fmt.Errorf("the labels of %q are numbers, which have no probabilities or ranks to choose by; expected the prediction type response or prob", o.Name)
		}
	}
	return nil
}

// Schema is that of the rows that the plan writes.
func (plan *Plan) Schema() table.Schema {
	s := table.Schema{
		plan.ID,
		{Name: "class_name", Type: table.TextType},
		{Name: "class_value", Type: table.TextType},
		{Name: "prob", Type: table.Float64Type},
	}
	if !plan.Choice.NoRank {
		s = append(s, table.Column{Name: "rank", Type: table.Int32Type})
	}
	return s
}

// ReadOptions read the columns that the plan needs, in batches whose inputs and outputs are bounded.
func (plan *Plan) ReadOptions() table.ReadOptions {
	var reads features.Reads
	if !plan.Numbered {
		reads.Values(plan.ID.Name)
	}
	for _, f := range plan.Features {
		if f.Variable == nil {
			reads.Array(f.Column)
		} else {
			reads.Variable(f.Variable)
		}
	}
	for _, o := range plan.Outputs {
		reads.Numbers(o.Width())
	}
	return reads.Options()
}

// RowNumber is the id of rows that have none: their number.
var RowNumber = table.Column{Name: "row_number", Type: table.Int64Type}

// Rows is how many of n rows are predicted.
func (plan *Plan) Rows(n int64) int64 {
	if plan.Only != nil {
		_, n = plan.Only.Counts()
	}
	return n
}

// ids are the ids of the rows of a batch. memory is for those of a plan that numbers its rows.
func (plan *Plan) ids(b *table.Batch, rows numbers, memory *table.Vector) *table.Vector {
	if !plan.Numbered {
		return b.Col(plan.ID.Name)
	}
	memory.Type, memory.Int64s = plan.ID.Type, memory.Int64s[:0]
	for i := range b.Rows {
		memory.Int64s = append(memory.Int64s, rows.at(i)+1)
	}
	return memory
}

// An inputReader makes the model's inputs of batches. It keeps its memory from batch to batch.
type inputReader struct {
	plan     *Plan
	encoders []*features.Encoder    // nil where a column is the input
	arrays   []features.ArrayReader // of such columns
	inputs   [][]float32
}

func (plan *Plan) newInputs() (*inputReader, error) {
	n := len(plan.Features)
	r := &inputReader{plan: plan, encoders: make([]*features.Encoder, n), arrays: make([]features.ArrayReader, n), inputs: make([][]float32, n)}
	for i, f := range plan.Features {
		if f.Variable == nil {
			continue
		}
		var err error
		if r.encoders[i], err = features.NewEncoder(f.Variable, f.Scale); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// another is a reader for another goroutine. It shares what may be large: categories and texts.
func (r *inputReader) another() *inputReader {
	n := len(r.inputs)
	other := &inputReader{plan: r.plan, encoders: slices.Clone(r.encoders), arrays: make([]features.ArrayReader, n), inputs: make([][]float32, n)}
	for i, e := range other.encoders {
		if e != nil {
			other.encoders[i] = e.Another()
		}
	}
	return other
}

// of is the features of a batch that was read with ReadOptions: per feature rows x D values, those of arrays divided by the normalizing
// constant. They are valid until the next call.
func (r *inputReader) of(b *table.Batch, rows numbers) ([][]float32, error) {
	inputs, err := r.make(b)
	if bad := (*table.ValueError)(nil); errors.As(err, &bad) {
		bad.Row = rows.at(int(bad.Row-1)) + 1
	}
	return inputs, err
}

// make is of, where the row of a *table.ValueError is counted in the batch.
func (r *inputReader) make(b *table.Batch) (_ [][]float32, err error) {
	plan := r.plan
	for i, f := range plan.Features {
		if r.encoders[i] != nil {
			if r.inputs[i], err = r.encoders[i].Encode(r.inputs[i], b, plan.Table, 0); err != nil {
				return nil, err
			}
			continue
		}
		v, err := r.arrays[i].Of(b, f.Column, plan.Table, 0)
		if err != nil {
			return nil, err
		}
		dst := r.inputs[i][:0]
		for row := range b.Rows {
			first, last, err := v.Shaped(row, f.Shape, "the model's input")
			if err == nil {
				dst, err = AppendFeatures(dst, v.Float32s[first:last], plan.Normalize)
			}
			if err != nil {
				return nil, &table.ValueError{Table: plan.Table, Column: f.Column, Row: int64(row) + 1, Err: err}
			}
		}
		r.inputs[i] = dst
	}
	return r.inputs, nil
}

// AppendFeatures appends the features of a row, divided by the normalizing constant in float32. They must be finite, before and after.
func AppendFeatures(dst, row []float32, normalize float32) ([]float32, error) {
	for k, x := range row {
		y := x / normalize
		if y-y != 0 {
			return dst, features.NotFinite(k, x)
		}
		dst = append(dst, y)
	}
	return dst, nil
}
