package iotest

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
)

// newRun is a run of which every field that a caller sets has a value.
func newRun() table.Run {
	return table.Run{
		ID: table.NewRunID(), Command: "fit", Args: []string{"packed", "model", "--iterations=3"}, Runner: "direct", Host: "a-host", Process: 12345,
		Version: "v1", Resumes: "abcdefgh",
	}
}

func recorded(t *testing.T, s table.Store, run table.Run) table.RunRecord {
	t.Helper()
	r, err := s.Record(testContext(t), run)
	if err != nil {
		t.Fatalf("record: %v", err)
	}
	return r
}

func beat(t *testing.T, r table.RunRecord, status table.RunStatus) (cancel bool) {
	t.Helper()
	cancel, err := r.Beat(testContext(t), status)
	if err != nil {
		t.Fatalf("beat: %v", err)
	}
	return cancel
}

func listRuns(t *testing.T, s table.Store) []table.Run {
	t.Helper()
	runs, err := s.Runs(testContext(t))
	if err != nil {
		t.Fatalf("runs: %v", err)
	}
	return runs
}

// theRun is the run of that ID; its state is what counts.
func theRun(t *testing.T, s table.Store, id string) table.Run {
	t.Helper()
	runs := listRuns(t, s)
	i := slices.IndexFunc(runs, func(r table.Run) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("there is no run %s among %+v", id, runs)
	}
	return runs[i]
}

// withStore makes sure that there is a store, which a folder is from the first table on.
func withStore(t *testing.T, s table.Store) { write(t, s, named("t"), idSchema, ints(0, 1)...) }

