package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

const (
	beginMark = "<!-- faults:begin -->"
	endMark   = "<!-- faults:end -->"
)

// A tally counts the verdicts of cases by the name of their kind: a case that fails as a failure, every other one by its command's
// outcome.
type tally struct {
	Seed     uint64
	Program  string // what beamfit version says
	Machine  string
	First    int // number of the first case
	End      int // the number after that of the last
	Outcomes map[string]map[outcome]int
	Failures map[string]int
}

func newTally(seed uint64, program, machine string, first int) *tally {
	return &tally{seed, program, machine, first, first, map[string]map[outcome]int{}, map[string]int{}}
}

func (t *tally) add(fc *faultCase, v verdict) {
	t.End = fc.number + 1
	k := fc.kind.name
	if t.Outcomes[k] == nil {
		t.Outcomes[k] = map[outcome]int{}
	}
	if len(v.wrong) > 0 {
		t.Failures[k]++
		return
	}
	t.Outcomes[k][v.outcome]++
}

// read goes on with the tally in a file, whose cases must be those before the tally's own; where there is no file it does nothing.
func (t *tally) read(path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	old := newTally(0, "", "", 0)
	if err := json.Unmarshal(data, old); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if old.Seed != t.Seed || old.Program != t.Program || old.Machine != t.Machine || old.End != t.First {
		return fmt.Errorf("%s has %s; these cases begin with number %d of seed %d, of %s on %s", path, old, t.First, t.Seed, t.Program, t.Machine)
	}
	*t = *old
	return nil
}

func (t *tally) write(path string) error {
	data, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

func (t *tally) String() string {
	return fmt.Sprintf("the cases %d to %d of seed %d, of %s on %s", t.First, t.End-1, t.Seed, t.Program, t.Machine)
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
		outcomes := t.Outcomes[k.name]
		if outcomes == nil {
			continue
		}
		counts := []int{t.Failures[k.name]}
		for _, o := range columns {
			counts[0] += outcomes[o]
			counts = append(counts, outcomes[o])
		}
		counts = append(counts, t.Failures[k.name])
		line(k.name, counts)
		for i, n := range counts {
			sums[i] += n
		}
	}
	line("all", sums)
	return b.String()
}

// writeMarkdown puts the table between the two marks of a file.
func (t *tally) writeMarkdown(path, date string, kinds []*kind) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), beginMark)
	_, after, ok2 := strings.Cut(rest, endMark)
	if !ok || !ok2 {
		return errors.New(path + " lacks the marks " + beginMark + " and " + endMark)
	}
	text := fmt.Sprintf("%s%s\nRun on %s: %s.\n\n%s%s%s", before, beginMark, date, t, t.table(kinds), endMark, after)
	return os.WriteFile(path, []byte(text), 0o644)
}
