package pipelines

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// openInput opens a table that must exist and hold at least one row. what says what the table is to the job: "source",
// "model". The caller closes the snapshot.
func openInput(ctx context.Context, store table.Store, what, text string) (table.Snapshot, error) {
	name, err := parseTable(what, text)
	if err != nil {
		return nil, err
	}
	return openTable(ctx, store, what, name)
}

// openTable is openInput for a parsed name.
func openTable(ctx context.Context, store table.Store, what string, name table.Name) (table.Snapshot, error) {
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

func parseTable(what, text string) (table.Name, error) {
	if strings.TrimSpace(text) == "" {
		return table.Name{}, argumentErrorf("the name of the %s table is empty", what)
	}
	name, err := table.ParseName(text)
	if err != nil {
		return table.Name{}, argumentErrorf("%s: %w", what, err)
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

// readAll reads the named columns (nil: all) of a small table.
func readAll(ctx context.Context, store table.Store, snap table.Snapshot, columns []string) (*table.Batch, error) {
	schema := snap.Info().Schema
	if columns != nil {
		var err error
		if schema, err = selectColumns(snap.Info(), columns); err != nil {
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

// partitions is how many parts of a table are read at the most: a few per worker.
func (j *job) partitions() int { return 4 * j.Workers }

// packedPartitions is partitions for a packed table. Its tasks hold a connection each only while they load, so it is their
// number that is bounded and not the workers; two tables may be loaded at the same time.
func (j *job) packedPartitions() int { return min(j.partitions(), storeConnections/2) }

// errStop ends table.EachBatch early.
var errStop = errors.New("stop")

// atRow calls fn with a batch that holds row number row of the snapshot, at index i of the batch.
func atRow(ctx context.Context, store table.Store, snap table.Snapshot, opt table.ReadOptions, row int64, fn func(b *table.Batch, i int) error) error {
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if row < p.FirstRow || row >= p.FirstRow+p.Rows {
			continue
		}
		at := p.FirstRow
		err := table.EachBatch(ctx, store, p, opt, func(b *table.Batch) error {
			if row < at+int64(b.Rows) {
				if err := fn(b, int(row-at)); err != nil {
					return err
				}
				return errStop
			}
			at += int64(b.Rows)
			return nil
		})
		if err != errStop {
			return err
		}
	}
	return nil
}

// selectColumns is the schema of the named columns of a table; an error names the table.
func selectColumns(info table.Info, columns []string) (table.Schema, error) {
	schema, err := info.Schema.Select(columns)
	var missing *table.ColumnError
	if errors.As(err, &missing) {
		missing.Table = info.Name
	}
	return schema, err
}

// writeRows writes one batch to each table of an output.
func writeRows(ctx context.Context, store table.Store, output string, batches ...*table.Batch) error {
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

// writeTables is writeRows and the commit.
func writeTables(ctx context.Context, store table.Store, out table.Output, batches ...*table.Batch) error {
	if err := writeRows(ctx, store, out.ID(), batches...); err != nil {
		return err
	}
	return out.Commit(ctx)
}

// abort drops an output unless it is committed, also when ctx has ended.
func abort(ctx context.Context, out table.Output) { _ = out.Abort(context.WithoutCancel(ctx)) }
