package iotest

import (
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

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
