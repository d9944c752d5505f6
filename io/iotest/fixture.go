package iotest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// deadline bounds calls that must not hang; it only ends a test that has already failed.
const deadline = 30 * time.Second

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	t.Cleanup(cancel)
	return ctx
}

// open opens the store of the site once more.
func (s Site) open(t *testing.T) table.Store {
	t.Helper()
	if s.Open != nil {
		return s.Open(t)
	}
	st, err := table.Open(testContext(t), s.URL)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return st
}

// wantNoStaging fails when something stays staged. Another store may be dropping what a dead process left in the same
// server at this moment, so a first finding is looked at again.
func (s Site) wantNoStaging(t *testing.T) {
	t.Helper()
	if s.Staging == nil {
		return
	}
	left := s.Staging(t)
	for range 20 {
		if len(left) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
		left = s.Staging(t)
	}
	t.Errorf("still staged: %q", left)
}

func named(text string) table.Name { return table.Name{Table: text} }

func columns(pairs ...any) table.Schema {
	var s table.Schema
	for i := 0; i < len(pairs); i += 2 {
		s = append(s, table.Column{Name: pairs[i].(string), Type: pairs[i+1].(table.Type)})
	}
	return s
}

// batch builds a batch from rows.
func batch(t *testing.T, s table.Schema, rows ...[]any) *table.Batch {
	t.Helper()
	b := table.NewBatch(s)
	for _, r := range rows {
		if err := b.Append(r...); err != nil {
			t.Fatalf("build batch: %v", err)
		}
	}
	return b
}

// ints makes rows of one integer column, from from to to-1.
func ints(from, to int) [][]any {
	var rows [][]any
	for i := from; i < to; i++ {
		rows = append(rows, []any{int64(i)})
	}
	return rows
}

var idSchema = columns("id", table.Int64Type)

func create(t *testing.T, s table.Store, specs ...table.TableSpec) table.Output {
	t.Helper()
	out, err := s.Create(testContext(t), table.CreateOptions{Tables: specs})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return out
}

func commit(t *testing.T, out table.Output) {
	t.Helper()
	if err := out.Commit(testContext(t)); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

// writePart writes one part to its end and returns the first error.
func writePart(ctx context.Context, s table.Store, p table.Part, batches ...*table.Batch) error {
	w, err := s.Append(ctx, p)
	if err != nil {
		return fmt.Errorf("append: %w", err)
	}
	for _, b := range batches {
		if err := w.Write(ctx, b); err != nil {
			return errors.Join(fmt.Errorf("write: %w", err), w.Discard())
		}
	}
	if err := w.Close(ctx); err != nil {
		return errors.Join(fmt.Errorf("close: %w", err), w.Discard())
	}
	return w.Discard()
}

func mustPart(t *testing.T, s table.Store, p table.Part, batches ...*table.Batch) {
	t.Helper()
	if err := writePart(testContext(t), s, p, batches...); err != nil {
		t.Fatalf("part %s: %v", p.Key, err)
	}
}

// write makes a table of the rows.
func write(t *testing.T, s table.Store, name table.Name, schema table.Schema, rows ...[]any) {
	t.Helper()
	out := create(t, s, table.TableSpec{Name: name, Schema: schema, Ordered: true})
	mustPart(t, s, table.Part{Output: out.ID(), Key: "p0"}, batch(t, schema, rows...))
	commit(t, out)
}

// readAll reads a table through a snapshot of up to n partitions.
func readAll(t *testing.T, s table.Store, name table.Name, n int, opt table.ReadOptions) (table.Schema, [][]any) {
	t.Helper()
	ctx := testContext(t)
	snap, err := s.Snapshot(ctx, name)
	if err != nil {
		t.Fatalf("snapshot of %s: %v", name, err)
	}
	defer func() {
		if err := snap.Close(); err != nil {
			t.Errorf("close snapshot: %v", err)
		}
	}()
	parts, err := snap.Partitions(ctx, n)
	if err != nil {
		t.Fatalf("partitions of %s: %v", name, err)
	}
	var schema table.Schema
	var rows [][]any
	for _, p := range parts {
		sch, r, err := readPartition(ctx, s, p, opt)
		if err != nil {
			t.Fatalf("read %s: %v", name, err)
		}
		schema, rows = sch, append(rows, r...)
	}
	return schema, rows
}

// readPartition reads one partition to its end and copies its rows.
func readPartition(ctx context.Context, s table.Store, p table.Partition, opt table.ReadOptions) (table.Schema, [][]any, error) {
	r, err := s.Read(ctx, p, opt)
	if err != nil {
		return nil, nil, err
	}
	var rows [][]any
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return r.Schema(), rows, r.Close()
		}
		if err != nil {
			return nil, rows, errors.Join(err, r.Close())
		}
		if b.Rows == 0 {
			return nil, rows, errors.Join(errors.New("a batch without rows"), r.Close())
		}
		if opt.BatchRows > 0 && b.Rows > opt.BatchRows {
			return nil, rows, errors.Join(fmt.Errorf("a batch of %d rows, more than %d", b.Rows, opt.BatchRows), r.Close())
		}
		rows = append(rows, rowsOf(b)...)
	}
}

