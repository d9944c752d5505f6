package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
)

// commandsOf are all commands below a command, and itself.
func commandsOf(cmd *cobra.Command) (all []*cobra.Command) {
	all = append(all, cmd)
	for _, c := range cmd.Commands() {
		all = append(all, commandsOf(c)...)
	}
	return all
}

// recordedLine is what is recorded of a command line, without running it.
func recordedLine(t *testing.T, line ...string) []string {
	t.Helper()
	a := newApp(io.Discard, io.Discard)
	a.raw = line
	root := newRoot(a)
	var got []string
	for _, cmd := range commandsOf(root) {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			got = recordedArguments(givenFlags(cmd, line), args)
			return nil
		}
	}
	root.SetArgs(line)
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRecordedArguments(t *testing.T) {
	for _, c := range []struct {
		line []string
		want []string
	}{
		{
			[]string{"--db", "postgres://me:hunter22@h/d", "fit", "src", "--iterations", "3", "m", "--quiet", "--no-progress=true", "--log-level", "info", "--stall-timeout=1m", "--warm-start"},
			[]string{"src", "m", "--iterations=3", "--warm-start"},
		},
		{
			[]string{"split", "--runner=flink", "--endpoint", "h:1", "--beam-option", "a=1", "--beam-option=b=2", "--seed", "7", "--", "-src", "--root"},
			[]string{"--runner=flink", "--endpoint=h:1", "--beam-option=a=1", "--beam-option=b=2", "--seed=7", "--", "-src", "--root"},
		},
		{
			[]string{"fit", "a", "b", "--flink-rest", "https://me:hunter22@h:8081", "--beam-option=s3_secret_key=hunter22", "--beam-option", "API_TOKEN=x=y", "--compile=loss='password', x=1"},
			[]string{"a", "b", "--flink-rest=xxxxx", "--beam-option=s3_secret_key=xxxxx", "--beam-option=API_TOKEN=xxxxx", "--compile=loss='password', x=1"},
		},
		{
			[]string{"fit", "a", "b", "--beam-option=s3.private_key=BEGIN\nhunter22\nEND\n", "--beam-option=apiKey=x", "--beam-option=ACCESS_KEY_ID=x", "--beam-option=passwd=x", "--beam-option=key=x"},
			[]string{"a", "b", "--beam-option=s3.private_key=xxxxx", "--beam-option=apiKey=xxxxx", "--beam-option=ACCESS_KEY_ID=xxxxx", "--beam-option=passwd=xxxxx", "--beam-option=key=x"},
		},
		{
			[]string{"fit", "a", "b", "--beam-option", "flink_rest=https://me:hunter22@h:8081"},
			[]string{"a", "b", "--beam-option=flink_rest=xxxxx"},
		},
		{
			[]string{"fit", "a", "b", "--description", "token_dim=64", "--name=see https://me:hunter22@h", "--beam-option=more=api_token=hunter22"},
			[]string{"a", "b", "--description=token_dim=64", "--name=xxxxx", "--beam-option=more=xxxxx"},
		},
		{[]string{"fit", "a", "b", "--compile=", "--name=line\nbreak", "--replace=false"}, []string{"a", "b", "--compile=", "--name=line\nbreak", "--replace=false"}},
	} {
		got := recordedLine(t, c.line...)
		if !slices.Equal(got, c.want) {
			t.Errorf("%q:\ngot  %q\nwant %q", c.line, got, c.want)
		}
		command := slices.IndexFunc(c.line, func(arg string) bool { return arg == "fit" || arg == "split" })
		if again := recordedLine(t, append([]string{c.line[command]}, got...)...); !slices.Equal(again, c.want) {
			t.Errorf("%q is recorded again as %q", got, again)
		}
	}
}

// TestSecretsOfEngines: messages do not show the value of an engine's option whose name says that it is secret, nor passwords in URLs.
func TestSecretsOfEngines(t *testing.T) {
	a := newApp(io.Discard, io.Discard)
	a.runnerOptions = map[string]string{"auth_token": "hunter22", "use_token": "true", "region": "europe", "flink_rest": "https://me:p%40ssword@h:8081"}
	const said, want = "hunter22 in europe is true, https://me:p%40ssword@h:8081 and p@ssword are not", "xxxxx in europe is true, https://me:xxxxx@h:8081 and xxxxx are not"
	if got := a.secrets().Replace(said); got != want {
		t.Errorf("the message is %q", got)
	}
}

func TestResumedArguments(t *testing.T) {
	for _, c := range []struct {
		recorded, given string // separated by blanks; the run was on Flink
		want            string // an error, if it has blanks and no --
	}{
		{"a b --runner=flink --endpoint=x:1", "", "a b --runner=flink --endpoint=x:1"},
		{"a b --runner=flink --endpoint=x:1", "--endpoint=y:2 --workers=3", "a b --runner=flink --endpoint=y:2 --workers=3"},
		{"--beam-option=a=1 --beam-option=b=2 -- -a", "--beam-option=b=3", "--beam-option=a=1 --beam-option=b=3 -- -a"},
		{"a --flink-rest=xxxxx", "", "--flink-rest holds a secret"},
		{"a --flink-rest=xxxxx", "--flink-rest=http://h", "a --flink-rest=http://h"},
		{"a --beam-option=key_secret=xxxxx", "--beam-option=key_secret=hunter22", "a --beam-option=key_secret=hunter22"},
		{"a --beam-option=key_secret=xxxxx", "--beam-option=other=1", "--beam-option=key_secret holds a secret"},
		{"a --beam-option=flink_rest=xxxxx", "--flink-rest=http://h", "a --flink-rest=http://h"},
		{"a --flink-rest=xxxxx", "--beam-option=flink_rest=http://h", "a --beam-option=flink_rest=http://h"},
		{"a --runner=flink --endpoint=x:1 --flink-rest=xxxxx --beam-option=parallelism=2 --beam-option=key_secret=xxxxx --seed=1", "--runner=direct", "a --seed=1 --runner=direct"},
		{"a --runner=flink --endpoint=x:1 --seed=1", "--runner=flink --parallelism=2", "a --endpoint=x:1 --seed=1 --runner=flink --parallelism=2"},
		{"a --runner=flink --endpoint=x:1", "--runner=dataflow --project=p", "a --runner=dataflow --project=p"},
	} {
		got, err := resumedArguments(table.Run{Args: strings.Fields(c.recorded), Runner: "flink"}, strings.Fields(c.given))
		if err != nil && strings.Contains(err.Error(), c.want) {
			continue
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s with %s: %q, %v, want %s", c.recorded, c.given, got, err, c.want)
		}
	}
}

