package iotest

import (
	"errors"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// several are the tables that the cases about Drop begin with.
var several = []string{"a", "b", "c", "d", "e", "f"}

func writeSeveral(t *testing.T, s table.Store, suffix string) (all []table.Name) {
	t.Helper()
	for _, n := range several {
		all = append(all, named(n+suffix))
		write(t, s, named(n+suffix), idSchema, ints(0, 3)...)
	}
	return all
}

var dropCases = []testCase{
	{"several at once", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		all := writeSeveral(t, s, "")
		dropped, err := s.Drop(testContext(t), []table.Name{all[4], all[0], all[2]}, false)
		if err != nil || len(dropped) != 3 || !slices.Contains(dropped, all[0]) || !slices.Contains(dropped, all[2]) || !slices.Contains(dropped, all[4]) {
			t.Errorf("dropped %v, %v", dropped, err)
		}
		wantList(t, other, "b", "d", "f")
		if dropped, err := s.Drop(testContext(t), nil, false); err != nil || len(dropped) != 0 {
			t.Errorf("drop of none: %v, %v", dropped, err)
		}
		site.wantNoStaging(t)
	}},
	{"all or none", func(t *testing.T, site Site) {
		s := site.open(t)
		all := writeSeveral(t, s, "")
		with := func(n table.Name) []table.Name { return append(slices.Clone(all), n) }
		for name, want := range map[string]error{"absent": table.ErrNotExist, "a": table.ErrTwice, "": nil, "b\xff": nil} {
			dropped, err := s.Drop(testContext(t), with(named(name)), false)
			var te *table.TableError
			if !errors.As(err, &te) || te.Table != named(name) || want != nil && !errors.Is(err, want) || dropped != nil {
				t.Errorf("%q: dropped %v, %v, want an error about that table and %v", name, dropped, err, want)
			}
			wantList(t, s, several...)
		}
		dropped, err := s.Drop(testContext(t), with(named("absent")), true)
		if err != nil || len(dropped) != len(all) || slices.Contains(dropped, named("absent")) {
			t.Errorf("dropped %v, %v", dropped, err)
		}
		wantList(t, s)
		if dropped, err := s.Drop(testContext(t), all, true); err != nil || len(dropped) != 0 {
			t.Errorf("once more: %v, %v", dropped, err)
		}
	}},
}