// rowsOf copies the rows of a batch.
func rowsOf(b *table.Batch) [][]any {
	rows := make([][]any, b.Rows)
	for i := range rows {
		for c := range b.Cols {
			rows[i] = append(rows[i], keep(b.Cols[c].Value(i)))
		}
	}
	return rows
}

// keep copies what a value shares with its batch and gives every empty array the same form.
func keep(x any) any {
	switch x := x.(type) {
	case []byte:
		return append([]byte{}, x...)
	case table.Array:
		out := table.Array{Elems: []any{}, Shape: []int{}}
		for _, e := range x.Elems {
			out.Elems = append(out.Elems, keep(e))
		}
		if len(x.Elems) > 0 {
			out.Shape = append(out.Shape, x.Shape...)
		}
		return out
	}
	return x
}

// equal compares rows value by value: floats by their bits, except that any NaN equals any NaN.
func equal(a, b any) bool {
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, equal)
	case table.Array:
		y, ok := b.(table.Array)
		return ok && slices.Equal(x.Shape, y.Shape) && slices.EqualFunc(x.Elems, y.Elems, equal)
	case []byte:
		y, ok := b.([]byte)
		return ok && string(x) == string(y)
	case float64:
		y, ok := b.(float64)
		return ok && (math.Float64bits(x) == math.Float64bits(y) || x != x && y != y)
	case float32:
		y, ok := b.(float32)
		return ok && (math.Float32bits(x) == math.Float32bits(y) || x != x && y != y)
	}
	return a == b
}

// wantRows compares rows in order.
func wantRows(t *testing.T, got, want [][]any) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	bad := 0
	for i := range got {
		if !equal(got[i], want[i]) {
			t.Errorf("row %d: got %s, want %s", i+1, show(got[i]), show(want[i]))
			if bad++; bad == 5 {
				t.FailNow()
			}
		}
	}
}

// wantTable reads the table and compares its rows in order.
func wantTable(t *testing.T, s table.Store, name table.Name, want [][]any) {
	t.Helper()
	_, got := readAll(t, s, name, 1, table.ReadOptions{})
	wantRows(t, got, want)
}

// wantSet reads a table of one integer column and compares without regard to order.
func wantSet(t *testing.T, s table.Store, name table.Name, want [][]any) {
	t.Helper()
	_, got := readAll(t, s, name, 1, table.ReadOptions{})
	slices.SortFunc(got, func(a, b []any) int { return int(a[0].(int64) - b[0].(int64)) })
	wantRows(t, got, want)
}

func show(x any) string {
	s := fmt.Sprintf("%v", x)
	if len(s) > 300 {
		s = fmt.Sprintf("%.300s... (%d characters)", s, len(s))
	}
	return s
}

// wantAbsent fails when the table can be seen.
func wantAbsent(t *testing.T, s table.Store, name table.Name) {
	t.Helper()
	if _, err := s.Lookup(testContext(t), name); !errors.Is(err, table.ErrNotExist) {
		t.Errorf("lookup of %s: got error %v, want ErrNotExist", name, err)
	}
	names, err := s.List(testContext(t))
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	if slices.Contains(names, name) {
		t.Errorf("list shows %s", name)
	}
}

// wantList compares the list of tables; want is sorted.
func wantList(t *testing.T, s table.Store, want ...string) {
	t.Helper()
	names, err := s.List(testContext(t))
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	var got []string
	for _, n := range names {
		if n.Schema != "" {
			t.Errorf("list gives %v, want names without a schema", n)
		}
		got = append(got, n.Table)
	}
	if !slices.Equal(got, want) {
		t.Errorf("list: got %q, want %q", got, want)
	}
}

// wantTableError fails unless err is a *table.TableError about name that is target.
func wantTableError(t *testing.T, err error, name table.Name, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got error %v, want one that is %q", err, target)
	}
	var te *table.TableError
	if !errors.As(err, &te) {
		t.Fatalf("got error %v (%T), want a *table.TableError", err, err)
	}
	if te.Table.Table != name.Table {
		t.Errorf("the error names table %s, want %s", te.Table, name)
	}
}
