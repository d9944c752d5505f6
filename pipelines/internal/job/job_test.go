package job_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"go.uber.org/goleak"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
	"github.com/beamfit/beamfit/transforms/bundle"
)

// echoFn doubles its elements, after what the test of that name wants to happen.
type echoFn struct {
	Run   bundle.Ref
	Test  string
	tasks bundle.Tasks[int]
}

func (f *echoFn) ProcessElement(ctx context.Context, x int, _ func(int)) error {
	hook, _ := echoHooks.Load(f.Test)
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) (int, error) {
		if err := hook.(func(context.Context, int) error)(ctx, x); err != nil {
			return 0, err
		}
		bundle.Of(f.Run).Advance("echoing", "elements", 1)
		return 2 * x, nil
	})
}

func (f *echoFn) FinishBundle(_ context.Context, emit func(int)) error { return f.tasks.Finish(emit) }

type collectFn struct{ Test string }

func (f *collectFn) ProcessElement(x int) {
	got, _ := collected.LoadOrStore(f.Test, &sync.Map{})
	got.(*sync.Map).Store(x, true)
}

var echoHooks, collected sync.Map

func TestMain(m *testing.M) { jobtest.Main(m) }

func init() {
	beam.RegisterType(reflect.TypeFor[echoFn]())
	beam.RegisterType(reflect.TypeFor[collectFn]())
}

