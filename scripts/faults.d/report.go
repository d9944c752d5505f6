package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
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
	Program  string    // what beamfit version says
	Machine  string    // its kind
	Ranges   []numbers // of the cases, in order
	Outcomes map[string]map[outcome]int
	Failures map[string]int
}

// numbers are those of the cases from First up to, but without, End.
type numbers struct{ First, End int }

func newTally(seed uint64, program, machine string, cases numbers) *tally {
	return &tally{seed, program, machine, []numbers{cases}, map[string]map[outcome]int{}, map[string]int{}}
}

func (t *tally) add(k *kind, v verdict) {
	if len(v.wrong) > 0 {
		t.count(k.name, "", 0)
		t.Failures[k.name]++
		return
	}
	t.count(k.name, v.outcome, 1)
}

func (t *tally) count(kind string, o outcome, n int) {
	if t.Outcomes[kind] == nil {
		t.Outcomes[kind] = map[outcome]int{}
	}
	t.Outcomes[kind][o] += n
}

// addFile adds the tally in a file, which must be of other cases of the same seed, program and machine. Where there is no file it adds
// nothing.
func (t *tally) addFile(path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var other tally
	if err := json.Unmarshal(data, &other); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	ranges := slices.SortedFunc(slices.Values(slices.Concat(t.Ranges, other.Ranges)), func(a, b numbers) int { return a.First - b.First })
	overlap := false
	for i := range ranges[1:] {
		overlap = overlap || ranges[i+1].First < ranges[i].End
	}
	if other.Seed != t.Seed || other.Program != t.Program || other.Machine != t.Machine || overlap {
		return fmt.Errorf("%s has %v; expected other cases than %v", path, &other, t)
	}
	t.Ranges = ranges
	for kind, outcomes := range other.Outcomes {
		for o, n := range outcomes {
			t.count(kind, o, n)
		}
	}
	for kind, n := range other.Failures {
		t.Failures[kind] += n
	}
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
	var ranges []string
	for i := 0; i < len(t.Ranges); i++ {
		r := t.Ranges[i]
		for ; i+1 < len(t.Ranges) && t.Ranges[i+1].First == r.End; i++ {
			r.End = t.Ranges[i+1].End
		}
		ranges = append(ranges, fmt.Sprintf("%d to %d", r.First, r.End-1))
	}
	return fmt.Sprintf("the cases %s of seed %d, of %s on %s", strings.Join(ranges, ", "), t.Seed, t.Program, t.Machine)
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
