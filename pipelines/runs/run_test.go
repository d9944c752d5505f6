package runs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
)

// fakeStore keeps one run, and fails as told.
type fakeStore struct {
	table.Store
	record, beat error
	stuck        chan struct{} // of one place: is told of a beat, which then ends with its context alone
	hangs        bool          // Record ends with its context alone

	mu     sync.Mutex
	run    table.Run
	beats  int
	cancel bool
	gone   bool
	ended  error // how a beat ended that was stuck
}

func (s *fakeStore) Ref() string { return "fake:" }

func (s *fakeStore) Record(ctx context.Context, run table.Run) (table.RunRecord, error) {
	if s.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	s.run = run
	s.run.State = table.RunRunning
	return s, s.record
}

func (s *fakeStore) Beat(ctx context.Context, status table.RunStatus) (bool, error) {
	if s.stuck != nil {
		select {
		case s.stuck <- struct{}{}:
		default: // it has been told
		}
		<-ctx.Done()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = ctx.Err()
		return false, s.ended
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats++
	if s.beat != nil {
		return s.cancel, s.beat
	}
	s.run.RunStatus = status
	return s.cancel, nil
}

func (s *fakeStore) End(_ context.Context, status table.RunStatus, state table.RunState, message string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run.RunStatus, s.run.State, s.run.Message = status, state, message
	return nil
}

func (s *fakeStore) Forget(context.Context) error {
	s.gone = true
	return nil
}

func (s *fakeStore) Runs(context.Context) ([]table.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.record != nil {
		return nil, s.record
	}
	return []table.Run{s.run}, nil
}

// await waits until the run is as wanted.
func (s *fakeStore) await(t *testing.T, what string, wanted func() bool) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		ok := wanted()
		s.mu.Unlock()
		if ok {
			return
		}
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("not after 30 seconds: %s: %+v", what, s.run)
		}
	}
}

func begin(t *testing.T, s *fakeStore) (*Run, context.Context) {
	t.Helper()
	return Begin(t.Context(), s, table.Run{ID: "abcdefgh", Command: "fit"})
}

func TestProgressReachesTheRow(t *testing.T) {
	s := new(fakeStore)
	r, _ := begin(t, s)
	r.Submitted("job-1")
	r.Progress(pipelines.Event{Stage: "training", Unit: "iterations", Done: 2, Total: 5, Iteration: &pipelines.IterationReport{
		Iteration: 2, Iterations: 5, Scored: true, TrainingLoss: 0.5,
	}})
	r.Progress(pipelines.Event{Stage: "training", Unit: "rows", Done: 7, Total: 9})
	r.Progress(pipelines.Event{Stage: "callbacks", Note: "the best weights are restored"})
	s.await(t, "a beat with all that was told", func() bool {
		got := s.run
		return got.Job == "job-1" && got.Stage == "training" && got.Unit == "rows" && got.Done == 7 && got.Total == 9 && got.Iteration == 2 &&
			got.Iterations == 5 && got.Loss != nil && *got.Loss == 0.5 && !got.Stopping
	})
	r.Progress(pipelines.Event{Stage: "training", Unit: "iterations", Done: 3, Total: 5, Iteration: &pipelines.IterationReport{Iteration: 3, Iterations: 5}})
	r.Progress(pipelines.Event{Stage: "training", Unit: "rows", Done: 7, Total: 9})
	r.End(nil)
	if s.run.State != table.RunDone || s.run.Iteration != 3 || *s.run.Loss != 0.5 {
		t.Errorf("at the end: %+v", s.run)
	}
}

func TestEnds(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name    string
		stop    bool // the context of the caller ends
		err     error
		state   table.RunState
		message string
	}{
		{"well", false, nil, table.RunDone, ""},
		{"failed", false, boom, table.RunFailed, "boom"},
		{"stopped", true, fmt.Errorf("the store: %w", boom), table.RunCancelled, ""},
		{"stopped too late", true, nil, table.RunDone, ""},
	} {
		s := new(fakeStore)
		ctx, stop := context.WithCancel(t.Context())
		r, _ := Begin(ctx, s, table.Run{ID: "abcdefgh", Command: "fit"})
		if c.stop {
			stop()
			s.await(t, "that the row says the run is stopping", func() bool { return s.run.Stopping })
		}
		r.End(c.err)
		if s.run.State != c.state || s.run.Message != c.message {
			t.Errorf("%s: %+v", c.name, s.run)
		}
		stop()
	}
	s := new(fakeStore)
	r, _ := begin(t, s)
	r.Forget()
	if !s.gone {
		t.Error("the row is still there")
	}
}