// echo runs n elements through echoFn and returns what comes out, sorted.
func echo(ctx context.Context, t *testing.T, o job.Options, n int, hook func(context.Context, int) error) ([]int, error) {
	t.Helper()
	echoHooks.Store(t.Name(), hook)
	o.Name, o.Store = "echo", refStore{}
	if o.Progress == nil {
		o.Progress = func(string, string, int64, int64) {}
	}
	j, err := job.BeginOnRunner(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer j.End()
	err = j.Pipeline(map[string]int64{"echoing": int64(n)}, func(s beam.Scope) error {
		in := make([]int, n)
		for i := range in {
			in[i] = i
		}
		out := beam.ParDo(s, &echoFn{Run: j.Run.Ref(), Test: t.Name()}, beam.CreateList(s, in))
		beam.ParDo0(s, &collectFn{Test: t.Name()}, out)
		return nil
	})
	var got []int
	if m, ok := collected.LoadAndDelete(t.Name()); ok {
		m.(*sync.Map).Range(func(k, _ any) bool { got = append(got, k.(int)); return true })
	}
	slices.Sort(got)
	return got, err
}

func onRunners(t *testing.T, test func(t *testing.T, o job.Options)) {
	for _, name := range jobtest.Runners() {
		t.Run(name, func(t *testing.T) { test(t, job.Options{Runner: name}) })
	}
}

type typedError struct{ row int }

func (e *typedError) Error() string { return fmt.Sprintf("row %d", e.row) }

func TestRun(t *testing.T) {
	onRunners(t, func(t *testing.T, o job.Options) {
		o.Workers = 3
		var mu sync.Mutex
		running, most := 0, 0
		var events []string
		o.Progress = func(stage, unit string, done, total int64) {
			events = append(events, fmt.Sprintf("%s: %d of %d %s", stage, done, total, unit))
		}
		got, err := echo(t.Context(), t, o, 9, func(context.Context, int) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(10 * time.Millisecond)
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := []int{0, 2, 4, 6, 8, 10, 12, 14, 16}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if most != 3 {
			t.Errorf("%d tasks ran at the same time, want 3", most)
		}
		want := "echoing: 9 of 9 elements"
		if len(events) != 9 || events[8] != want {
			t.Errorf("events %v", events)
		}
	})
}

func TestRunError(t *testing.T) {
	onRunners(t, func(t *testing.T, o job.Options) {
		o.Workers = 9
		want := &typedError{row: 4}
		got, err := echo(t.Context(), t, o, 9, func(ctx context.Context, x int) error {
			if x == 4 {
				return want
			}
			<-ctx.Done() // the failure must stop the others
			return ctx.Err()
		})
		if err != error(want) {
			t.Errorf("got error %v (%T), want the very error of the task", err, err)
		}
		if got != nil {
			t.Errorf("results %v after a failure", got)
		}
	})
}

func TestRunPanic(t *testing.T) {
	onRunners(t, func(t *testing.T, o job.Options) {
		_, err := echo(t.Context(), t, o, 3, func(context.Context, int) error { panic("broken contract") })
		var p *bundle.PanicError
		if !errors.As(err, &p) || p.Value != "broken contract" || !strings.Contains(string(p.Stack), "TestRunPanic") {
			t.Errorf("got %v, want a PanicError with a stack", err)
		}
	})
}

func TestRunCancel(t *testing.T) {
	onRunners(t, func(t *testing.T, o job.Options) {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := echo(ctx, t, o, 9, func(ctx context.Context, _ int) error {
			cancel()
			<-ctx.Done()
			return fmt.Errorf("reading: %w", ctx.Err())
		})
		if err != context.Canceled {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		// A context that has ended before: nothing runs at all.
		_, err = echo(ctx, t, o, 9, func(context.Context, int) error { t.Error("a task ran"); return nil })
		if err != context.Canceled {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	})
}

// Several jobs at once, as users of the Go API may run them.
func TestRunConcurrently(t *testing.T) {
	onRunners(t, func(t *testing.T, o job.Options) {
		for i := range 4 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				got, err := echo(t.Context(), t, o, 5, func(context.Context, int) error { return nil })
				if err != nil || len(got) != 5 {
					t.Errorf("got %v, %v", got, err)
				}
			})
		}
	})
}

// Beam's messages reach the program's logger as debug messages, and nothing else does.
func TestQuiet(t *testing.T) {
	onRunners(t, func(t *testing.T, o job.Options) { // Beam is ready then
		_, _ = echo(t.Context(), t, o, 1, func(context.Context, int) error { return nil })
	})
	logger, writer, flags := slog.Default(), log.Writer(), log.Flags()
	defer func() {
		slog.SetDefault(logger)
		log.SetOutput(writer)
		log.SetFlags(flags)
	}()
	var out syncBuffer
	level := new(slog.LevelVar)
	slog.SetDefault(slog.New(job.QuietHandler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}))))
	onRunners(t, func(t *testing.T, o job.Options) {
		_, _ = echo(t.Context(), t, o, 2, func(context.Context, int) error { return errors.New("broken") })
		slog.With("own", true).WithGroup("g").Info("message")
		if text := out.take(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "own=true") {
			t.Errorf("logged at level info:\n%s", text)
		}
		level.Set(slog.LevelDebug)
		defer level.Set(slog.LevelInfo)
		_, _ = echo(t.Context(), t, o, 2, func(context.Context, int) error { return nil })
		if text := out.take(); text == "" || strings.Contains(text, "level=INFO") || strings.Contains(text, "level=WARN") {
			t.Errorf("logged at level debug:\n%s", text)
		}
	})
}

// syncBuffer is text that several goroutines write.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// take returns what was written and forgets it.
func (b *syncBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.text.Reset()
	return b.text.String()
}

// The direct runner leaves no goroutine behind. Prism's server cannot be stopped.
func TestNoLeaks(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for range 3 {
		_, _ = echo(t.Context(), t, job.Options{Runner: "direct"}, 5, func(_ context.Context, x int) error {
			if x == 3 {
				return errors.New("broken")
			}
			return nil
		})
	}
	goleak.VerifyNone(t, before)
}

func TestBuildErrors(t *testing.T) {
	j := startJob(t, job.Options{})
	want := errors.New("no")
	if err := j.Pipeline(nil, func(beam.Scope) error { return want }); err != want {
		t.Errorf("got %v, want %v", err, want)
	}
	var p *bundle.PanicError
	if err := startJob(t, job.Options{}).Pipeline(nil, func(beam.Scope) error { panic("no") }); !errors.As(err, &p) {
		t.Errorf("got %v, want a PanicError", err)
	}
}

