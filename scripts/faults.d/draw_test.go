package main

import (
	"slices"
	"strings"
	"testing"
)

func TestCasesFollowFromTheSeed(t *testing.T) {
	for number := range 100 {
		a, b := drawCase(7, number, kinds), drawCase(7, number, kinds)
		if a.String() != b.String() {
			t.Errorf("%v, then %v", a, b)
		}
	}
	if drawCase(7, 0, kinds).String() == drawCase(8, 0, kinds).String() && drawCase(7, 1, kinds).String() == drawCase(8, 1, kinds).String() {
		t.Error("another seed draws the same cases")
	}
}

func TestEveryKindComesFirstOnce(t *testing.T) {
	for i, k := range kinds {
		if got := drawCase(3, i, kinds).kind; got != k {
			t.Errorf("case %d is of kind %s, want %s", i, got.name, k.name)
		}
	}
}

// TestEverythingIsDrawn finds every command on every store and engine, and every command beside another.
func TestEverythingIsDrawn(t *testing.T) {
	drawn, beside := map[subject]bool{}, map[*command]bool{}
	for number := range 20_000 {
		fc := drawCase(1, number, kinds)
		drawn[fc.subject] = true
		if fc.beside != nil {
			beside[fc.beside.command] = true
		}
		if !slices.Contains(fc.kind.stores, fc.store) || fc.kind.takes != nil && !fc.kind.takes(fc.command) {
			t.Errorf("%v does not suit its kind", fc)
		}
	}
	for _, c := range commands {
		for _, s := range bothStores {
			for _, e := range engines {
				if want := c.pipeline || e == engines[0]; drawn[subject{c, s, e}] != want {
					t.Errorf("%s on %s with engine %s: drawn %v", c.name, s.name, e.name, !want)
				}
			}
		}
	}
	for _, c := range disturbers {
		if !beside[c] {
			t.Errorf("%s never runs beside another command", c.name)
		}
	}
}

func TestEveryCommandMeetsAnother(t *testing.T) {
	for _, c := range commands {
		if !slices.ContainsFunc(disturbers, c.meets) {
			t.Errorf("no disturber meets %s", c.name)
		}
	}
}

func TestSelectCases(t *testing.T) {
	if got := selectCases(1, 0, 40, ""); len(got) != 40 || got[39].number != 39 {
		t.Errorf("%d cases", len(got))
	}
	if got := selectCases(1, 17, 2, ""); len(got) != 2 || got[0].number != 17 || got[1].number != 18 {
		t.Errorf("the cases 17 and 18: %v", got)
	}
	for _, fc := range selectCases(1, 0, 40, "SIG") {
		if !strings.Contains(fc.kind.name, "SIG") {
			t.Errorf("%v", fc)
		}
	}
}
