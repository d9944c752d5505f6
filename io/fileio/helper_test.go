package fileio

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

var ctx = context.Background()

func named(text string) table.Name { return table.Name{Table: text} }

// tempStore opens a new store in a temporary folder.
func tempStore(t testing.TB) *Store {
	t.Helper()
	return reopen(t, filepath.Join(t.TempDir(), "store"))
}

func reopen(t testing.TB, root string) *Store {
	t.Helper()
	s, err := Open(ctx, "file:"+root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func batchOf(t testing.TB, schema table.Schema, rows ...[]any) *table.Batch {
	t.Helper()
	b := table.NewBatch(schema)
	for _, r := range rows {
		if err := b.Append(r...); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func spec(name string, schema table.Schema) table.TableSpec {
	return table.TableSpec{Name: named(name), Schema: schema, Replace: true, Ordered: true}
}

// put writes one table of one part.
func put(t testing.TB, s *Store, name string, b *table.Batch) {
	t.Helper()
	if err := tryPut(s, name, b); err != nil {
		t.Fatal(err)
	}
}

func tryPut(s *Store, name string, batches ...*table.Batch) error {
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{spec(name, batches[0].Schema)}})
	if err != nil {
		return err
	}
	err = writePart(s, table.Part{Output: out.ID(), Key: "p"}, batches...)
	if err == nil {
		err = out.Commit(ctx)
	}
	return errors.Join(err, out.Abort(ctx))
}

func writePart(s *Store, p table.Part, batches ...*table.Batch) error {
	w, err := s.Append(ctx, p)
	if err != nil {
		return err
	}
	for _, b := range batches {
		if err := w.Write(ctx, b); err != nil {
			return errors.Join(err, w.Discard())
		}
	}
	if err := w.Close(ctx); err != nil {
		return errors.Join(err, w.Discard())
	}
	return nil
}

// get reads a table whole, in n partitions.
func get(s *Store, name string, n int, opt table.ReadOptions) (rows [][]any, err error) {
	snap, err := s.Snapshot(ctx, named(name))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	parts, err := snap.Partitions(ctx, n)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		more, err := getPart(s, p, opt)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func getPart(s *Store, p table.Partition, opt table.ReadOptions) (rows [][]any, err error) {
	r, err := s.Read(ctx, p, opt)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Rows {
			var row []any
			for c := range b.Cols {
				row = append(row, b.Cols[c].Value(i))
			}
			rows = append(rows, row)
		}
	}
}

// eachBatch reads a table in n partitions.
func eachBatch(t *testing.T, s *Store, name string, n int, opt table.ReadOptions, fn func(b *table.Batch)) {
	t.Helper()
	snap, err := s.Snapshot(ctx, named(name))
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	parts, err := snap.Partitions(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		r, err := s.Read(ctx, p, opt)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for {
			b, err := r.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			fn(b)
		}
	}
}

func wantRows(t testing.TB, got, want [][]any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

var intSchema = table.Schema{{Name: "i", Type: table.Int64Type}}

func ints(t testing.TB, from, to int) *table.Batch {
	t.Helper()
	b := table.NewBatch(intSchema)
	for i := from; i < to; i++ {
		if err := b.Append(int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// mixed has a column of every way values are held, and rows with NULLs and shapes.
func mixed(t testing.TB) *table.Batch {
	t.Helper()
	schema := table.Schema{
		{Name: "i", Type: table.Int32Type},
		{Name: "b", Type: table.BoolType},
		{Name: "s", Type: table.TextType},
		{Name: "y", Type: table.BytesType},
		{Name: "n", Type: table.NumericType},
		{Name: "x", Type: table.Float64ArrayType},
		{Name: "t", Type: table.TextArrayType},
	}
	return batchOf(t, schema,
		[]any{int32(1), true, "one", []byte{1, 2}, "1.50", []float64{1, 2, 3}, []string{"a", ""}},
		[]any{nil, nil, nil, nil, nil, nil, nil},
		[]any{int32(3), false, "", []byte{}, "NaN", table.Array{Elems: []any{1.0, nil, 3.0, 4.0}, Shape: []int{2, 2}}, []string{"ü"}},
	)
}
