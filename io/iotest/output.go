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

var orderedCases = []testCase{
	{"rows in the order of keys", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		schema := columns("id", table.Int64Type, "pad", table.TextType)
		out := create(t, s, table.TableSpec{Name: named("t"), Schema: schema, Ordered: true})
		// As text: "-" < digits < upper case < "_" < lower case, and a shorter key before a longer one that it begins.
		keys := []string{"-", "0", "00", "0001", "0002", "1", "10", "9", "A", "B", "Z", "_", "a", "a-", "a0", "b"}
		var want [][]any
		for i := range keys {
			for j := range 25 {
				want = append(want, []any{int64(i*100 + j), strings.Repeat("x", (i*7+j*977)%6000)})
			}
		}
		order := []int{15, 3, 8, 0, 1, 12, 9, 2, 14, 11, 4, 10, 5, 13, 7, 6}
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				st := s
				if w%2 == 1 {
					st = other
				}
				for i := w; i < len(order); i += 4 {
					k := order[i]
					rows := want[k*25 : k*25+25]
					p := table.Part{Output: out.ID(), Key: keys[k]}
					for range 2 {
						if err := writePart(testContext(t), st, p, batch(t, schema, rows[:10]...), batch(t, schema, rows[10:]...)); err != nil {
							t.Errorf("part %q: %v", keys[k], err)
						}
					}
				}
			})
		}
		wg.Wait()
		commit(t, out)
		wantTable(t, other, named("t"), want)
		site.wantNoStaging(t)
		info, err := s.Lookup(testContext(t), named("t"))
		if err != nil {
			t.Fatal(err)
		}
		wantSchema(t, info.Schema, schema)
	}},
	{"columns of every type", func(t *testing.T, site Site) {
		s := site.open(t)
		schema := columns("key", table.TextType, "seq", table.NumericType, "at", table.TimestampType, "a", dateType.ArrayOf())
		row := []any{"k", "1.50", "2024-01-01 00:00:00", []string{"2024-01-01"}}
		write(t, s, named("t"), schema, row, row)
		wantTable(t, s, named("t"), rowsOf(batch(t, schema, row, row)))
	}},
	{"one ordered, one not", func(t *testing.T, site Site) {
		s := site.open(t)
		ordered := spec("t")
		ordered.Ordered = true
		out := create(t, s, spec("u"), ordered)
		for i := 9; i >= 0; i-- {
			for tab := range 2 {
				mustPart(t, s, table.Part{Output: out.ID(), Table: tab, Key: fmt.Sprint(i)}, batch(t, idSchema, ints(i*10, i*10+10)...))
			}
		}
		commit(t, out)
		wantTable(t, s, named("t"), ints(0, 100))
		wantSet(t, s, named("u"), ints(0, 100))
	}},
}