// A run that is told to stop does so, also where its row cannot be written, as on a full disk.
func TestCancelEndsTheContext(t *testing.T) {
	for _, s := range []*fakeStore{{cancel: true}, {cancel: true, beat: table.ErrFull}} {
		r, ctx := begin(t, s)
		select {
		case <-ctx.Done():
		case <-time.After(30 * time.Second):
			t.Fatal("the run goes on")
		}
		if !errors.Is(context.Cause(ctx), ErrCancelled) {
			t.Errorf("the cause is %v", context.Cause(ctx))
		}
		r.End(context.Cause(ctx))
		if s.run.State != table.RunCancelled {
			t.Errorf("state %s", s.run.State)
		}
	}
}

// TestRowsDoNotHinder: a row that cannot be made, or be written to, or on which a write hangs, leaves the run alone.
func TestRowsDoNotHinder(t *testing.T) {
	s := &fakeStore{record: table.ErrPermission}
	r, ctx := begin(t, s)
	if r.ID() != "" || !errors.Is(r.Unrecorded(), table.ErrPermission) || ctx.Err() != nil {
		t.Errorf("ID %q, %v, %v", r.ID(), r.Unrecorded(), ctx.Err())
	}
	r.Progress(pipelines.Event{})
	r.Submitted("job")
	r.End(nil)

	s = &fakeStore{hangs: true}
	r, ctx = begin(t, s)
	if r.ID() != "" || !errors.Is(r.Unrecorded(), table.ErrUnavailable) || ctx.Err() != nil {
		t.Errorf("ID %q, %v, %v", r.ID(), r.Unrecorded(), ctx.Err())
	}
	r.End(nil)

	s = &fakeStore{beat: table.ErrUnavailable}
	r, ctx = begin(t, s)
	s.await(t, "two beats", func() bool { return s.beats > 1 })
	if ctx.Err() != nil || r.ID() != "abcdefgh" {
		t.Errorf("%v, ID %q", ctx.Err(), r.ID())
	}
	r.End(nil)
	if s.run.State != table.RunDone {
		t.Errorf("state %s", s.run.State)
	}

	s = &fakeStore{stuck: make(chan struct{}, 1)}
	r, _ = begin(t, s)
	<-s.stuck
	began := time.Now()
	r.End(nil)
	if took := time.Since(began); took > beatTimeout/2 || !errors.Is(s.ended, context.Canceled) || s.run.State != table.RunDone {
		t.Errorf("the end took %v, the beat ended by %v, state %s", took, s.ended, s.run.State)
	}
}

func TestFind(t *testing.T) {
	s := listStore{{ID: "abcdefgh"}, {ID: "abcdxxxx"}, {ID: "zzzzzzzz"}}
	for id, want := range map[string]string{
		"abcdefgh": "abcdefgh", "abcde": "abcdefgh", "z": "zzzzzzzz", "abcd": "2 runs begin so; the last are abcdefgh and abcdxxxx", "": "does not exist", "y": "run y does not exist among your runs in fake:",
	} {
		got, err := Find(t.Context(), s, id)
		if err == nil && got.ID != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %s, %v; want %s", id, got.ID, err, want)
		}
	}
}

type listStore []table.Run

func (s listStore) Runs(context.Context) ([]table.Run, error) { return s, nil }
func (s listStore) Ref() string                               { return "fake:" }

func TestFollow(t *testing.T) {
	s := &fakeStore{run: table.Run{ID: "abcdefgh", State: table.RunRunning}}
	told := 0
	run, err := Follow(t.Context(), s, "abcdefgh", func(r table.Run) {
		told++
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.run.Iteration++; s.run.Iteration == 3 {
			s.run.State = table.RunFailed
		}
	})
	if err != nil || run.State != table.RunFailed || told != 4 {
		t.Errorf("%+v, %v, told %d times", run, err, told)
	}
	if _, err := Follow(t.Context(), s, "none", func(table.Run) {}); !errors.Is(err, table.ErrNotExist) {
		t.Errorf("follow of none: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.run.State = table.RunRunning
	if _, err := Follow(ctx, s, "abcdefgh", func(table.Run) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("follow that is given up: %v", err)
	}
}
