package iotest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

func spec(name string) table.TableSpec {
	return table.TableSpec{Name: named(name), Schema: idSchema}
}

var outputCases = []testCase{
	{"all tables appear with Commit", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		out := create(t, s, spec("t"), spec("t_summary"))
		mustPart(t, s, table.Part{Output: out.ID(), Table: 0, Key: "a"}, batch(t, idSchema, ints(0, 10)...))
		mustPart(t, other, table.Part{Output: out.ID(), Table: 0, Key: "b"}, batch(t, idSchema, ints(10, 15)...), batch(t, idSchema, ints(15, 20)...))
		mustPart(t, other, table.Part{Output: out.ID(), Table: 1, Key: "a"}, batch(t, idSchema, ints(99, 100)...))
		for _, n := range []string{"t", "t_summary"} {
			wantAbsent(t, s, named(n))
			wantAbsent(t, other, named(n))
		}
		wantList(t, s)
		commit(t, out)
		wantList(t, other, "t", "t_summary")
		wantSet(t, other, named("t"), ints(0, 20))
		wantSet(t, other, named("t_summary"), ints(99, 100))
		if err := out.Abort(testContext(t)); err != nil {
			t.Errorf("abort after commit: %v", err)
		}
		wantSet(t, s, named("t"), ints(0, 20))
		site.wantNoStaging(t)
	}},
	{"no part, no row", func(t *testing.T, site Site) {
		s := site.open(t)
		schema := columns("a", table.Float32ArrayType, "b", table.JSONType)
		commit(t, create(t, s, table.TableSpec{Name: named("t"), Schema: schema}))
		info, err := s.Lookup(testContext(t), named("t"))
		if err != nil {
			t.Fatal(err)
		}
		wantSchema(t, info.Schema, schema)
		wantTable(t, s, named("t"), nil)
	}},
	{"a part without rows", func(t *testing.T, site Site) {
		s := site.open(t)
		out := create(t, s, spec("t"))
		mustPart(t, s, table.Part{Output: out.ID(), Key: "a"})
		mustPart(t, s, table.Part{Output: out.ID(), Key: "b"}, batch(t, idSchema))
		mustPart(t, s, table.Part{Output: out.ID(), Key: "c"}, batch(t, idSchema, ints(1, 2)...))
		commit(t, out)
		wantTable(t, s, named("t"), ints(1, 2))
	}},
	{"Abort leaves nothing", func(t *testing.T, site Site) {
		s := site.open(t)
		out := create(t, s, spec("t"), spec("u"))
		mustPart(t, s, table.Part{Output: out.ID(), Key: "a"}, batch(t, idSchema, ints(0, 10)...))
		for range 2 {
			if err := out.Abort(testContext(t)); err != nil {
				t.Fatal(err)
			}
		}
		wantList(t, s)
		site.wantNoStaging(t)
		if err := out.Commit(testContext(t)); err == nil {
			t.Error("an aborted output was committed")
		}
		if err := writePart(testContext(t), s, table.Part{Output: out.ID(), Key: "b"}, batch(t, idSchema, ints(0, 1)...)); err == nil {
			t.Error("a part of an aborted output was written")
		}
		wantList(t, s)
		site.wantNoStaging(t)
	}},
	{"a transient output is never committed", func(t *testing.T, site Site) {
		s := site.open(t)
		out, err := s.Create(testContext(t), table.CreateOptions{Tables: []table.TableSpec{spec("t")}, Transient: true})
		if err != nil {
			t.Fatal(err)
		}
		mustPart(t, s, table.Part{Output: out.ID(), Key: "a"}, batch(t, idSchema, ints(0, 10)...))
		if err := out.Commit(testContext(t)); err == nil || !strings.Contains(err.Error(), "is transient") {
			t.Errorf("Commit: %v", err)
		}
		mustPart(t, s, table.Part{Output: out.ID(), Key: "b"}, batch(t, idSchema, ints(0, 10)...))
		if err := out.Abort(testContext(t)); err != nil {
			t.Error(err)
		}
		wantList(t, s)
		site.wantNoStaging(t)
	}},
	{"a key counts once", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		out := create(t, s, spec("t"), spec("u"))
		part := table.Part{Output: out.ID(), Key: "k-1_A"}
		mustPart(t, s, part, batch(t, idSchema, ints(0, 10)...))
		mustPart(t, other, part, batch(t, idSchema, ints(0, 10)...))
		mustPart(t, s, part, batch(t, idSchema, ints(50, 60)...))
		mustPart(t, s, table.Part{Output: out.ID(), Table: 1, Key: "k-1_A"}, batch(t, idSchema, ints(70, 71)...))
		mustPart(t, s, table.Part{Output: out.ID(), Key: "k-1_a"}, batch(t, idSchema, ints(10, 12)...))
		commit(t, out)
		wantSet(t, s, named("t"), ints(0, 12))
		wantSet(t, s, named("u"), ints(70, 71))
	}},
	{"a key that several write at the same time counts once", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		out := create(t, s, spec("t"))
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				st := s
				if i%2 == 1 {
					st = other
				}
				for k := range 3 {
					p := table.Part{Output: out.ID(), Key: fmt.Sprintf("k%d", k)}
					if err := writePart(testContext(t), st, p, batch(t, idSchema, ints(k*10, k*10+10)...)); err != nil {
						t.Errorf("writer %d, part %d: %v", i, k, err)
					}
				}
			})
		}
		wg.Wait()
		commit(t, out)
		wantSet(t, s, named("t"), ints(0, 30))
	}},
	{"parts are written at the same time", func(t *testing.T, site Site) {
		s := site.open(t)
		out := create(t, s, spec("t"))
		ctx := testContext(t)
		writers := make([]table.Writer, 5)
		for i := range writers {
			w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: fmt.Sprintf("k%d", i)})
			if err != nil {
				t.Fatal(err)
			}
			writers[i] = w
		}
		for i := range 10 {
			for j, w := range writers {
				if err := w.Write(ctx, batch(t, idSchema, ints(j*100+i*10, j*100+i*10+10)...)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, w := range writers {
			if err := w.Close(ctx); err != nil {
				t.Fatal(err)
			}
		}
		commit(t, out)
		wantSet(t, s, named("t"), ints(0, 500))
	}},
	{"the batch may be used again when Write returns", func(t *testing.T, site Site) {
		s := site.open(t)
		schema := columns("id", table.Int64Type, "b", table.BytesType)
		out := create(t, s, table.TableSpec{Name: named("t"), Schema: schema, Ordered: true})
		ctx := testContext(t)
		w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
		if err != nil {
			t.Fatal(err)
		}
		b, blob := table.NewBatch(schema), make([]byte, 10_000)
		var want [][]any
		for i := range 20 {
			b.Reset()
			for j := range blob {
				blob[j] = byte(i)
			}
			if err := b.Append(int64(i), blob); err != nil {
				t.Fatal(err)
			}
			want = append(want, rowsOf(b)[0])
			if err := w.Write(ctx, b); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(ctx); err != nil {
			t.Fatal(err)
		}
		commit(t, out)
		wantTable(t, s, named("t"), want)
	}},
	{"a part that is not closed does not exist", func(t *testing.T, site Site) {
		s := site.open(t)
		out := create(t, s, spec("t"))
		ctx := testContext(t)
		for _, key := range []string{"a", "b"} {
			w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: key})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(ctx, batch(t, idSchema, ints(0, 1000)...)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := w.Discard(); err != nil {
					t.Errorf("discard: %v", err)
				}
			}
			if err := w.Close(ctx); err == nil {
				t.Error("a discarded part was closed")
			}
		}
		mustPart(t, s, table.Part{Output: out.ID(), Key: "a"}, batch(t, idSchema, ints(5, 7)...))
		commit(t, out)
		wantSet(t, s, named("t"), ints(5, 7))
		site.wantNoStaging(t)
	}},
	{"wrong parts", func(t *testing.T, site Site) {
		s := site.open(t)
		out := create(t, s, spec("t"))
		for _, p := range []table.Part{
			{Output: out.ID(), Key: ""},
			{Output: out.ID(), Key: "a/b"},
			{Output: out.ID(), Key: ".."},
			{Output: out.ID(), Key: "a b"},
			{Output: out.ID(), Key: "ü"},
			{Output: out.ID(), Key: "'"},
			{Output: out.ID(), Key: "a", Table: 1},
			{Output: out.ID(), Key: "a", Table: -1},
			{Output: "", Key: "a"},
			{Output: "nosuch", Key: "a"},
			{Output: "../" + out.ID(), Key: "a"},
		} {
			if err := writePart(testContext(t), s, p, batch(t, idSchema, ints(0, 1)...)); err == nil {
				t.Errorf("part %+v was written", p)
			}
		}
		for _, wrong := range []table.Schema{
			columns("id", table.Int32Type), columns("ID", table.Int64Type), columns("id", table.Int64Type, "x", table.TextType), columns("id", int64Array),
		} {
			if err := writePart(testContext(t), s, table.Part{Output: out.ID(), Key: "a"}, table.NewBatch(wrong)); err == nil {
				t.Errorf("a batch of schema %v was written", wrong)
			}
		}
		commit(t, out)
		wantTable(t, s, named("t"), nil)
	}},
	{"wrong tables", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("old"), idSchema, ints(0, 1)...)
		for name, specs := range map[string][]table.TableSpec{
			"no table":            {},
			"twice":               {spec("t"), spec("t")},
			"no column":           {spec("t"), {Name: named("u")}},
			"column twice":        {{Name: named("t"), Schema: columns("a", table.BoolType, "a", table.TextType)}},
			"column without name": {{Name: named("t"), Schema: columns("", table.BoolType)}},
			"no name":             {{Schema: idSchema}},
		} {
			if out, err := s.Create(testContext(t), table.CreateOptions{Tables: specs}); err == nil {
				t.Errorf("%s: created", name)
				_ = out.Abort(testContext(t))
			}
		}
		_, err := s.Create(testContext(t), table.CreateOptions{Tables: []table.TableSpec{spec("t"), spec("old")}})
		wantTableError(t, err, named("old"), table.ErrExist)
		wantList(t, s, "old")
		site.wantNoStaging(t)
	}},
	{"a table that comes into being before Commit", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		a, b := create(t, s, spec("first"), spec("t")), create(t, other, spec("t"), spec("last"))
		mustPart(t, s, table.Part{Output: a.ID(), Table: 1, Key: "k"}, batch(t, idSchema, ints(1, 2)...))
		mustPart(t, other, table.Part{Output: b.ID(), Table: 0, Key: "k"}, batch(t, idSchema, ints(2, 3)...))
		commit(t, b)
		wantTableError(t, a.Commit(testContext(t)), named("t"), table.ErrExist)
		wantList(t, s, "last", "t")
		wantTable(t, s, named("t"), ints(2, 3))
		if err := a.Abort(testContext(t)); err != nil {
			t.Error(err)
		}
		wantList(t, s, "last", "t")
		site.wantNoStaging(t)
	}},
	{"one of many wins", func(t *testing.T, site Site) {
		s := site.open(t)
		var wg sync.WaitGroup
		errs := make([]error, 5)
		outs := make([]table.Output, len(errs))
		for i := range outs {
			specs := []table.TableSpec{spec("a"), spec("b"), spec("c")}
			if i%2 == 1 {
				specs[0], specs[2] = specs[2], specs[0]
			}
			outs[i] = create(t, s, specs...)
			for j := range specs {
				mustPart(t, s, table.Part{Output: outs[i].ID(), Table: j, Key: "k"}, batch(t, idSchema, ints(i, i+1)...))
			}
		}
		for i, out := range outs {
			wg.Go(func() { errs[i] = out.Commit(testContext(t)) })
		}
		wg.Wait()
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner < 0:
				winner = i
			case err == nil:
				t.Errorf("outputs %d and %d were both committed", winner, i)
			case !errors.Is(err, table.ErrExist):
				t.Errorf("output %d: %v, want ErrExist", i, err)
			}
			if err := outs[i].Abort(testContext(t)); err != nil {
				t.Error(err)
			}
		}
		if winner < 0 {
			t.Fatal("no output was committed")
		}
		for _, n := range []string{"a", "b", "c"} {
			wantTable(t, s, named(n), ints(winner, winner+1))
		}
		site.wantNoStaging(t)
	}},
	{"closing the store aborts", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		out := create(t, s, spec("t"))
		mustPart(t, s, table.Part{Output: out.ID(), Key: "a"}, batch(t, idSchema, ints(0, 10)...))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		wantList(t, other)
		site.wantNoStaging(t)
		if err := out.Commit(testContext(t)); err == nil {
			t.Error("an output of a closed store was committed")
		}
		wantList(t, other)
	}},
	{"other outputs stay when a store is opened", func(t *testing.T, site Site) {
		s := site.open(t)
		out := create(t, s, spec("t"))
		mustPart(t, s, table.Part{Output: out.ID(), Key: "a"}, batch(t, idSchema, ints(0, 5)...))
		other := site.open(t)
		if err := create(t, other, spec("u")).Abort(testContext(t)); err != nil {
			t.Fatal(err)
		}
		mustPart(t, s, table.Part{Output: out.ID(), Key: "b"}, batch(t, idSchema, ints(5, 9)...))
		commit(t, out)
		wantSet(t, other, named("t"), ints(0, 9))
	}},
}