func TestMayResume(t *testing.T) {
	run := func(change func(*table.Run)) table.Run {
		r := table.Run{ID: "abcdefgh", Command: "fit", Mine: true, State: table.RunDied}
		change(&r)
		return r
	}
	later := func(state table.RunState) []table.Run {
		return []table.Run{{ID: "hgfedcba", Resumes: "abcdefgh", State: state}}
	}
	// The run was resumed as one that died, and that as another one.
	chain := func(state table.RunState) []table.Run {
		return []table.Run{{ID: "third", Resumes: "second", State: state}, {ID: "second", Resumes: "abcdefgh", State: table.RunDied}}
	}
	for _, c := range []struct {
		name string
		run  table.Run
		all  []table.Run
		want string // "": it may be
	}{
		{"died", run(func(*table.Run) {}), nil, ""},
		{"cancelled", run(func(r *table.Run) { r.State = table.RunCancelled }), later(table.RunFailed), ""},
		{"another's", run(func(r *table.Run) { r.Mine = false }), nil, "is not yours"},
		{"at work", run(func(r *table.Run) { r.State = table.RunCancelling }), nil, "is cancelling"},
		{"done", run(func(r *table.Run) { r.State = table.RunDone }), nil, "is done"},
		{"resumed", run(func(*table.Run) {}), later(table.RunDone), "resumed as run hgfedcba, which is done"},
		{"being resumed", run(func(*table.Run) {}), later(table.RunRunning), "which is running"},
		{"resumed twice", run(func(*table.Run) {}), chain(table.RunDone), "resumed as run third, which is done"},
		{"resumed twice and died", run(func(*table.Run) {}), chain(table.RunDied), ""},
		{"resumed beside it", run(func(r *table.Run) { r.ID, r.Resumes = "fourth", "abcdefgh" }), append(chain(table.RunDone), table.Run{ID: "fourth", Resumes: "abcdefgh", State: table.RunDied}), "resumed as run third"},
		{"beside another's work", run(func(*table.Run) {}), []table.Run{{ID: "other", State: table.RunDone}, {ID: "more", Resumes: "other", State: table.RunRunning}}, ""},
		{"another command", run(func(r *table.Run) { r.Command = "drop" }), nil, `of command "drop"`},
		{"itself", run(func(r *table.Run) { r.Command = "resume" }), nil, `of command "resume"`},
	} {
		err := mayResume(c.run, c.all)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestRecordedCommands: the commands that leave a row are those that can be resumed.
func TestRecordedCommands(t *testing.T) {
	dir := t.TempDir()
	for _, line := range [][]string{
		{"import", filepath.Join(dir, "no.csv"), "t"},
		{"split", "no", "t", "--train", "0.5"},
		{"preprocess", "no", "t", "--dependent", "y", "--independent", "x"},
		{"fit", "no", "t", "--arch", "no", "--id", "1", "--compile", "loss='mse', optimizer='sgd'", "--iterations", "1"},
		{"evaluate", "no", "no", "t"},
		{"predict", "no", "no", "t", "--id-column", "id", "--independent", "x"},
		{"predict-byom", "no", "1", "no", "t", "--id-column", "id", "--independent", "x"},
		{"load-model", "t", filepath.Join(dir, "no.json")},
		{"delete-model", "no", "1"},
		{"show", "no"},
		{"drop", "no"},
		{"plan", "no", "1"},
		{"export", "no", filepath.Join(dir, "out.csv")},
		{"misclassified", "no", "no"},
		{"runs"},
	} {
		a := newApp(io.Discard, io.Discard)
		if code := execute(t.Context(), a, append(line, "--db", "file:"+dir)); code == exitUsage && line[0] != "misclassified" {
			t.Errorf("%v is wrong usage", line)
		}
		if recorded := a.recording != nil; recorded != slices.Contains(recordedCommands, line[0]) {
			t.Errorf("%s: recorded %t", line[0], recorded)
		}
	}
}

// refusingStore has no room for runs.
type refusingStore struct{ table.Store }

func (refusingStore) Record(context.Context, table.Run) (table.RunRecord, error) {
	return nil, fmt.Errorf("table beamfit_runs: %w", table.ErrPermission)
}

// TestUnrecordedRun: a run without a row does its work, and says that it has none.
func TestUnrecordedRun(t *testing.T) {
	var messages bytes.Buffer
	a := newApp(io.Discard, &messages)
	a.recording = &recording{command: "fit"}
	boom := errors.New("boom")
	err := a.recorded(t.Context(), refusingStore{}, new(pipelines.Env), func(context.Context) error { return boom })
	if err != boom || !strings.Contains(messages.String(), "warning: beamfit runs will not show this run: table beamfit_runs: permission denied") {
		t.Errorf("error %v, messages %q", err, messages.String())
	}
}