var runCases = []testCase{
	{"from the beginning to the end", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		withStore(t, s)
		if got := listRuns(t, other); len(got) != 0 {
			t.Errorf("runs before the first: %+v", got)
		}
		loss := 0.1234567890123
		run := newRun()
		run.Args = []string{"a b", "", "NULL", `it's "quoted" \ {x,y}`, "--x=日本", "line\nbreak", "'; DROP TABLE t; --"}
		begun := time.Now()
		r := recorded(t, s, run)
		if beat(t, r, table.RunStatus{}) {
			t.Error("asked to stop by nobody")
		}
		status := table.RunStatus{
			Job: "fit-0123 (a job's name)", Stage: "training", Unit: "rows", Done: 1 << 40, Total: 1 << 41, Iteration: 7, Iterations: 10, Loss: &loss,
		}
		if beat(t, r, status) {
			t.Error("asked to stop by nobody")
		}
		got := theRun(t, other, run.ID)
		if got.State != table.RunRunning || !got.Mine || got.Owner == "" || !got.Ended.IsZero() {
			t.Errorf("at work: %+v", got)
		}
		if err := r.End(testContext(t), status, table.RunFailed, "it's too large\nfor "+strings.Repeat("x", 5000)+"\xff\x00"); err != nil {
			t.Fatal(err)
		}
		got = theRun(t, other, run.ID)
		for name, at := range map[string]time.Time{"started": got.Started, "heartbeat": got.Heartbeat, "ended": got.Ended} {
			if at.Before(begun.Add(-time.Minute)) || at.After(time.Now().Add(time.Minute)) {
				t.Errorf("%s %v", name, at)
			}
		}
		if !strings.HasPrefix(got.Message, "it's too large\nfor xxx") || len(got.Message) > 2100 {
			t.Errorf("message %q", got.Message)
		}
		want := run
		want.RunStatus, want.State, want.Mine = status, table.RunFailed, true
		want.Owner, want.Message, want.Started, want.Heartbeat, want.Ended = got.Owner, got.Message, got.Started, got.Heartbeat, got.Ended
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for what, err := range map[string]error{
			"beat": func() error { _, err := r.Beat(testContext(t), status); return err }(), "forget": r.Forget(testContext(t)),
			"end": r.End(testContext(t), status, table.RunDone, ""),
		} {
			if err == nil {
				t.Errorf("%s after the end: no error", what)
			}
		}
	}},
	{"losses that are no numbers", func(t *testing.T, site Site) {
		s := site.open(t)
		withStore(t, s)
		run := newRun()
		r := recorded(t, s, run)
		for _, loss := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 5e-324, math.MaxFloat64} {
			beat(t, r, table.RunStatus{Loss: &loss})
			if got := theRun(t, s, run.ID).Loss; got == nil || *got != loss && !(math.IsNaN(loss) && math.IsNaN(*got)) {
				t.Errorf("loss %v comes back as %v", loss, got)
			}
		}
	}},
	{"is told to stop", func(t *testing.T, site Site) {
		s, other := site.open(t), site.open(t)
		withStore(t, s)
		run := newRun()
		r := recorded(t, s, run)
		if err := other.CancelRun(testContext(t), table.NewRunID()); !errors.Is(err, table.ErrNotExist) {
			t.Errorf("cancel of none: %v", err)
		}
		if beat(t, r, table.RunStatus{}) {
			t.Error("asked to stop by nobody")
		}
		for range 2 {
			if err := other.CancelRun(testContext(t), run.ID); err != nil {
				t.Fatal(err)
			}
			if got := theRun(t, other, run.ID); got.State != table.RunCancelling {
				t.Errorf("state %s", got.State)
			}
			if !beat(t, r, table.RunStatus{}) {
				t.Error("the run does not hear of it")
			}
		}
		if err := r.End(testContext(t), table.RunStatus{}, table.RunCancelled, ""); err != nil {
			t.Fatal(err)
		}
		if got := theRun(t, other, run.ID); got.State != table.RunCancelled {
			t.Errorf("state %s", got.State)
		}
		if err := other.CancelRun(testContext(t), run.ID); err == nil || errors.Is(err, table.ErrNotExist) {
			t.Errorf("cancel of one that has ended: %v", err)
		}
	}},
	{"those that began last first, and forgotten ones not", func(t *testing.T, site Site) {
		s := site.open(t)
		withStore(t, s)
		var want []string
		for range 5 {
			run, mistake := newRun(), newRun()
			r := recorded(t, s, run)
			if err := recorded(t, s, mistake).Forget(testContext(t)); err != nil {
				t.Fatal(err)
			}
			if err := r.End(testContext(t), table.RunStatus{}, table.RunDone, ""); err != nil {
				t.Fatal(err)
			}
			want = append([]string{run.ID}, want...)
		}
		var got []string
		for _, r := range listRuns(t, s) {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("runs %v, want %v", got, want)
		}
		wantList(t, s, "t")
		site.wantNoStaging(t)
	}},
	{"many begin at once", func(t *testing.T, site Site) {
		withStore(t, site.open(t))
		const n = 8
		stores := make([]table.Store, n)
		ids := make([]string, n)
		for i := range stores {
			stores[i] = site.open(t)
		}
		var all sync.WaitGroup
		for i, s := range stores {
			run := newRun()
			ids[i] = run.ID
			all.Go(func() {
				r, err := s.Record(testContext(t), run)
				if err == nil {
					_, err = r.Beat(testContext(t), table.RunStatus{Iteration: i})
				}
				if err != nil {
					t.Errorf("run %d: %v", i, err)
				}
			})
		}
		all.Wait()
		for i, id := range ids {
			if got := theRun(t, stores[0], id); got.State != table.RunRunning || got.Iteration != i {
				t.Errorf("run %d: %+v", i, got)
			}
		}
	}},
	{"goes with its process", func(t *testing.T, site Site) {
		s := site.open(t)
		withStore(t, s)
		kill(t, site, "run")
		runs := listRuns(t, s)
		if len(runs) != 2 {
			t.Fatalf("%d runs: %+v", len(runs), runs)
		}
		for _, run := range runs {
			want := table.RunDied
			if run.Command == "stopping" {
				want = table.RunCancelled
			}
			for begun := time.Now(); theRun(t, s, run.ID).State != want; time.Sleep(50 * time.Millisecond) {
				if time.Since(begun) > deadline {
					t.Fatalf("%s is %s", run.Command, theRun(t, s, run.ID).State)
				}
			}
			if run := theRun(t, s, run.ID); run.Ended.IsZero() {
				t.Errorf("it has no end: %+v", run)
			}
			if err := s.CancelRun(testContext(t), run.ID); err == nil {
				t.Error("a dead run was told to stop")
			}
		}
	}},
	{"goes with its store", func(t *testing.T, site Site) {
		s := site.open(t)
		withStore(t, s)
		closing, err := table.Open(testContext(t), site.URL)
		if err != nil {
			t.Fatal(err)
		}
		run := newRun()
		r := recorded(t, closing, run)
		if err := closing.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Beat(testContext(t), table.RunStatus{}); err == nil {
			t.Error("a beat in a closed store")
		}
		for begun := time.Now(); theRun(t, s, run.ID).State != table.RunDied; time.Sleep(50 * time.Millisecond) {
			if time.Since(begun) > deadline {
				t.Fatalf("%+v", theRun(t, s, run.ID))
			}
		}
	}},
	{"wrong use", func(t *testing.T, site Site) {
		s := site.open(t)
		withStore(t, s)
		run := newRun()
		recorded(t, s, run)
		if _, err := s.Record(testContext(t), run); !errors.Is(err, table.ErrExist) {
			t.Errorf("the same ID again: %v, want ErrExist", err)
		}
		for name, change := range map[string]func(*table.Run){
			"no ID":      func(r *table.Run) { r.ID = "" },
			"an ID":      func(r *table.Run) { r.ID = "../../xy" },
			"no command": func(r *table.Run) { r.Command = "" },
			"not UTF-8":  func(r *table.Run) { r.Args = []string{"\xff"} },
		} {
			run := newRun()
			change(&run)
			if _, err := s.Record(testContext(t), run); err == nil {
				t.Errorf("recorded with %s", name)
			}
		}
		if err := s.CancelRun(testContext(t), "' OR ''='"); !errors.Is(err, table.ErrNotExist) {
			t.Errorf("cancel of what is no ID: %v", err)
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.Record(ended, newRun()); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want context.Canceled", err)
		}
	}},
}
