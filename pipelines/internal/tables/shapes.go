package tables

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/features"
)

// An ArrayColumn is a column of arrays whose shape is that of the first row, or where arrays may be missing of the first that has one.
type ArrayColumn struct {
	Name         string
	Shape        *[]int // where the shape goes
	OneHot       bool   // a label that is one-hot already
	TakesMissing bool
}

// ArraysOf are the columns of arrays that a variable is made from. One that is made like that of a training table has their shapes.
func ArraysOf(v *features.Variable) []ArrayColumn {
	var out []ArrayColumn
	for i := range v.Columns {
		if c := &v.Columns[i]; c.IsArray() && c.Shape == nil {
			out = append(out, ArrayColumn{Name: c.Name, Shape: &c.Shape, TakesMissing: c.TakesMissing()})
		}
	}
	return out
}

// ReadShapes reads the shapes of the first row, which all others must have, and where that has none of the first row that has one.
func ReadShapes(ctx context.Context, store table.Store, snap table.Snapshot, arrays []ArrayColumn) error {
	if len(arrays) == 0 {
		return nil
	}
	of := snap.Info().Name
	missing := slices.Clone(arrays)
	err := AtRow(ctx, store, snap, reading(missing), 0, func(b *table.Batch, i int) (err error) {
		missing, err = takeShapes(of, b, i, 1, missing)
		return err
	})
	if err != nil || len(missing) == 0 {
		return err
	}
	return readLaterShapes(ctx, store, snap, missing)
}

// reading reads the columns.
func reading(arrays []ArrayColumn) table.ReadOptions {
	var names []string
	for _, c := range arrays {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return table.ReadOptions{Columns: names}
}

// takeShapes takes the shapes that row i of a batch, which is row of the table, has, and leaves of the columns those that have none there.
func takeShapes(of table.Name, b *table.Batch, i int, row int64, arrays []ArrayColumn) (missing []ArrayColumn, err error) {
	missing = arrays[:0]
	for _, c := range arrays {
		if c.TakesMissing && b.Col(c.Name).IsNull(i) {
			missing = append(missing, c)
			continue
		}
		shape, err := arrayShape(b.Col(c.Name), i)
		if err == nil && c.OneHot && len(shape) != 1 {
			err = fmt.Errorf("the array has shape %v; a label that is one-hot already has one dimension (label type numeric takes any)", shape)
		}
		if err != nil {
			return nil, &table.ValueError{Table: of, Column: c.Name, Row: row, Err: err}
		}
		*c.Shape = shape
	}
	return missing, nil
}

// errFound ends a search.
var errFound = errors.New("found")

// readLaterShapes looks for the first array of each column.
func readLaterShapes(ctx context.Context, store table.Store, snap table.Snapshot, missing []ArrayColumn) error {
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		return err
	}
	of, opt := snap.Info().Name, reading(missing)
	for _, part := range parts {
		row := part.FirstRow
		err := table.EachBatch(ctx, store, part, opt, func(b *table.Batch) (err error) {
			for i := range b.Rows {
				row++
				if missing, err = takeShapes(of, b, i, row, missing); err != nil {
					return err
				}
				if len(missing) == 0 {
					return errFound
				}
			}
			return nil
		})
		if errors.Is(err, errFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return &table.TableError{Table: of, Err: fmt.Errorf("column %q: all rows are NULL, so that nothing says what shape its arrays have", missing[0].Name)}
}
