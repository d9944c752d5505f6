package main

import (
	"slices"
	"strings"
	"testing"
)

func TestCasesFollowFromTheSeed(t *testing.T) {
	for number := range 100 {
		a, b := storePlan.draw(7, number), storePlan.draw(7, number)
		if a.String() != b.String() {
			t.Errorf("%v, then %v", a, b)
		}
	}
	if storePlan.draw(7, 0).String() == storePlan.draw(8, 0).String() && storePlan.draw(7, 1).String() == storePlan.draw(8, 1).String() {
		t.Error("another seed draws the same cases")
	}
}

func TestEveryKindComesFirstOnce(t *testing.T) {
	for _, p := range []*plan{storePlan, enginePlan} {
		for i, k := range p.kinds {
			if got := p.draw(3, i).kind; got != k {
				t.Errorf("%s: case %d is of kind %s, want %s", p.name, i, got.name, k.name)
			}
		}
	}
}

// TestEverythingIsDrawn finds every command on every store and engine, and every command beside another.
func TestEverythingIsDrawn(t *testing.T) {
	for _, p := range []*plan{storePlan, enginePlan} {
		drawn, beside, rows := map[subject]bool{}, map[*command]bool{}, map[string]bool{}
		for number := range 20_000 {
			fc := p.draw(1, number)
			drawn[fc.subject] = true
			rows[p.row(fc.kind, fc.engine)] = true
			if fc.beside != nil {
				beside[fc.beside.command] = true
			}
			if !slices.Contains(fc.kind.stores, fc.store) || fc.kind.takes != nil && !fc.kind.takes(fc.command) ||
				fc.kind.engines != nil && !fc.kind.engines(fc.engine) || fc.hasty && !fc.engine.cluster {
				t.Errorf("%v does not suit its kind", fc)
			}
		}
		for _, c := range p.commands {
			for _, s := range bothStores {
				for _, e := range p.engines {
					if want := c.pipeline || e == p.engines[0]; drawn[subject{c, s, e}] != want {
						t.Errorf("%s: %s on %s with engine %s: drawn %v", p.name, c.name, s.name, e.name, !want)
					}
				}
			}
		}
		for _, c := range disturbers {
			if p == storePlan && !beside[c] {
				t.Errorf("%s never runs beside another command", c.name)
			}
		}
		for _, row := range p.rows() {
			if !rows[row] {
				t.Errorf("%s: no case of row %q", p.name, row)
			}
		}
		if len(rows) != len(p.rows()) {
			t.Errorf("%s: %d rows are drawn, the table has %d", p.name, len(rows), len(p.rows()))
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

func TestCases(t *testing.T) {
	if got := storePlan.cases(1, 0, 40, ""); len(got) != 40 || got[39].number != 39 {
		t.Errorf("%d cases", len(got))
	}
	if got := storePlan.cases(1, 17, 2, ""); len(got) != 2 || got[0].number != 17 || got[1].number != 18 {
		t.Errorf("the cases 17 and 18: %v", got)
	}
	for _, fc := range storePlan.cases(1, 0, 40, "SIG") {
		if !strings.Contains(fc.kind.name, "SIG") {
			t.Errorf("%v", fc)
		}
	}
}
