package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// marks are around the table of a maker's processors.
func marks(maker string) (begin, end string) {
	return "<!-- bench:begin " + maker + " -->", "<!-- bench:end " + maker + " -->"
}

const header = `| work | cores | beamfit | share of peak | peer | its setting | peer's | peer / beamfit (least - most) | at least | turns, day |
|---|---|---|---|---|---|---|---|---|---|
`

// A result is what the turns of a work gave, sorted.
type result struct {
	mine, theirs, ratios, shares []float64
	setting                      string
}

// line is the row of the table.
func (w *work) line(r result) string {
	mid := len(r.ratios) / 2
	share, atLeast := "", ""
	if len(r.shares) > 0 {
		share = fmt.Sprintf("%.0f %%", 100*r.shares[mid])
	}
	if w.atLeast > 0 {
		atLeast = fmt.Sprint(w.atLeast)
	}
	return fmt.Sprintf("%s %d | %s | %s | %s | %s | %s | **%.2f** (%.2f - %.2f) | %s | %d, %s |\n", w.key(), w.cores, w.figure(r.mine[mid]), share,
		w.peer, r.setting, w.figure(r.theirs[mid]), r.ratios[mid], r.ratios[0], r.ratios[len(r.ratios)-1], atLeast, len(r.ratios), time.Now().UTC().Format("2006-01-02"))
}

// key begins the row, and is found again by it together with the peer.
func (w *work) key() string { return "| " + w.name + " |" }

func (w *work) isIn(line string) bool {
	return strings.HasPrefix(line, w.key()) && strings.Contains(line, "| "+w.peer+" |")
}

func (w *work) figure(v float64) string {
	switch {
	case w.unit != "":
		return fmt.Sprintf("%.0f %s", v, w.unit)
	case w.rows > 0:
		return fmt.Sprintf("%.3g s, %.0f rows/s", v, float64(w.rows)/v)
	}
	return fmt.Sprintf("%.3g s", v)
}

// update puts the rows that were measured in the place of the same ones between the two marks of a processor's maker in a file. The
// rows stay in the order of works; those that no work has any more are dropped. versions says what the peers are.
func update(path, maker, versions string, all []*work, measured map[*work]string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := marks(maker)
	before, rest, ok := strings.Cut(string(old), begin)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return errors.New(path + " lacks the marks " + begin + " and " + end)
	}
	lines := strings.SplitAfter(table, "\n")
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %d cores; Go %s; %s.\n\n%s", cpuModel(), runtime.NumCPU(), runtime.Version()[2:], versions, header)
	for _, w := range all {
		if line, ok := measured[w]; ok {
			b.WriteString(line)
		} else if i := slices.IndexFunc(lines, w.isIn); i >= 0 {
			b.WriteString(lines[i])
		}
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+b.String()+end+after), 0o644)
}

// cpuModel is the processor's name where the system tells it.
func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for _, line := range strings.Split(string(info), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
