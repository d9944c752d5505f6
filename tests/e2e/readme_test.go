package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// clock matches what differs from run to run in quickstart's output: times, speeds and the folder.
var clock = regexp.MustCompile(`[0-9]+ samples/s|[0-9.]+s( left)?|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+|\{[0-9.e-]+\}|file:\S+`)

// tail matches the digits of a number after the third decimal: processors with other instructions round differently there.
var tail = regexp.MustCompile(`(\.\d{3})\d+`)

// padding matches what fills columns: their widths follow the number of digits.
var padding = regexp.MustCompile(`[ -]{2,}`)

// progress matches the lines that go to standard error: how many there are depends on the machine's speed.
var progress = regexp.MustCompile(`^(split|preprocess|fit|evaluate|predict): `)

// TestReadme runs the README's first command and holds the output shown there against the real one, line by line.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- quickstart:begin -->\n")
	shown, _, ok := strings.Cut(rest, "<!-- quickstart:end -->")
	if !ok {
		t.Fatal("README.md lacks the marks quickstart:begin and quickstart:end")
	}
	shown = strings.TrimSuffix(strings.TrimPrefix(shown, "```\n"), "```\n")
	u := user{t: t, db: "file:" + filepath.Join(t.TempDir(), "unused")}
	cmd := u.command(t.Context(), "quickstart")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "BEAMFIT_DB=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("quickstart: %v\n%s", err, stderr.String())
	}
	lines := func(s string) []string {
		s = tail.ReplaceAllString(clock.ReplaceAllString(s, "#"), "$1")
		var list []string
		for _, l := range strings.Split(s, "\n") {
			if !progress.MatchString(l) {
				list = append(list, strings.TrimRight(padding.ReplaceAllString(l, "  "), " "))
			}
		}
		return list
	}
	want, got := lines(strings.TrimRight(shown, "\n")), lines(string(out))
	if len(want) < 50 {
		t.Fatalf("README.md shows %d lines only", len(want))
	}
	for i, w := range want {
		if i >= len(got) || got[i] != w {
			t.Fatalf("line %d of quickstart's output is not the README's:\n got %q\nwant %q", i+1, got[min(i, len(got)-1)], w)
		}
	}
}
