package iotest

import (
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

var ownedCases = []testCase{
	{"an output is owned until it ends", func(t *testing.T, site Site) {
		s, worker := site.open(t), site.open(t)
		want := func(when, output string, owned bool) {
			t.Helper()
			for _, st := range []table.Store{s, worker} {
				if got, err := st.Owned(testContext(t), output); got != owned || err != nil {
					t.Errorf("%s: owned %v, %v", when, got, err)
				}
			}
		}
		for name, end := range map[string]func(table.Output) error{
			"committed": func(o table.Output) error { return o.Commit(testContext(t)) },
			"aborted":   func(o table.Output) error { return o.Abort(testContext(t)) },
		} {
			out := create(t, s, spec(name))
			want("while it is written", out.ID(), true)
			want("once more", out.ID(), true)
			if err := end(out); err != nil {
				t.Fatal(err)
			}
			want(name, out.ID(), false)
		}
		dying := site.open(t)
		out := create(t, dying, spec("dying"))
		want("of another store", out.ID(), true)
		if err := dying.Close(); err != nil {
			t.Fatal(err)
		}
		want("after its store was closed", out.ID(), false)
		if _, err := s.Owned(testContext(t), "no output"); err == nil {
			t.Error("no error of what is no output")
		}
	}},
}
