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

// marks are those around the table of a plan.
func (p *plan) marks() (begin, end string) {
	return "<!-- " + p.name + ":begin -->", "<!-- " + p.name + ":end -->"
}

// A tally counts the verdicts of cases of a plan by their row of its table: a case that fails as a failure, every other one by its command's
// outcome.
type tally struct {
	Plan     string
	Seed     uint64
	Program  string    // what beamfit version says
	Machine  string    // its kind
	Ranges   []numbers // of the cases, in order
	Outcomes map[string]map[outcome]int
	Failures map[string]int
}

// numbers are those of the cases from First up to, but without, End.
type numbers struct{ First, End int }

func newTally(plan string, seed uint64, program, machine string, cases numbers) *tally {
	return &tally{plan, seed, program, machine, []numbers{cases}, map[string]map[outcome]int{}, map[string]int{}}
}

func (t *tally) add(row string, v verdict) {
	if len(v.wrong) > 0 {
		t.count(row, "", 0)
		t.Failures[row]++
		return
	}
	t.count(row, v.outcome, 1)
}

func (t *tally) count(row string, o outcome, n int) {
	if t.Outcomes[row] == nil {
		t.Outcomes[row] = map[outcome]int{}
	}
	t.Outcomes[row][o] += n
}

// addFile adds the tally in a file, which must be of other cases of the same plan, seed, program and machine. Where there is no file it adds
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
	if other.Plan != t.Plan || other.Seed != t.Seed || other.Program != t.Program || other.Machine != t.Machine || overlap {
		return fmt.Errorf("%s has %v; expected other cases than %v", path, &other, t)
	}
	t.Ranges = ranges
	for row, outcomes := range other.Outcomes {
		for o, n := range outcomes {
			t.count(row, o, n)
		}
	}
	for row, n := range other.Failures {
		t.Failures[row] += n
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
func (t *tally) table(rows []string) string {
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
	for _, row := range rows {
		outcomes := t.Outcomes[row]
		if outcomes == nil {
			continue
		}
		counts := []int{t.Failures[row]}
		for _, o := range columns {
			counts[0] += outcomes[o]
			counts = append(counts, outcomes[o])
		}
		counts = append(counts, t.Failures[row])
		line(row, counts)
		for i, n := range counts {
			sums[i] += n
		}
	}
	line("all", sums)
	return b.String()
}

// writeMarkdown puts the table between the two marks of a file.
func (t *tally) writeMarkdown(path, date string, p *plan) error {
	beginMark, endMark := p.marks()
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), beginMark)
	_, after, ok2 := strings.Cut(rest, endMark)
	if !ok || !ok2 {
		return errors.New(path + " lacks the marks " + beginMark + " and " + endMark)
	}
	text := fmt.Sprintf("%s%s\nRun on %s: %s.\n\n%s%s%s", before, beginMark, date, t, t.table(p.rows()), endMark, after)
	return os.WriteFile(path, []byte(text), 0o644)
}
