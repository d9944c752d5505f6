package examples

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// commandLine is a line of a script or of a page that begins with beamfit, with variables before it or not.
var commandLine = regexp.MustCompile(`^(?:\$ )?((?:[A-Z_]+=\S+ )*beamfit(?: .*)?)$`)

// linesOf are the command lines of a text; a line that ends with a backslash goes on in the next one. In a page only lines of code
// blocks count, which are indented or fenced.
func linesOf(text string, page bool) (lines []string) {
	text = strings.ReplaceAll(text, "\\\n", " ")
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		if page && !fenced && !strings.HasPrefix(line, "    ") {
			continue
		}
		m := commandLine.FindStringSubmatch(strings.TrimSpace(line))
		if m != nil && !strings.Contains(m[1], "...") && !strings.Contains(m[1], "|") {
			lines = append(lines, m[1])
		}
	}
	return lines
}

// understood checks that the program takes a command line: it may fail, but not for its usage. What serves is stopped again.
func understood(t *testing.T, line string) {
	t.Helper()
	if strings.HasPrefix(line, "beamfit serve") {
		line = "timeout 1 " + line
	}
	if code, out := run(t, t.TempDir(), "file:store", line); code == 2 || code == 127 {
		t.Errorf("%s\nexits with %d: %s", line, code, out)
	}
}

func TestLinesOfPages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			for _, line := range linesOf(string(text), true) {
				found++
				understood(t, line)
			}
		})
	}
	if found < 20 {
		t.Errorf("found %d command lines only", found)
	}
}

// The check itself finds what it is for.
func TestWrongLinesAreFound(t *testing.T) {
	for _, line := range linesOf("    beamfit split a b --train 0.5 \\\n      --replcae\n    beamfit split a --train 0.5\n    beamfit splt\n", true) {
		if code, out := run(t, t.TempDir(), "file:store", line); code != 2 {
			t.Errorf("%s exits with %d: %s", line, code, out)
		}
	}
}
