package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	full, kill := &kind{name: "full disk"}, &kind{name: "killed"}
	counts := newTally(9, "beamfit 1", "a machine", 40)
	number := counts.First
	add := func(k *kind, v verdict) {
		counts.add(&faultCase{number: number, kind: k}, v)
		number++
	}
	add(full, verdict{outcome: succeeded})
	add(full, verdict{outcome: refused})
	add(full, verdict{outcome: refused, wrong: []string{"a table is half"}})

	results := filepath.Join(t.TempDir(), "results.json")
	if err := errors.Join(counts.read(results), counts.write(results)); err != nil {
		t.Fatal(err)
	}
	for _, other := range []*tally{
		newTally(8, "beamfit 1", "a machine", 43), newTally(9, "beamfit 2", "a machine", 43), newTally(9, "beamfit 1", "another", 43),
		newTally(9, "beamfit 1", "a machine", 42), newTally(9, "beamfit 1", "a machine", 44),
	} {
		if err := other.read(results); err == nil {
			t.Errorf("%s was added to %s", other, counts)
		}
	}
	counts = newTally(9, "beamfit 1", "a machine", 43)
	if err := counts.read(results); err != nil {
		t.Fatal(err)
	}
	add(kill, verdict{outcome: killed})
	add(kill, verdict{outcome: hung, wrong: []string{"hung"}})
	const want = `| fault | cases | succeeded | refused cleanly | interrupted | killed | failures |
|---|---|---|---|---|---|---|
| full disk | 3 | 1 | 1 | 0 | 0 | 1 |
| killed | 2 | 0 | 0 | 0 | 1 | 1 |
| all | 5 | 1 | 1 | 0 | 1 | 2 |
`
	all := []*kind{full, {name: "not run"}, kill}
	if got := counts.table(all); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}

	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("before\n"+beginMark+"\nold\n"+endMark+"\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := counts.writeMarkdown(path, "2026-01-02", all); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	if !strings.HasPrefix(text, "before\n"+beginMark+"\nRun on 2026-01-02: the cases 40 to 44 of seed 9, of beamfit 1 on a machine.\n\n") || !strings.HasSuffix(text, want+endMark+"\nafter\n") || strings.Contains(text, "old") {
		t.Errorf("page\n%s", text)
	}
}
