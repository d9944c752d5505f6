package tables

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/packed"
)

// Packed is a packed table that is open, with what its summary says.
type Packed struct {
	What      string // what it is to the job
	Snap      table.Snapshot
	closed    sync.Once
	Variables Variables
	labels    []buffer.Variable // once it is open
}

// OpenPacked opens a packed table and reads its summary. Close closes it.
func OpenPacked(ctx context.Context, store table.Store, what, text string) (*Packed, error) {
	snap, err := OpenInput(ctx, store, what, text)
	if err != nil {
		return nil, err
	}
	p := &Packed{What: what, Snap: snap}
	name, err := ParseName(what, text)
	if err == nil {
		var summary *table.Batch
		if summary, p.Variables, err = ReadSummary(ctx, store, what, name); err == nil {
			err = CheckFormat(summary, name.WithSuffix(SummarySuffix))
		} else if of := (*table.TableError)(nil); errors.As(err, &of) && errors.Is(of, table.ErrNotExist) {
			err = fmt.Errorf("%s table: table %s is not packed: run preprocess first (%w)", what, snap.Info().Name, of)
		}
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	for _, vs := range [][]Variable{p.Variables.Independents, p.Variables.Dependents} {
		for i := range vs {
			vs[i].resolve(snap.Info().Schema)
		}
	}
	if w := p.Variables.Weight; w != nil {
		w.resolve(snap.Info().Schema)
	}
	return p, nil
}

// CheckFormat refuses a packed table of a form that is not known. A summary that records none is of the first.
func CheckFormat(summary *table.Batch, name table.Name) error {
	v := summary.Col(FormatColumn)
	if v == nil {
		return nil
	}
	format, err := v.Int(0)
	if err != nil {
		return OfColumn(name, FormatColumn, err)
	}
	if err := packed.CheckFormat(int(format)); err != nil {
		return &table.TableError{Table: name, Err: err}
	}
	return nil
}

// CheckClasses is that of the variables, for an error about the table.
func (p *Packed) CheckClasses(trained Variables, what string) error {
	if err := trained.checkClasses(what, p.Variables, "it"); err != nil {
		return fmt.Errorf("%s table: %w", p.What, &table.TableError{Table: p.Snap.Info().Name, Err: err})
	}
	return nil
}

// Close ends the snapshot. It may be called again, and from several goroutines.
func (p *Packed) Close() {
	p.closed.Do(func() { _ = p.Snap.Close() })
}

// CheckColumns checks that the table has the columns that its summary names.
func (p *Packed) CheckColumns() error {
	var l buffer.Layout
	for _, v := range p.Variables.Independents {
		l.Inputs = append(l.Inputs, buffer.Variable{Name: v.Column})
	}
	for _, v := range p.Variables.Dependents {
		l.Labels = append(l.Labels, buffer.Variable{Name: v.Column})
	}
	if w := p.Variables.Weight; w != nil {
		l.Labels = append(l.Labels, buffer.Variable{Name: w.Column})
	}
	if err := packed.Check(p.Snap.Info(), l); err != nil {
		return fmt.Errorf("%s table: %w", p.What, err)
	}
	return nil
}

// Shards finds the shards of the table, called set in the run, and checks the shapes of the independent variables against the model's
// inputs. The dependent variables are its outputs; CheckLabels tells whether the losses take them. Both go by position.
func (p *Packed) Shards(ctx context.Context, store table.Store, set string, spec *keras.Spec, partitions int) (*dataset.Set, error) {
	var l buffer.Layout
	var err error
	if l.Inputs, err = p.match("input", spec, spec.Inputs, "independent", p.Variables.Independents); err != nil {
		return nil, err
	}
	if l.Labels, err = p.match("output", spec, spec.Outputs, "dependent", p.Variables.Dependents); err != nil {
		return nil, err
	}
	if err := p.describeLabels(ctx, store, l.Labels); err != nil {
		return nil, fmt.Errorf("%s table: %w", p.What, err)
	}
	// Rows may have a last dimension of 1 more than the input, or less.
	for i, v := range l.Inputs {
		if shape, err := RowShape(ctx, store, p.Snap, v.Name); err == nil {
			if _, err := keras.RowShape(v.Shape, shape); err == nil {
				l.Inputs[i].Shape = shape
			}
		}
	}
	p.labels = l.Labels
	if w := p.Variables.Weight; w != nil {
		l.Labels = append(slices.Clip(l.Labels), buffer.Variable{Name: w.Column, Shape: []int{1}, Numeric: true})
		l.Weighted = true
	}
	shards, err := dataset.Open(ctx, set, store, p.Snap, l, partitions)
	if err != nil {
		return nil, fmt.Errorf("%s table: %w", p.What, err)
	}
	return shards, nil
}

// describeLabels finds the width of the labels, which is the loss's affair and need not be the output's, and whether they are
// numeric.
func (p *Packed) describeLabels(ctx context.Context, store table.Store, labels []buffer.Variable) error {
	for i, v := range p.Variables.Dependents {
		shape, err := RowShape(ctx, store, p.Snap, v.Column)
		if err != nil {
			return err
		}
		labels[i].Numeric, labels[i].Shape = v.Numeric, shape
	}
	return nil
}

// CheckLabels checks that the model can be trained or evaluated with the labels; their values are checked when they are read.
func (p *Packed) CheckLabels(m *trainer.Model, classWeight bool) error {
	var labels []trainer.Label
	for _, v := range p.labels {
		l := trainer.Label{Width: v.Size(), Numeric: v.Numeric}
		if !v.Numeric {
			l.Steps = buffer.SizeOf(v.Shape[:len(v.Shape)-1])
		}
		labels = append(labels, l)
	}
	if err := m.CheckLabels(labels, classWeight); err != nil {
		if of := (*trainer.LabelError)(nil); errors.As(err, &of) {
			err = fmt.Errorf("column %q: %w", p.labels[of.Output].Name, err)
		}
		return fmt.Errorf("%s table: %w", p.What, &table.TableError{Table: p.Snap.Info().Name, Err: err})
	}
	return nil
}

// InputShapes are the shapes of the rows of the independent variables.
func (p *Packed) InputShapes(ctx context.Context, store table.Store) ([][]int, error) {
	var shapes [][]int
	for _, v := range p.Variables.Independents {
		shape, err := RowShape(ctx, store, p.Snap, v.Column)
		if err != nil {
			return nil, fmt.Errorf("%s table: %w", p.What, err)
		}
		shapes = append(shapes, shape)
	}
	return shapes, nil
}

// match pairs variables with the model's inputs or outputs and gives them their shapes.
func (p *Packed) match(end string, spec *keras.Spec, tensors []int, kind string, vs []Variable) ([]buffer.Variable, error) {
	if len(tensors) != len(vs) {
		return nil, fmt.Errorf("the model has %s; the %s table %s has %s (%s)", Count(len(tensors), end),
			p.What, p.Snap.Info().Name, Count(len(vs), kind+" variable"), table.QuoteAll(columnsOf(vs)))
	}
	var out []buffer.Variable
	for i, v := range vs {
		out = append(out, buffer.Variable{Name: v.Column, Shape: spec.Tensors[tensors[i]].Shape})
	}
	return out, nil
}

func columnsOf(vs []Variable) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.Column
	}
	return out
}

// RowShape is the shape of a row of a packed variable.
func RowShape(ctx context.Context, store table.Store, snap table.Snapshot, variable string) (row []int, err error) {
	column := variable + packed.ShapeSuffix
	if _, err := Select(snap.Info(), []string{column}); err != nil {
		return nil, err
	}
	err = AtRow(ctx, store, snap, table.ReadOptions{Columns: []string{column}}, 0, func(b *table.Batch, i int) error {
		shape, err := b.Cols[0].Ints(i)
		if err == nil && (len(shape) < 2 || slices.ContainsFunc(shape[1:], func(d int) bool { return d < 1 || d > buffer.MaxBytes }) || tooLarge(shape[1:])) {
			err = fmt.Errorf("shape %v is not that of rows", shape)
		}
		if err != nil {
			return &table.ValueError{Table: snap.Info().Name, Column: column, Row: 1, Err: err}
		}
		row = slices.Clone(shape[1:])
		return nil
	})
	return row, err
}

// tooLarge tells whether a row of a shape has more elements than a buffer can hold.
func tooLarge(shape []int) bool {
	n := 1
	for _, d := range shape {
		if n *= d; n > buffer.MaxBytes {
			return true
		}
	}
	return false
}
