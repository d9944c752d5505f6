package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	full, kill := &kind{name: "full disk"}, &kind{name: "killed"}
	tally := newTally()
	for _, v := range []verdict{{outcome: succeeded}, {outcome: refused}, {outcome: refused, wrong: []string{"a table is half"}}} {
		tally.add(full, v)
	}
	tally.add(kill, verdict{outcome: killed})
	tally.add(kill, verdict{outcome: hung, wrong: []string{"hung"}})
	const want = `| fault | cases | succeeded | refused cleanly | interrupted | killed | failures |
|---|---|---|---|---|---|---|
| full disk | 3 | 1 | 1 | 0 | 0 | 1 |
| killed | 2 | 0 | 0 | 0 | 1 | 1 |
| all | 5 | 1 | 1 | 0 | 1 | 2 |
`
	all := []*kind{full, {name: "not run"}, kill}
	if got := tally.table(all); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}

	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("before\n"+beginMark+"\nold\n"+endMark+"\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := tally.writeMarkdown(path, 9, all); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	if !strings.HasPrefix(text, "before\n"+beginMark+"\nSeed 9, ") || !strings.HasSuffix(text, want+endMark+"\nafter\n") || strings.Contains(text, "old") {
		t.Errorf("page\n%s", text)
	}
}
