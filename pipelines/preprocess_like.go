package pipelines

import (
	"context"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/classes"
)

// A likeTable is what a packed training table says about how validation data are packed.
type likeTable struct {
	name       table.Name
	normalize  float32
	numClasses []int
	labels     []likeLabel
	variables  tables.Variables
}

// A likeLabel is a dependent variable of a training table.
type likeLabel struct {
	column  string
	numeric bool
	kind    table.Type   // of the class values
	width   int          // of a packed label
	shape   []int        // of a label that is an array; nil: it is a value per row
	classes classes.List // nil: one-hot arrays
}

// openLike reads the summary of a packed training table, and from its first buffer how wide its labels are.
func openLike(ctx context.Context, store table.Store, text string) (*likeTable, error) {
	packed, err := tables.OpenPacked(ctx, store, "training", text)
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	name := packed.Snap.Info().Name
	like := &likeTable{name: name, variables: packed.Variables, normalize: tables.Unscaled(packed.Variables.Normalize)}
	fail := func(err error) (*likeTable, error) {
		return nil, fmt.Errorf("training summary table: %w", &table.TableError{Table: name.WithSuffix(tables.SummarySuffix), Err: err})
	}
	if like.numClasses, err = readNumClasses(ctx, store, name); err != nil {
		return nil, err
	}
	for _, v := range packed.Variables.Dependents {
		l := likeLabel{column: v.Column, numeric: v.Numeric}
		if v.Classes != nil {
			l.kind = v.Classes.Type.Elem()
			if l.classes, l.width, err = classes.Read(v.Classes, 0); err != nil {
				return fail(fmt.Errorf("column %q: %w", v.ClassColumn(), err))
			}
			if l.shape, err = stepsOf(ctx, store, packed, v); err != nil {
				return nil, fmt.Errorf("training table: %w", err)
			}
		} else {
			if l.shape, err = tables.RowShape(ctx, store, packed.Snap, v.Column); err == nil && !v.Numeric && len(l.shape) != 1 {
				err = fmt.Errorf("column %q: rows of shape %v are not those of classes", v.Column, l.shape)
			}
			if err != nil {
				return nil, fmt.Errorf("training table: %w", err)
			}
			l.width = buffer.SizeOf(l.shape)
		}
		like.labels = append(like.labels, l)
	}
	return like, nil
}

// stepsOf is the shape of the arrays of classes that a dependent variable of a packed table is; nil where it is one class per row.
func stepsOf(ctx context.Context, store table.Store, packed *tables.Packed, v tables.Variable) ([]int, error) {
	if !v.Steps() {
		return nil, nil
	}
	shape, err := tables.RowShape(ctx, store, packed.Snap, v.Column)
	if err != nil {
		return nil, err
	}
	return shape[:len(shape)-1], nil
}

// readNumClasses reads the column num_classes of the summary of a packed table.
func readNumClasses(ctx context.Context, store table.Store, of table.Name) ([]int, error) {
	const column = "num_classes"
	snap, err := tables.Open(ctx, store, "training summary", of.WithSuffix(tables.SummarySuffix))
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	b, err := tables.ReadAll(ctx, store, snap, []string{column})
	if err != nil {
		return nil, fmt.Errorf("training summary table: %w", err)
	}
	ns, err := b.Cols[0].Ints(0)
	if err != nil {
		return nil, fmt.Errorf("training summary table: %w", &table.ValueError{Table: snap.Info().Name, Column: column, Row: 1, Err: err})
	}
	return ns, nil
}

// check compares the variables of validation data, by position, with those of the training data.
func (l *likeTable) check(dependents, independents []packedColumn) error {
	if len(dependents) != len(l.labels) {
		return fmt.Errorf("%d dependent variables, but training table %s has %d", len(dependents), l.name, len(l.labels))
	}
	if have := len(l.variables.Independents); len(independents) != have {
		return fmt.Errorf("%d independent variables, but training table %s has %d", len(independents), l.name, have)
	}
	for i, c := range independents {
		if c.made != nil && l.variables.Independents[i].Made == nil {
			return fmt.Errorf("%s is no column of arrays, but %q of training table %s is", c.made, l.variables.Independents[i].Column, l.name)
		}
	}
	for i, c := range dependents {
		want := l.labels[i]
		if want.numeric {
			if err := want.checkNumeric(c, l.name); err != nil {
				return err
			}
			continue
		}
		switch {
		case c.shape != nil && want.shape != nil && want.classes != nil:
			if err := want.checkSteps(c, l.name); err != nil {
				return err
			}
		case c.shape == nil && want.shape != nil && want.classes != nil:
			return fmt.Errorf("column %q has type %s, but %q of training table %s has arrays of classes of shape %v", c.Name, c.Type, want.column, l.name, want.shape)
		case c.shape != nil && want.classes != nil:
			return fmt.Errorf("column %q has arrays, but %q of training table %s has classes of type %s", c.Name, want.column, l.name, want.kind)
		case c.shape == nil && want.classes == nil:
			return fmt.Errorf("column %q has type %s, but %q of training table %s has arrays of %d numbers", c.Name, c.Type, want.column, l.name, want.width)
		case c.shape != nil && c.shape[0] > want.width:
			return fmt.Errorf("column %q has arrays of %d elements, but %q of training table %s has %d classes", c.Name, c.shape[0], want.column, l.name, want.width)
		case c.shape == nil && !classes.Comparable(c.Type, want.kind):
			return fmt.Errorf("column %q has type %s, which cannot be compared with the classes of %q of training table %s, of type %s", c.Name, c.Type, want.column, l.name, want.kind)
		}
	}
	return nil
}

// checkSteps compares a dependent variable whose arrays have classes with that of the training table.
func (want likeLabel) checkSteps(c packedColumn, training table.Name) error {
	if !slices.Equal(c.shape, want.shape) {
		return fmt.Errorf("column %q has arrays of shape %v, but those of %q of training table %s have %v", c.Name, c.shape, want.column, training, want.shape)
	}
	if !classes.Comparable(c.Type.Elem(), want.kind) {
		return fmt.Errorf("column %q has type %s, which cannot be compared with the classes of %q of training table %s, of type %s",
			c.Name, c.Type, want.column, training, want.kind)
	}
	return nil
}

// checkNumeric compares a numeric dependent variable with that of the training table.
func (want likeLabel) checkNumeric(c packedColumn, training table.Name) error {
	width := 1
	if c.shape != nil {
		width = buffer.SizeOf(c.shape)
	}
	if len(c.shape) > 1 || len(want.shape) > 1 {
		if !slices.Equal(c.shape, want.shape) {
			return fmt.Errorf("column %q has labels of shape %v, but those of %q of training table %s have %v", c.Name, c.shape, want.column, training, want.shape)
		}
		return nil
	}
	if width != want.width {
		return fmt.Errorf("column %q has labels of %s, but those of %q of training table %s have %d", c.Name, tables.Count(width, "number"), want.column, training, want.width)
	}
	return nil
}