// startJob begins a job that needs no store.
func startJob(t *testing.T, o job.Options) *job.Job {
	t.Helper()
	o.Name, o.Store = "echo", refStore{}
	j, err := job.BeginOnRunner(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.End)
	return j
}

func TestBeginRefuses(t *testing.T) {
	for _, c := range []struct {
		o    job.Options
		want string
	}{
		{job.Options{}, "no store is given"},
		{job.Options{Store: refStore{}, Workers: -1}, "workers must not be negative, found -1"},
		{
			job.Options{Store: refStore{}, RunnerOptions: map[string]string{"parallelism": "2"}},
			"option parallelism is of runner flink; runner direct takes none",
		},
		{job.Options{Store: refStore{}, Runner: "spark"}, `runner "spark" is not known; expected one of direct, prism, flink, dataflow`},
	} {
		if _, err := job.Begin(t.Context(), c.o); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, c := range []struct{ workers, connections, want int }{
		{0, 1, min(runtime.GOMAXPROCS(0), 48)}, {5, 3, 5}, {100, 1, 48}, {100, 3, 16},
	} {
		j, err := job.Begin(t.Context(), job.Options{Store: refStore{}, Workers: c.workers, HeldPerTask: c.connections})
		if err != nil {
			t.Fatal(err)
		}
		j.End()
		if j.Workers != c.want || j.Run.Ref().Workers != c.want || j.RunRef.Connections != 48 {
			t.Errorf("%d workers with %d connections each: %d and %d connections, want %d and 48", c.workers, c.connections, j.Workers, j.RunRef.Connections, c.want)
		}
	}
}

// A store with few connections has few tasks at a time, and one with too few for any is refused where there are tasks.
func TestFewConnections(t *testing.T) {
	for _, c := range []struct{ store, perTask, want int }{
		{7, 2, 3}, {2, 2, 1}, {1, 0, 8}, {1, 2, 0}, {0, 0, 0}, {-5, 3, 0},
	} {
		o := job.Options{Name: "echo", Store: fewConnections{of: c.store}, Workers: 8, HeldPerTask: c.perTask}
		j, err := job.BeginOnRunner(t.Context(), o)
		if c.want == 0 {
			if wrong := (*argument.Error)(nil); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "pool_max_conns") {
				t.Errorf("%+v: %v", c, err)
			}
			if j, err = job.Begin(t.Context(), o); err != nil { // it needs none
				t.Fatal(err)
			}
			j.End()
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		j.End()
		if j.Workers != c.want || j.RunRef.Connections != c.store || j.PackedPartitions() < 1 {
			t.Errorf("%+v: %d workers, %d connections to read with, %d partitions", c, j.Workers, j.RunRef.Connections, j.PackedPartitions())
		}
	}
}

// TestFewConnectionsElsewhere: workers that are other processes get their weights from boxes in the store, which take connections of their own.
func TestFewConnectionsElsewhere(t *testing.T) {
	o := job.Options{Name: "echo", Store: fewConnections{of: 4}, Strangers: &job.Limits{}}
	j, err := job.BeginOnRunner(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	j.End()
	o.Store = fewConnections{of: 3}
	if j, err := job.BeginOnRunner(t.Context(), o); err == nil {
		j.End()
		t.Error("3 connections were enough")
	} else if !strings.Contains(err.Error(), "must be greater by 1") {
		t.Error(err)
	}
}

// fewConnections has some beside the 6 that every job holds.
type fewConnections struct {
	refStore
	of int
}

func (s fewConnections) Connections(held int) int { return s.of + 6 - held }

// refStore is a store that nothing but the ref, its options and its connections is asked of.
type refStore struct{ table.Store }

func (refStore) Ref() string                { return "runtest:" }
func (refStore) Options() table.OpenOptions { return table.OpenOptions{} }
func (refStore) Connections(int) int        { return 48 }
