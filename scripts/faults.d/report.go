package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	beginMark = "<!-- faults:begin -->"
	endMark   = "<!-- faults:end -->"
)

// A tally counts the verdicts of cases by kind: a case that fails as a failure, every other one by its command's outcome.
type tally struct {
	outcomes map[*kind]map[outcome]int
	failures map[*kind]int
}

func newTally() *tally { return &tally{map[*kind]map[outcome]int{}, map[*kind]int{}} }

func (t *tally) add(k *kind, v verdict) {
	if t.outcomes[k] == nil {
		t.outcomes[k] = map[outcome]int{}
	}
	if len(v.wrong) > 0 {
		t.failures[k]++
		return
	}
	t.outcomes[k][v.outcome]++
}

// columns are the outcomes that the table counts.
var columns = []outcome{succeeded, refused, interrupted, killed}

// table is the table of the tally, in Markdown, with the sums at the end.
func (t *tally) table(kinds []*kind) string {
	var b strings.Builder
	b.WriteString("| fault | cases | succeeded | refused cleanly | interrupted | killed | failures |\n|---|---|---|---|---|---|---|\n")
	sums := make([]int, len(columns)+2)
	line := func(name string, counts []int) {
		fmt.Fprintf(&b, "| %s |", name)
		for _, n := range counts {
			fmt.Fprintf(&b, " %d |", n)
		}
		b.WriteByte('\n')
	}
	for _, k := range kinds {
		outcomes := t.outcomes[k]
		if outcomes == nil {
			continue
		}
		counts := []int{t.failures[k]}
		for _, o := range columns {
			counts[0] += outcomes[o]
			counts = append(counts, outcomes[o])
		}
		counts = append(counts, t.failures[k])
		line(k.name, counts)
		for i, n := range counts {
			sums[i] += n
		}
	}
	line("all", sums)
	return b.String()
}

// writeMarkdown puts the table between the two marks of a file.
func (t *tally) writeMarkdown(path string, seed uint64, kinds []*kind) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), beginMark)
	_, after, ok2 := strings.Cut(rest, endMark)
	if !ok || !ok2 {
		return errors.New(path + " lacks the marks " + beginMark + " and " + endMark)
	}
	text := fmt.Sprintf("%s%s\nSeed %d, %s.\n\n%s%s%s", before, beginMark, seed, time.Now().UTC().Format("2006-01-02"), t.table(kinds), endMark, after)
	return os.WriteFile(path, []byte(text), 0o644)
}
