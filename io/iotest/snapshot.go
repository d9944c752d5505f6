package iotest

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// wide makes rows with enough bytes that stores cut the table.
func wide(n int) (table.Schema, [][]any) {
	schema := columns("id", table.Int64Type, "x", table.Float64ArrayType, "pad", table.TextType)
	var rows [][]any
	for i := range n {
		rows = append(rows, []any{int64(i), []float64{float64(i), 0.5}, strings.Repeat("x", 400+i%300)})
	}
	return schema, rows
}

var snapshotCases = []testCase{
	{"partitions cover the rows once and number them", func(t *testing.T, site Site) {
		s, worker := site.open(t), site.open(t)
		schema, rows := wide(3000)
		write(t, s, named("t"), schema, rows...)
		ctx := testContext(t)
		snap, err := s.Snapshot(ctx, named("t"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = snap.Close() }()
		if info := snap.Info(); info.Rows != 3000 || !info.Exact || info.Name.Table != "t" {
			t.Errorf("info %+v", info)
		}
		for _, n := range []int{1, 2, 3, 7, 1000} {
			parts, err := snap.Partitions(ctx, n)
			if err != nil {
				t.Fatal(err)
			}
			if len(parts) > n || len(parts) == 0 || n > 1 && len(parts) == 1 {
				t.Errorf("%d partitions, asked for %d", len(parts), n)
			}
			next := int64(0)
			for _, p := range parts {
				if p.FirstRow != next || p.Rows <= 0 {
					t.Fatalf("partition of %d rows begins at row %d, want %d", p.Rows, p.FirstRow, next)
				}
				if n <= 7 && p.Rows > 3000/int64(n)*3/2 {
					t.Errorf("one of %d partitions has %d of 3000 rows", n, p.Rows)
				}
				next += p.Rows
			}
			if next != 3000 {
				t.Errorf("%d rows in %d partitions", next, n)
			}
			// Read them in another order, elsewhere, after a trip through JSON.
			for _, i := range []int{len(parts) - 1, 0, len(parts) / 2} {
				text, err := json.Marshal(parts[i])
				if err != nil {
					t.Fatal(err)
				}
				var p table.Partition
				if err := json.Unmarshal(text, &p); err != nil {
					t.Fatal(err)
				}
				_, got, err := readPartition(ctx, worker, p, table.ReadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				wantRows(t, got, rowsOf(batch(t, schema, rows[p.FirstRow:p.FirstRow+p.Rows]...)))
			}
		}
		_, got := readAll(t, s, named("t"), 5, table.ReadOptions{Columns: []string{"id"}})
		wantRows(t, got, ints(0, 3000))
	}},
	{"partitions are read at the same time", func(t *testing.T, site Site) {
		s := site.open(t)
		schema, rows := wide(3000)
		write(t, s, named("t"), schema, rows...)
		ctx := testContext(t)
		snap, err := s.Snapshot(ctx, named("t"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = snap.Close() }()
		parts, err := snap.Partitions(ctx, 6)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		got := make([][][]any, len(parts))
		for i, p := range parts {
			wg.Go(func() {
				var err error
				if _, got[i], err = readPartition(ctx, s, p, table.ReadOptions{Columns: []string{"id"}}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		wantRows(t, slices.Concat(got...), ints(0, 3000))
	}},
	{"a wrong value is named by its row in the table", func(t *testing.T, site Site) {
		s := site.open(t)
		schema, rows := wide(3000)
		rows[2900][1].([]float64)[1] = 1e300
		write(t, s, named("t"), schema, rows...)
		ctx := testContext(t)
		snap, err := s.Snapshot(ctx, named("t"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = snap.Close() }()
		parts, err := snap.Partitions(ctx, 4)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = readPartition(ctx, s, parts[len(parts)-1], table.ReadOptions{Float32: []string{"x"}})
		wantValueError(t, err, named("t"), "x", 2901)
	}},
	{"a table without rows", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("t"), idSchema)
		ctx := testContext(t)
		snap, err := s.Snapshot(ctx, named("t"))
		if err != nil {
			t.Fatal(err)
		}
		if info := snap.Info(); info.Rows != 0 || !info.Exact {
			t.Errorf("info %+v", info)
		}
		parts, err := snap.Partitions(ctx, 4)
		if err != nil || len(parts) != 0 {
			t.Errorf("%d partitions, error %v", len(parts), err)
		}
		for range 2 {
			if err := snap.Close(); err != nil {
				t.Error(err)
			}
		}
	}},
	{"closed", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("t"), idSchema, ints(0, 10)...)
		ctx := testContext(t)
		snap, err := s.Snapshot(ctx, named("t"))
		if err != nil {
			t.Fatal(err)
		}
		parts, err := snap.Partitions(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := snap.Close(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readPartition(ctx, s, parts[0], table.ReadOptions{}); err == nil {
			t.Error("a partition of a closed snapshot was read")
		}
		if _, err := snap.Partitions(ctx, 1); err == nil {
			t.Error("a closed snapshot was cut")
		}
	}},
	{"not moved by changes", func(t *testing.T, site Site) {
		for _, change := range []struct {
			name string
			do   func(s table.Store) error
			then [][]any
		}{
			{"insert", func(s table.Store) error {
				return s.Mutate(testContext(t), named("t"), func(tx table.Tx) error { return tx.Insert(batch(t, idSchema, ints(100, 101)...)) })
			}, append(ints(0, 100), ints(100, 101)...)},
			{"delete", func(s table.Store) error {
				return s.Mutate(testContext(t), named("t"), func(tx table.Tx) error { _, err := tx.Delete("id", 0); return err })
			}, ints(1, 100)},
			{"replace", func(s table.Store) error {
				out, err := s.Create(testContext(t), table.CreateOptions{Tables: []table.TableSpec{{Name: named("t"), Schema: idSchema, Replace: true}}})
				if err != nil {
					return err
				}
				if err := writePart(testContext(t), s, table.Part{Output: out.ID(), Key: "k"}, batch(t, idSchema, ints(500, 510)...)); err != nil {
					return err
				}
				return out.Commit(testContext(t))
			}, ints(500, 510)},
			{"drop", func(s table.Store) error { return s.Mutate(testContext(t), named("t"), table.Tx.Drop) }, nil},
		} {
			t.Run(change.name, func(t *testing.T) {
				s, other := site.open(t), site.open(t)
				_ = s.Mutate(testContext(t), named("t"), table.Tx.Drop)
				write(t, s, named("t"), idSchema, ints(0, 100)...)
				ctx := testContext(t)
				snap, err := s.Snapshot(ctx, named("t"))
				if err != nil {
					t.Fatal(err)
				}
				// A store may let the change wait until the snapshot is closed; it may not let the snapshot move.
				changed := make(chan error, 1)
				go func() { changed <- change.do(other) }()
				var changeErr error
				waiting := false
				select {
				case changeErr = <-changed:
				case <-time.After(300 * time.Millisecond):
					waiting = true
				}
				for _, n := range []int{1, 3} {
					parts, err := snap.Partitions(ctx, n)
					if err != nil {
						t.Fatal(err)
					}
					var got [][]any
					for _, p := range parts {
						_, rows, err := readPartition(ctx, other, p, table.ReadOptions{})
						if err != nil {
							t.Fatal(err)
						}
						got = append(got, rows...)
					}
					wantRows(t, got, ints(0, 100))
				}
				if err := snap.Close(); err != nil {
					t.Error(err)
				}
				if waiting {
					changeErr = <-changed
				}
				if changeErr != nil {
					t.Fatalf("change: %v", changeErr)
				}
				if change.then == nil {
					wantAbsent(t, s, named("t"))
				} else {
					wantSet(t, s, named("t"), change.then)
				}
			})
		}
	}},
}
