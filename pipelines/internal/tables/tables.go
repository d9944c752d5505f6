package tables

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
)

// OpenInput opens a table that must exist and hold at least one row. what says what the table is to the job: "source",
// "model". The caller closes the snapshot.
func OpenInput(ctx context.Context, store table.Store, what, text string) (table.Snapshot, error) {
	name, err := ParseName(what, text)
	if err != nil {
		return nil, err
	}
	return Open(ctx, store, what, name)
}

// Open is OpenInput for a parsed name.
func Open(ctx context.Context, store table.Store, what string, name table.Name) (table.Snapshot, error) {
	snap, err := store.Snapshot(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("%s table: %w", what, err)
	}
	if snap.Info().Rows == 0 {
		_ = snap.Close()
		return nil, fmt.Errorf("%s table: %w", what, &table.TableError{Table: name, Err: errors.New("has no rows")})
	}
	return snap, nil
}

// ParseName is the name of a table that an argument gives. A text that is none is an argument error.
func ParseName(what, text string) (table.Name, error) {
	if strings.TrimSpace(text) == "" {
		return table.Name{}, argument.Errorf("the name of the %s table is empty", what)
	}
	name, err := table.ParseName(text)
	if err != nil {
		return table.Name{}, argument.Errorf("%s: %w", what, err)
	}
	return name, nil
}

// haveTable makes the table of a change where there is none, and checks the one that is there.
func haveTable(tx table.Tx, name table.Name, want table.Schema) error {
	if tx.Schema() == nil {
		if err := tx.Create(want); err != nil {
			return err
		}
	}
	return checkTable(name, tx.Schema(), want)
}

// checkTable compares a table's columns with those that it should have. It may have more.
func checkTable(name table.Name, s, want table.Schema) error {
	for _, w := range want {
		i := s.Index(w.Name)
		if i < 0 {
			return &table.ColumnError{Table: name, Column: w.Name, Columns: s.Names()}
		}
		if got := s[i].Type; got.Array || got.Kind != w.Type.Kind && !(got.IsInteger() && w.Type.IsInteger()) && !(got.IsText() && w.Type.IsText()) {
			return fmt.Errorf("column %q has type %s, expected %s", w.Name, got, w.Type)
		}
	}
	return nil
}

// nextID is one more than the highest id of a column, or 1.
func nextID(ids *table.Vector) (int, error) {
	id := int64(0)
	for i := range ids.Len() {
		if n, err := ids.Int(i); err == nil {
			id = max(id, n)
		}
	}
	if id == math.MaxInt32 {
		return 0, fmt.Errorf("the id %d is the highest there can be", id)
	}
	return int(id) + 1, nil
}

// takePlace removes the rows of an id, which is returned for the row that comes in their place.
func takePlace(tx table.Tx, column string, id int64) (int, error) {
	_, err := tx.Delete(column, id)
	return int(id), err
}

// rowOf is a batch of one row of a table that checkTable has seen, by column; those without a value are NULL.
func rowOf(s table.Schema, values map[string]any) *table.Batch {
	row := make([]any, len(s))
	for i, c := range s {
		row[i] = values[c.Name]
	}
	b := table.NewBatch(s)
	if err := b.Append(row...); err != nil {
		panic(fmt.Sprintf("pipelines: a row of %v: %v", s.Names(), err)) // checkTable compared the types
	}
	return b
}

