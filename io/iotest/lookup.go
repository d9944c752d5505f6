package iotest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

var lookupCases = []testCase{
	{"nothing there", func(t *testing.T, site Site) {
		s := site.open(t)
		wantList(t, s)
		ctx := testContext(t)
		_, err := s.Lookup(ctx, named("missing"))
		wantTableError(t, err, named("missing"), table.ErrNotExist)
		_, err = s.Snapshot(ctx, named("missing"))
		wantTableError(t, err, named("missing"), table.ErrNotExist)
		_, err = s.Lookup(ctx, table.Name{Schema: "no such schema", Table: "missing"})
		wantTableError(t, err, named("missing"), table.ErrNotExist)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}},
	{"a table", func(t *testing.T, site Site) {
		s := site.open(t)
		schema := columns("id", table.Int64Type, "Label", table.TextType, "x", table.Float32ArrayType)
		write(t, s, named("b"), schema, []any{int64(1), "x", nil}, []any{int64(2), nil, []float32{1}})
		write(t, s, named("a"), idSchema)
		write(t, s, named("B"), idSchema)
		wantList(t, s, "B", "a", "b")
		info, err := s.Lookup(testContext(t), named("b"))
		if err != nil {
			t.Fatal(err)
		}
		wantSchema(t, info.Schema, schema)
		if info.Name.Table != "b" {
			t.Errorf("name %v", info.Name)
		}
		if info.Exact && info.Rows != 2 || info.Rows < -1 {
			t.Errorf("rows %d, exact %v", info.Rows, info.Exact)
		}
		first, err := s.Now(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		if second, err := s.Now(testContext(t)); err != nil || second.Before(first) || second.Sub(first) > time.Minute {
			t.Errorf("the clock reads %v and then %v, %v", first, second, err)
		}
		// The full name that Lookup gives means the same table.
		again, err := s.Lookup(testContext(t), info.Name)
		if err != nil || again.Name != info.Name {
			t.Errorf("lookup of %s: %v, %v", info.Name, again, err)
		}
	}},
}

var readCases = []testCase{
	{"a bound on rows is none on bytes", func(t *testing.T, site Site) {
		s := site.open(t)
		const rows, size = 20, 1 << 20
		var wide [][]any
		for range rows {
			wide = append(wide, []any{strings.Repeat("x", size)})
		}
		write(t, s, named("t"), columns("s", table.TextType), wide...)
		snap, err := s.Snapshot(testContext(t), named("t"))
		if err != nil {
			t.Fatal(err)
		}
		defer snap.Close()
		parts, err := snap.Partitions(testContext(t), 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, most := range []int{0, 1 << 30} {
			n := 0
			err := table.EachBatch(testContext(t), s, parts[0], table.ReadOptions{BatchRows: most}, func(b *table.Batch) error {
				if b.Rows > 4 {
					t.Errorf("at most %d rows: a batch of %d MB", most, b.Rows)
				}
				n += b.Rows
				return nil
			})
			if err != nil || n != rows {
				t.Errorf("%d rows, %v", n, err)
			}
		}
	}},
	{"columns and batches", func(t *testing.T, site Site) {
		s := site.open(t)
		schema := columns("id", table.Int64Type, "s", table.TextType, "a", table.Int32ArrayType)
		var rows [][]any
		for i := range 100 {
			rows = append(rows, []any{int64(i), string(rune('a' + i%26)), []int32{int32(i)}})
		}
		write(t, s, named("t"), schema, rows...)
		want := rowsOf(batch(t, schema, rows...))
		for _, size := range []int{0, 1, 7, 100, 1000} {
			got, gotRows := readAll(t, s, named("t"), 1, table.ReadOptions{BatchRows: size})
			wantSchema(t, got, schema)
			wantRows(t, gotRows, want)
		}
		var swapped [][]any
		for _, r := range want {
			swapped = append(swapped, []any{r[2], r[0]})
		}
		got, gotRows := readAll(t, s, named("t"), 1, table.ReadOptions{Columns: []string{"a", "id"}})
		wantSchema(t, got, columns("a", table.Int32ArrayType, "id", table.Int64Type))
		wantRows(t, gotRows, swapped)
	}},
	{"missing column", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("t"), columns("id", table.Int64Type, "Label", table.TextType), []any{int64(1), "a"})
		ctx := testContext(t)
		snap, err := s.Snapshot(ctx, named("t"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = snap.Close() }()
		parts, err := snap.Partitions(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = readPartition(ctx, s, parts[0], table.ReadOptions{Columns: []string{"id", "label"}})
		var ce *table.ColumnError
		if !errors.As(err, &ce) || !errors.Is(err, table.ErrNotExist) {
			t.Fatalf("got error %v, want a *table.ColumnError", err)
		}
		if ce.Table.Table != "t" || ce.Column != "label" || len(ce.Columns) != 2 {
			t.Errorf("the error is %+v", ce)
		}
	}},
	{"a reader that is not read to its end", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("t"), idSchema, ints(0, 50_000)...)
		ctx := testContext(t)
		snap, err := s.Snapshot(ctx, named("t"))
		if err != nil {
			t.Fatal(err)
		}
		parts, err := snap.Partitions(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, reads := range []int{0, 1} {
			r, err := s.Read(ctx, parts[0], table.ReadOptions{BatchRows: 10})
			if err != nil {
				t.Fatal(err)
			}
			for range reads {
				if _, err := r.Next(ctx); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := r.Close(); err != nil {
					t.Errorf("close after %d reads: %v", reads, err)
				}
			}
		}
		if err := snap.Close(); err != nil {
			t.Error(err)
		}
	}},
}