var replaceCases = []testCase{
	{"swap", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		write(t, s, named("t"), columns("old", table.TextType), []any{"x"})
		write(t, s, named("u"), idSchema, ints(0, 5)...)
		specs := []table.TableSpec{spec("t"), spec("u"), spec("new")}
		for i := range specs {
			specs[i].Replace = true
		}
		specs[1].Ordered = true
		out := create(t, s, specs...)
		for i := range specs {
			mustPart(t, s, table.Part{Output: out.ID(), Table: i, Key: "k"}, batch(t, idSchema, ints(i*10, i*10+3)...))
		}
		wantTable(t, other, named("t"), [][]any{{"x"}})
		wantTable(t, other, named("u"), ints(0, 5))
		wantAbsent(t, other, named("new"))
		commit(t, out)
		for i, sp := range specs {
			wantSet(t, other, sp.Name, ints(i*10, i*10+3))
		}
		wantList(t, s, "new", "t", "u")
		site.wantNoStaging(t)
	}},
	{"an abort keeps the old table", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("t"), idSchema, ints(0, 5)...)
		sp := spec("t")
		sp.Replace = true
		out := create(t, s, sp)
		mustPart(t, s, table.Part{Output: out.ID(), Key: "k"}, batch(t, idSchema, ints(7, 8)...))
		if err := out.Abort(testContext(t)); err != nil {
			t.Fatal(err)
		}
		wantTable(t, s, named("t"), ints(0, 5))
	}},
	{"a failed commit keeps every old table", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("a"), idSchema, ints(0, 5)...)
		sp := spec("a")
		sp.Replace = true
		out := create(t, s, sp, spec("b"))
		write(t, s, named("b"), idSchema, ints(5, 6)...)
		wantTableError(t, out.Commit(testContext(t)), named("b"), table.ErrExist)
		wantTable(t, s, named("a"), ints(0, 5))
		wantTable(t, s, named("b"), ints(5, 6))
		if err := out.Abort(testContext(t)); err != nil {
			t.Error(err)
		}
		site.wantNoStaging(t)
	}},
	{"at the same time", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("t"), idSchema, ints(0, 1)...)
		write(t, s, named("u"), idSchema, ints(0, 1)...)
		var wg sync.WaitGroup
		for i := range 4 {
			specs := []table.TableSpec{spec("t"), spec("u")}
			specs[0].Replace, specs[1].Replace = true, true
			if i%2 == 1 {
				specs[0], specs[1] = specs[1], specs[0]
			}
			out := create(t, s, specs...)
			for j := range specs {
				mustPart(t, s, table.Part{Output: out.ID(), Table: j, Key: "k"}, batch(t, idSchema, ints(i, i+1)...))
			}
			wg.Go(func() {
				if err := out.Commit(testContext(t)); err != nil {
					t.Errorf("commit %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		_, a := readAll(t, s, named("t"), 1, table.ReadOptions{})
		_, b := readAll(t, s, named("u"), 1, table.ReadOptions{})
		if len(a) != 1 {
			t.Fatalf("%d rows", len(a))
		}
		wantRows(t, a, b)
		site.wantNoStaging(t)
	}},
}

// removing begins an output that makes t anew and removes tables.
func removing(t *testing.T, s table.Store, removes ...string) table.Output {
	t.Helper()
	opt := table.CreateOptions{Tables: []table.TableSpec{spec("t")}}
	opt.Tables[0].Replace = true
	for _, name := range removes {
		opt.Removes = append(opt.Removes, named(name))
	}
	out, err := s.Create(testContext(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var removeCases = []testCase{
	{"with the same commit", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		write(t, s, named("old"), columns("a", table.TextType), []any{"x"})
		write(t, s, named("stays"), idSchema, ints(0, 1)...)
		out := removing(t, s, "old", "absent", "late")
		mustPart(t, other, table.Part{Output: out.ID(), Key: "k"}, batch(t, idSchema, ints(0, 3)...))
		write(t, other, named("late"), idSchema, ints(5, 9)...) // only there when the output is there already
		wantTable(t, other, named("old"), [][]any{{"x"}})
		commit(t, out)
		wantList(t, other, "stays", "t")
		wantTable(t, other, named("t"), ints(0, 3))
		site.wantNoStaging(t)
		out = removing(t, s, "t_other", "stays") // one there, one not, beside one that is replaced
		commit(t, out)
		wantList(t, other, "t")
		wantTable(t, other, named("t"), nil)
		site.wantNoStaging(t)
	}},
	{"not with an abort, nor with a commit that fails", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("old"), idSchema, ints(0, 2)...)
		out := removing(t, s, "old")
		if err := out.Abort(testContext(t)); err != nil {
			t.Fatal(err)
		}
		wantTable(t, s, named("old"), ints(0, 2))
		out, err := s.Create(testContext(t), table.CreateOptions{Tables: []table.TableSpec{spec("u")}, Removes: []table.Name{named("old")}})
		if err != nil {
			t.Fatal(err)
		}
		write(t, s, named("u"), idSchema, ints(7, 8)...)
		wantTableError(t, out.Commit(testContext(t)), named("u"), table.ErrExist)
		wantTable(t, s, named("old"), ints(0, 2))
		if err := out.Abort(testContext(t)); err != nil {
			t.Error(err)
		}
		wantList(t, s, "old", "u")
		site.wantNoStaging(t)
	}},
	{"no table twice", func(t *testing.T, site Site) {
		s := site.open(t)
		for _, removes := range [][]table.Name{{named("t")}, {named("a"), named("a")}, {{}}} {
			out, err := s.Create(testContext(t), table.CreateOptions{Tables: []table.TableSpec{spec("t")}, Removes: removes})
			if err == nil {
				t.Errorf("an output that removes %q was created", removes)
				_ = out.Abort(testContext(t))
			}
		}
		wantList(t, s)
		site.wantNoStaging(t)
	}},
	{"another table may have the name then", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("old"), idSchema, ints(0, 2)...)
		out := removing(t, s, "old")
		commit(t, out)
		write(t, s, named("old"), idSchema, ints(4, 5)...)
		wantTable(t, s, named("old"), ints(4, 5))
	}},
}
