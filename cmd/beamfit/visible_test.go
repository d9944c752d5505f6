package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/progress"
	"github.com/beamfit/beamfit/cmd/beamfit/internal/visible"
	"github.com/beamfit/beamfit/pipelines"
)

// evil steers a terminal and turns text around.
const evil = "\x1b]0;title\a\u009b31m\u202e\r\x7f"

// TestNothingSteersTheTerminal: no name, value or argument that holds escape sequences gets them into what people read, while CSV has
// every value as it is.
func TestNothingSteersTheTerminal(t *testing.T) {
	dir := t.TempDir()
	db := "file:" + filepath.Join(dir, "store")
	file := filepath.Join(dir, "rows.csv")
	if err := os.WriteFile(file, []byte("a"+evil+",b\n\"x"+evil+"\",1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	table := `"t` + evil + `"`
	run := func(args ...string) (int, string) {
		var out, errs bytes.Buffer
		code := execute(context.Background(), newApp(&out, &errs), append(args, "--db", db))
		return code, out.String() + errs.String()
	}
	clean := func(what, text string) {
		t.Helper()
		if i := strings.IndexFunc(text, func(r rune) bool { return visible.Steers(r) && r != '\n' }); i >= 0 {
			t.Errorf("%s: %q", what, text)
		}
		if !strings.Contains(strings.ToLower(text), `\x1b]0;title`) {
			t.Errorf("%s: the escape is not shown: %q", what, text)
		}
	}
	for _, c := range []struct {
		code int
		args []string
	}{
		{exitOK, []string{"import", file, table}},
		{exitOK, []string{"show", table}},
		{exitOK, []string{"show", table, "--expanded"}},
		{exitFailed, []string{"import", file, table}},
		{exitUsage, []string{"import", "missing" + evil, "other"}},
		{exitFailed, []string{"import", "missing" + evil, "other", "--format", "csv"}},
		{exitFailed, []string{"show", table, "--columns", `"c` + evil + `"`}},
		{exitUsage, []string{"show", `"open` + evil}},
		{exitUsage, []string{"show", "--" + evil}},
		{exitUsage, []string{"sh" + evil}},
		{exitUsage, []string{"fit", "a", "b", "--arch", "a", "--id", "1" + evil}},
		{exitFailed, []string{"preprocess", table, "o", "--dependent", "b", "--independent", `"c` + evil + `"`}},
		{exitOK, []string{"drop", table}},
	} {
		code, text := run(c.args...)
		if code != c.code {
			t.Errorf("%q: exit code %d\n%s", c.args, code, text)
		}
		clean(c.args[0], text)
		if c.args[0] == "import" && c.code == exitOK {
			if _, csv := run("show", table, "--format", "csv"); !strings.Contains(csv, "x"+evil) {
				t.Errorf("CSV changed the value: %q", csv)
			}
		}
	}
	var out, errs bytes.Buffer
	a := newApp(&out, &errs)
	a.warn([]string{"column " + evil})
	clean("warning", errs.String())
	out.Reset()
	p := progress.New(&out, progress.Options{})
	p.Report(pipelines.Event{Job: "fit", Iteration: &pipelines.IterationReport{
		Iteration: 1, Iterations: 1, Scored: true, TrainingMetrics: []pipelines.NamedValue{{Name: "metric" + evil}},
	}})
	clean("progress", out.String())
}
