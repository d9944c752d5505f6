package iotest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

var fetchCases = []testCase{
	{"a closed part is read before Commit", func(t *testing.T, site Site) {
		s, worker := site.open(t), site.open(t)
		schema := columns("piece", table.Int32Type, "value", table.BytesType)
		out := create(t, s, table.TableSpec{Name: named("t"), Schema: schema, Ordered: true})
		big := bytes.Repeat([]byte{1, 2, 3, 0}, 3<<18)
		rows := [][]any{{int32(0), big}, {int32(1), []byte{}}, {int32(2), nil}, {int32(3), big[1:]}}
		part := table.Part{Output: out.ID(), Key: "weights"}
		mustPart(t, worker, part, batch(t, schema, rows[:2]...), batch(t, schema, rows[2:]...))
		mustPart(t, s, table.Part{Output: out.ID(), Key: "weights-2"}, batch(t, schema, []any{int32(7), []byte{7}}))
		mustPart(t, s, table.Part{Output: out.ID(), Key: "none"})
		for i, st := range []table.Store{s, worker, site.open(t)} {
			for key, want := range map[string][][]any{"weights": rows, "weights-2": {{int32(7), []byte{7}}}, "none": {}} {
				got, err := st.Fetch(testContext(t), table.Part{Output: out.ID(), Key: key})
				if err != nil {
					t.Fatalf("store %d, part %s: %v", i, key, err)
				}
				wantRows(t, rowsOf(got), rowsOf(batch(t, schema, want...)))
			}
		}
		wantAbsent(t, s, named("t"))
		if err := out.Abort(testContext(t)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Fetch(testContext(t), part); err == nil {
			t.Error("a part of an aborted output was read")
		}
		site.wantNoStaging(t)
	}},
	{"parts that are not closed are not there", func(t *testing.T, site Site) {
		s := site.open(t)
		out := create(t, s, table.TableSpec{Name: named("t"), Schema: idSchema, Ordered: true})
		part := table.Part{Output: out.ID(), Key: "a"}
		absent := func(when string) {
			if _, err := s.Fetch(testContext(t), part); !errors.Is(err, table.ErrNotExist) {
				t.Errorf("%s: error %v, want ErrNotExist", when, err)
			}
		}
		absent("before it is begun")
		w, err := s.Append(testContext(t), part)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(testContext(t), batch(t, idSchema, ints(0, 3)...)); err != nil {
			t.Fatal(err)
		}
		absent("while it is written")
		if err := w.Discard(); err != nil {
			t.Fatal(err)
		}
		absent("after it was given up")
		for _, bad := range []table.Part{{Output: out.ID(), Table: 1, Key: "a"}, {Output: "nowhere", Key: "a"}} {
			if _, err := s.Fetch(testContext(t), bad); err == nil {
				t.Errorf("part %+v was read", bad)
			}
		}
	}},
}

var cutCases = []testCase{
	{"partitions end where they are wanted", func(t *testing.T, site Site) {
		s, worker := site.open(t), site.open(t)
		schema, rows := wide(3000)
		write(t, s, named("t"), schema, rows...)
		ctx := testContext(t)
		snap, err := s.Snapshot(ctx, named("t"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = snap.Close() }()
		for _, before := range [][]int64{nil, {1}, {2999}, {1, 2, 3, 1000, 2998}, {1500}} {
			parts, err := snap.Cut(ctx, before)
			if err != nil {
				t.Fatal(err)
			}
			firsts := append([]int64{0}, before...)
			if len(parts) != len(firsts) {
				t.Fatalf("%d partitions cut before %v", len(parts), before)
			}
			for i, p := range parts {
				end := int64(3000)
				if i+1 < len(firsts) {
					end = firsts[i+1]
				}
				if p.FirstRow != firsts[i] || p.Rows != end-firsts[i] {
					t.Fatalf("cut before %v: partition %d has %d rows from %d on", before, i, p.Rows, p.FirstRow)
				}
				_, got, err := readPartition(ctx, worker, p, table.ReadOptions{Columns: []string{"id"}})
				if err != nil {
					t.Fatal(err)
				}
				wantRows(t, got, ints(int(p.FirstRow), int(end)))
			}
		}
		for _, before := range [][]int64{{0}, {3000}, {-1}, {5, 5}, {7, 6}} {
			if _, err := snap.Cut(ctx, before); err == nil {
				t.Errorf("cut before %v: no error", before)
			}
		}
		if err := snap.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := snap.Cut(ctx, []int64{1}); err == nil {
			t.Error("a closed snapshot was cut")
		}
	}},
	{"a table of few or no rows", func(t *testing.T, site Site) {
		s := site.open(t)
		for n := range 3 {
			name := named(fmt.Sprint("t", n))
			write(t, s, name, idSchema, ints(0, n)...)
			snap, err := s.Snapshot(testContext(t), name)
			if err != nil {
				t.Fatal(err)
			}
			var before []int64
			for i := 1; i < n; i++ {
				before = append(before, int64(i))
			}
			parts, err := snap.Cut(testContext(t), before)
			if err != nil || len(parts) != n {
				t.Errorf("%d partitions of %d rows, %v", len(parts), n, err)
			}
			_ = snap.Close()
		}
	}},
}
