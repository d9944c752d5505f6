package iotest

import (
	"sync"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

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