// deleteRow deletes the rows of an id from a table of functions or architectures, and the table where no row is left. columns are those
// that find takes to tell the id, the first of them that of ids; what says what the table is.
func deleteRow(ctx context.Context, store table.Store, what, text string, schema table.Schema, columns []string,
	find func(b *table.Batch) (id int64, err error),
) error {
	snap, err := OpenInput(ctx, store, what, text)
	if err != nil {
		return err
	}
	name := snap.Info().Name
	if err := snap.Close(); err != nil {
		return err
	}
	err = store.Mutate(ctx, name, func(tx table.Tx) error {
		if tx.Schema() == nil {
			return table.ErrNotExist
		}
		if err := checkTable(name, tx.Schema(), schema); err != nil {
			return err
		}
		b, err := tx.Rows(columns)
		if err != nil {
			return err
		}
		id, err := find(b)
		if err != nil {
			return err
		}
		n, err := tx.Delete(columns[0], id)
		if err != nil {
			return err
		}
		if int64(b.Rows) == n {
			return tx.Drop()
		}
		return nil
	})
	if err != nil {
		return about(what, name, err)
	}
	return nil
}

// ReadAll reads the named columns (nil: all) of a small table.
func ReadAll(ctx context.Context, store table.Store, snap table.Snapshot, columns []string) (*table.Batch, error) {
	schema := snap.Info().Schema
	if columns != nil {
		var err error
		if schema, err = Select(snap.Info(), columns); err != nil {
			return nil, err
		}
	}
	all := table.NewBatch(schema)
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		err := table.EachBatch(ctx, store, p, table.ReadOptions{Columns: schema.Names()}, func(b *table.Batch) error {
			for c := range b.Cols {
				to := &all.Cols[c]
				for i := range b.Rows {
					to.AppendFrom(&b.Cols[c], i)
				}
			}
			all.Rows += b.Rows
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// AtRow calls fn with a batch that holds row number row of the snapshot, at index i of the batch.
func AtRow(ctx context.Context, store table.Store, snap table.Snapshot, opt table.ReadOptions, row int64, fn func(b *table.Batch, i int) error) error {
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if row < p.FirstRow || row >= p.FirstRow+p.Rows {
			continue
		}
		opt.Only, opt.BatchRows = table.SelectRow(p, row), 1
		return table.EachBatch(ctx, store, p, opt, func(b *table.Batch) error { return fn(b, 0) })
	}
	return nil
}

// arrayShape is the shape of the array in row i, which must have elements.
func arrayShape(v *table.Vector, i int) ([]int, error) {
	if v.IsNull(i) {
		return nil, &table.NullError{}
	}
	shape := append([]int{}, v.Shape(i)...)
	if len(shape) == 0 || slices.Contains(shape, 0) {
		return nil, errors.New("the array is empty")
	}
	return shape, nil
}

// about is an error about a table of a kind, as "architecture".
func about(kind string, name table.Name, err error) error {
	return fmt.Errorf("%s table: %w", kind, table.OfTable(name, err))
}

// Select is the schema of the named columns of a table; an error names the table.
func Select(info table.Info, columns []string) (table.Schema, error) {
	schema, err := info.Schema.Select(columns)
	return schema, table.OfTable(info.Name, err)
}

// WriteRows writes one batch to each table of an output.
func WriteRows(ctx context.Context, store table.Store, output string, batches ...*table.Batch) error {
	for i, b := range batches {
		w, err := store.Append(ctx, table.Part{Output: output, Table: i, Key: "0"})
		if err != nil {
			return err
		}
		if err := w.Write(ctx, b); err != nil {
			_ = w.Discard()
			return err
		}
		if err := w.Close(ctx); err != nil {
			return err
		}
	}
	return nil
}

// WriteAndCommit is WriteRows and the commit.
func WriteAndCommit(ctx context.Context, store table.Store, out table.Output, batches ...*table.Batch) error {
	if err := WriteRows(ctx, store, out.ID(), batches...); err != nil {
		return err
	}
	return out.Commit(ctx)
}

// abortTimeout is how long Abort waits for a store that does not answer. What is left then is swept like that of a killed process.
const abortTimeout = 10 * time.Second

// Abort drops an output unless it is committed, also when ctx has ended.
func Abort(ctx context.Context, out table.Output) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	_ = out.Abort(ctx)
}

// Count is "1 input", "2 inputs", "2 classes".
func Count(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"):
		what += "e"
	}
	return fmt.Sprintf("%d %ss", n, what)
}
