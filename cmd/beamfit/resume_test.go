package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/kernels"
)

// latestRun is the latest run of a store.
func latestRun(t *testing.T, db string) table.Run {
	t.Helper()
	store, err := table.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	all, err := store.Runs(t.Context())
	if err != nil || len(all) == 0 {
		t.Fatalf("%d runs, error %v", len(all), err)
	}
	return all[0]
}

// TestResumeOnEngine: a run on an engine goes on with what is given to resume: another address, and the secrets, which nobody gets to see.
func TestResumeOnEngine(t *testing.T) {
	db := "file:" + t.TempDir()
	call := func(args ...string) (int, string) {
		var out bytes.Buffer
		code := execute(t.Context(), newApp(&out, &out), append(args, "--db", db))
		return code, out.String()
	}
	if code, out := call("import", filepath.Join("internal", "iris", "iris.csv"), "flowers"); code != exitOK { // a store that is not there gets no rows of runs
		t.Fatal(out)
	}
	secrets := []string{"--flink-rest=http://me:hunter22@127.0.0.1:1", "--beam-option=API_TOKEN=hunter23"}
	line := append([]string{"evaluate", "model", "packed", "scores", "--runner=flink", "--endpoint=127.0.0.1:1"}, secrets...)
	if code, out := call(line...); code != exitUnavailable {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	first := latestRun(t, db)
	for _, c := range []struct {
		given []string
		code  int
		says  string
	}{
		{[]string{"--endpoint=127.0.0.1:2"}, exitFailed, "the value of --flink-rest holds a secret"},
		{append([]string{"--endpoint=127.0.0.1:2"}, secrets...), exitUnavailable, "the job service at 127.0.0.1:2"},
		{append([]string{"--parallelism=2"}, secrets...), exitUnavailable, "the job service at 127.0.0.1:1"},
		{append([]string{"--parallelism=0"}, secrets...), exitUsage, "option parallelism must be a whole number from 1 on"},
		{append([]string{"--prism-open-port"}, secrets...), exitUsage, "--prism-open-port needs --runner prism"},
		{append([]string{"--endpoint=127.0.0.1:2", "--beam-option=flink_rest=http://me:hunter22@127.0.0.1:1"}, secrets[1:]...), exitUnavailable, "the job service at 127.0.0.1:2"},
		{[]string{"--runner=direct"}, exitFailed, "table model: does not exist"},
		{append([]string{"--endpoint=127.0.0.1:2", "--flink-rest=h:8081"}, secrets[1:]...), exitUsage, "option flink_rest must be a URL"},
	} {
		code, out := call(append([]string{"resume", first.ID}, c.given...)...)
		if code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%q: exit code %d, want %d and %q\n%s", c.given, code, c.code, c.says, out)
		}
		if strings.Contains(out, "hunter23") || strings.Contains(out, secrets[0]) {
			t.Errorf("%q: a secret is shown\n%s", c.given, out)
		}
		if run := latestRun(t, db); strings.Contains(strings.Join(run.Args, " ")+run.Message, "hunter2") {
			t.Errorf("%q: a secret is recorded: %+v", c.given, run)
		}
	}
}

// TestResumedKernels: a run goes on with the kernels that it had, whatever was the reason for them.
func TestResumedKernels(t *testing.T) {
	use := func(variant string) {
		if err := kernels.Use(variant); err != nil {
			t.Fatal(err)
		}
	}
	best := kernels.Variant()
	t.Cleanup(func() { use(best) })
	db := "file:" + t.TempDir()
	use("go") // as BEAMFIT_KERNELS would
	for _, c := range []struct {
		line  []string
		wants []string
	}{
		{[]string{"split", "no", "t", "--train=0.5"}, nil},
		{[]string{"evaluate", "--db", db, "--", "no", "-no", "t"}, []string{"--kernels=go"}},
		{[]string{"evaluate", "no", "no", "t", "--kernels=go"}, []string{"--kernels=go"}},
		{[]string{"evaluate", "no", "no", "t"}, []string{"--kernels=go"}},
	} {
		var out bytes.Buffer
		if code := execute(t.Context(), newApp(&out, &out), append([]string{"--db", db}, c.line...)); code != exitFailed {
			t.Fatalf("%q: exit code %d\n%s", c.line, code, out.String())
		}
		var got []string
		for _, arg := range latestRun(t, db).Args {
			if strings.HasPrefix(arg, "--kernels") {
				got = append(got, arg)
			}
		}
		if !slices.Equal(got, c.wants) {
			t.Errorf("%q: recorded with %q, want %q", c.line, got, c.wants)
		}
	}
	use(best)
	var out bytes.Buffer
	execute(t.Context(), newApp(&out, &out), []string{"resume", latestRun(t, db).ID, "--db", db})
	if kernels.Variant() != "go" || !strings.Contains(out.String(), "$ beamfit evaluate no no t --kernels=go\n") {
		t.Errorf("resumed with the kernels %s\n%s", kernels.Variant(), out.String())
	}
}
