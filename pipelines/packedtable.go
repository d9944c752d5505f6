package pipelines

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/packed"
)

// A packedTable is a packed table that is open, with what its summary says.
type packedTable struct {
	what      string // what it is to the job
	snap      table.Snapshot
	closed    sync.Once
	variables variables
	labels    []buffer.Variable // once it is open
}

// openPacked opens a packed table and reads its summary. close closes it.
func openPacked(ctx context.Context, store table.Store, what, text string) (*packedTable, error) {
	snap, err := openInput(ctx, store, what, text)
	if err != nil {
		return nil, err
	}
	p := &packedTable{what: what, snap: snap}
	name, err := parseTable(what, text)
	if err == nil {
		var summary *table.Batch
		if summary, p.variables, err = readSummary(ctx, store, what, name); err == nil {
			err = checkFormat(summary, name.WithSuffix(summarySuffix))
		} else if of := (*table.TableError)(nil); errors.As(err, &of) && errors.Is(of, table.ErrNotExist) {
			err = fmt.Errorf("%s table: table %s is not packed: run preprocess first (%w)", what, snap.Info().Name, of)
		}
	}
	if err != nil {
		p.close()
		return nil, err
	}
	for _, vs := range [][]variable{p.variables.independents, p.variables.dependents} {
		for i := range vs {
			vs[i].resolve(snap.Info().Schema)
		}
	}
	if w := p.variables.weight; w != nil {
		w.resolve(snap.Info().Schema)
	}
	return p, nil
}

// checkFormat refuses a packed table of a form that is not known. A summary that records none is of the first.
func checkFormat(summary *table.Batch, name table.Name) error {
	v := summary.Col(formatColumn)
	if v == nil {
		return nil
	}
	format, err := v.Int(0)
	if err != nil {
		return ofColumn(name, formatColumn, err)
	}
	if err := packed.CheckFormat(int(format)); err != nil {
		return &table.TableError{Table: name, Err: err}
	}
	return nil
}

// checkClasses is that of the variables, for an error about the table.
func (p *packedTable) checkClasses(trained variables, what string) error {
	if err := trained.checkClasses(what, p.variables, "it"); err != nil {
		return fmt.Errorf("%s table: %w", p.what, &table.TableError{Table: p.snap.Info().Name, Err: err})
	}
	return nil
}

// close ends the snapshot. It may be called again, and from several goroutines.
func (p *packedTable) close() {
	p.closed.Do(func() { _ = p.snap.Close() })
}

// checkColumns checks that the table has the columns that its summary names.
func (p *packedTable) checkColumns() error {
	var l buffer.Layout
	for _, v := range p.variables.independents {
		l.Inputs = append(l.Inputs, buffer.Variable{Name: v.column})
	}
	for _, v := range p.variables.dependents {
		l.Labels = append(l.Labels, buffer.Variable{Name: v.column})
	}
	if w := p.variables.weight; w != nil {
		l.Labels = append(l.Labels, buffer.Variable{Name: w.column})
	}
	if err := packed.Check(p.snap.Info(), l); err != nil {
		return fmt.Errorf("%s table: %w", p.what, err)
	}
	return nil
}

// open finds the shards of the table, called set in the run, and checks the shapes of the independent variables against the model's
// inputs. The dependent variables are its outputs; checkLabels tells whether the losses take them. Both go by position.
func (p *packedTable) open(ctx context.Context, store table.Store, set string, spec *keras.Spec, partitions int) (*dataset.Set, error) {
	var l buffer.Layout
	var err error
	if l.Inputs, err = p.match("input", spec, spec.Inputs, "independent", p.variables.independents); err != nil {
		return nil, err
	}
	if l.Labels, err = p.match("output", spec, spec.Outputs, "dependent", p.variables.dependents); err != nil {
		return nil, err
	}
	if err := p.describeLabels(ctx, store, l.Labels); err != nil {
		return nil, fmt.Errorf("%s table: %w", p.what, err)
	}
	// Rows may have a last dimension of 1 more than the input, or less.
	for i, v := range l.Inputs {
		if shape, err := packedShape(ctx, store, p.snap, v.Name); err == nil {
			if _, err := keras.Fit(v.Shape, shape); err == nil {
				l.Inputs[i].Shape = shape
			}
		}
	}
	p.labels = l.Labels
	if w := p.variables.weight; w != nil {
		l.Labels = append(slices.Clip(l.Labels), buffer.Variable{Name: w.column, Shape: []int{1}, Numeric: true})
		l.Weighted = true
	}
	shards, err := dataset.Open(ctx, set, store, p.snap, l, partitions)
	if err != nil {
		return nil, fmt.Errorf("%s table: %w", p.what, err)
	}
	return shards, nil
}

// describeLabels finds the width of the labels, which is the loss's affair and need not be the output's, and whether they are
// numeric.
func (p *packedTable) describeLabels(ctx context.Context, store table.Store, labels []buffer.Variable) error {
	for i, v := range p.variables.dependents {
		shape, err := packedShape(ctx, store, p.snap, v.column)
		if err != nil {
			return err
		}
		labels[i].Numeric, labels[i].Shape = v.numeric, shape
	}
	return nil
}

// checkLabels checks that the model can be trained or evaluated with the labels; their values are checked when they are read.
func (p *packedTable) checkLabels(m *trainer.Model, classWeight bool) error {
	var labels []trainer.Label
	for _, v := range p.labels {
		labels = append(labels, trainer.Label{Width: v.Size(), Numeric: v.Numeric})
	}
	if err := m.CheckLabels(labels, classWeight); err != nil {
		if of := (*trainer.LabelError)(nil); errors.As(err, &of) {
			err = fmt.Errorf("column %q: %w", p.labels[of.Output].Name, err)
		}
		return fmt.Errorf("%s table: %w", p.what, &table.TableError{Table: p.snap.Info().Name, Err: err})
	}
	return nil
}

// inputShapes are the shapes of the rows of the independent variables.
func (p *packedTable) inputShapes(ctx context.Context, store table.Store) ([][]int, error) {
	var shapes [][]int
	for _, v := range p.variables.independents {
		shape, err := packedShape(ctx, store, p.snap, v.column)
		if err != nil {
			return nil, fmt.Errorf("%s table: %w", p.what, err)
		}
		shapes = append(shapes, shape)
	}
	return shapes, nil
}

// match pairs variables with the model's inputs or outputs and gives them their shapes.
func (p *packedTable) match(end string, spec *keras.Spec, tensors []int, kind string, vs []variable) ([]buffer.Variable, error) {
	if len(tensors) != len(vs) {
		return nil, fmt.Errorf("the model has %s; the %s table %s has %s (%s)", count(len(tensors), end),
			p.what, p.snap.Info().Name, count(len(vs), kind+" variable"), table.QuoteAll(columnsOf(vs)))
	}
	var out []buffer.Variable
	for i, v := range vs {
		out = append(out, buffer.Variable{Name: v.column, Shape: spec.Tensors[tensors[i]].Shape})
	}
	return out, nil
}

// count is "1 input", "2 inputs", "2 classes".
func count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"):
		what += "e"
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func columnsOf(vs []variable) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.column
	}
	return out
}
