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
	counts := newTally("faults", 9, "beamfit 1", "a machine", numbers{40, 43})
	for _, v := range []verdict{{outcome: succeeded}, {outcome: refused}, {outcome: refused, wrong: []string{"a table is half"}}} {
		counts.add(full.name, v)
	}

	results := filepath.Join(t.TempDir(), "results.json")
	if err := errors.Join(counts.addFile(results), counts.write(results)); err != nil {
		t.Fatal(err)
	}
	for _, other := range []*tally{
		newTally("faults", 8, "beamfit 1", "a machine", numbers{43, 45}), newTally("faults", 9, "beamfit 2", "a machine", numbers{43, 45}),
		newTally("faults", 9, "beamfit 1", "another", numbers{43, 45}), newTally("faults", 9, "beamfit 1", "a machine", numbers{42, 45}),
		newTally("faults", 9, "beamfit 1", "a machine", numbers{0, 41}), newTally("engine faults", 9, "beamfit 1", "a machine", numbers{43, 45}),
	} {
		if err := other.addFile(results); err == nil {
			t.Errorf("%v was added to %v", counts, other)
		}
	}
	counts = newTally("faults", 9, "beamfit 1", "a machine", numbers{43, 45})
	counts.add(kill.name, verdict{outcome: killed})
	counts.add(kill.name, verdict{outcome: hung, wrong: []string{"hung"}})
	if err := counts.addFile(results); err != nil {
		t.Fatal(err)
	}
	const want = `| fault | cases | succeeded | refused cleanly | interrupted | killed | failures |
|---|---|---|---|---|---|---|
| full disk | 3 | 1 | 1 | 0 | 0 | 1 |
| killed | 2 | 0 | 0 | 0 | 1 | 1 |
| all | 5 | 1 | 1 | 0 | 1 | 2 |
`
	p := &plan{name: "faults", kinds: []*kind{full, {name: "not run"}, kill}, engines: []*engine{direct, prism}}
	beginMark, endMark := p.marks()
	if got := counts.table(p.rows()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}

	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("before\n"+beginMark+"\nold\n"+endMark+"\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := counts.writeMarkdown(path, "2026-01-02", p); err != nil {
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
