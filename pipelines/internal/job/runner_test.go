package job

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/runner"
)

// How many worker processes there are is asked of the runner; an engine that does not know may have some.
func TestProcesses(t *testing.T) {
	for _, c := range []struct {
		traits runner.Traits
		want   int
	}{
		{runner.Traits{Workers: runner.ThisMachine}, 1},
		{runner.Traits{Workers: runner.AnyMachine, MaxWorkers: 3}, 3},
		{runner.Traits{Workers: runner.AnyMachine}, unknownWorkers},
		{runner.Traits{Workers: runner.OtherMachines}, unknownWorkers},
	} {
		if got := processes(c.traits); got != c.want {
			t.Errorf("%+v: %d processes, want %d", c.traits, got, c.want)
		}
	}
}

// The workers of an engine share the connections of the store.
func TestShareConnections(t *testing.T) {
	for _, c := range []struct {
		processes, perTask, wantReads, wantMost int
	}{
		{1, 2, 48, 24}, {4, 3, 12, 4}, {4, 0, 12, 0}, {1000, 2, 1, 1},
	} {
		j := &Job{Options: Options{HeldPerTask: c.perTask}, connections: 48}
		j.shareConnections(c.processes)
		if j.RunRef.Connections != c.wantReads || j.RunRef.MostWorkers != c.wantMost {
			t.Errorf("%d processes, %d per task: %d connections, %d workers, want %d and %d",
				c.processes, c.perTask, j.RunRef.Connections, j.RunRef.MostWorkers, c.wantReads, c.wantMost)
		}
	}
}

// A followed job is an engine's that has ended when somebody was told how far it is.
type followedJob struct {
	runner.Job
	told chan struct{}
}

func (followedJob) Tasks() (ended, all int) { return 3, 7 }

func (f followedJob) Wait(context.Context) error {
	<-f.told
	return runner.ErrCancelled
}

// Who listens to a job on an engine hears of the engine's tasks while a pipeline runs, and not after its end.
func TestAnnounced(t *testing.T) {
	var got []string
	told := make(chan struct{})
	j := &Job{Options: Options{Runner: "flink", Progress: func(stage, unit string, done, total int64) {
		got = append(got, fmt.Sprintf("%s, %d/%d %s", stage, done, total, unit))
		close(told)
	}}}
	if err := (announced{followedJob{told: told}, j}).Wait(t.Context()); err != runner.ErrCancelled {
		t.Errorf("Wait returned %v", err)
	}
	if want := []string{"working on flink, 3/7 tasks"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// A createStore is one that only notes what outputs it is asked for.
type createStore struct {
	table.Store
	asked *[]table.CreateOptions
}

func (createStore) Ref() string                { return "created:" }
func (createStore) Options() table.OpenOptions { return table.OpenOptions{} }
func (createStore) Connections(int) int        { return 1 }

func (s createStore) Create(_ context.Context, o table.CreateOptions) (table.Output, error) {
	*s.asked = append(*s.asked, o)
	return boxOutput{}, nil
}

type boxOutput struct{ table.Output }

func (boxOutput) ID() string                  { return "box" }
func (boxOutput) Abort(context.Context) error { return nil }

// What holds the boxes and the lease of a job is never committed, and says so: who waits for the commits of a run must not wait for these.
func TestBoxesAreTransient(t *testing.T) {
	var asked []table.CreateOptions
	j, err := Begin(t.Context(), Options{Name: "boxes", Store: createStore{asked: &asked}, Strangers: new(Limits)})
	if err != nil {
		t.Fatal(err)
	}
	defer j.End()
	if _, err := j.NewBox(t.Context(), "found", table.Name{Table: "t"}); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 2 || !asked[0].Transient || !asked[1].Transient {
		t.Errorf("the lease and the box are outputs of %+v", asked)
	}
}
