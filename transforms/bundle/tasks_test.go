package bundle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collect starts n tasks and returns what Finish emits.
func collect(t *testing.T, r *Run, n int, work func(ctx context.Context, i int) (int, error)) (out []int, goErr, finishErr error) {
	t.Helper()
	var tasks Tasks[int]
	for i := range n {
		if err := tasks.Go(t.Context(), r.Ref(), func(ctx context.Context) (int, error) { return work(ctx, i) }); err != nil {
			goErr = err
			break
		}
	}
	return out, goErr, tasks.Finish(func(x int) { out = append(out, x) })
}

func TestTasksInOrder(t *testing.T) {
	r := Begin(t.Context(), Options{Workers: 4})
	var running, most atomic.Int64
	var out []int
	var tasks Tasks[int]
	turn := make([]chan struct{}, 5)
	for i := range turn {
		turn[i] = make(chan struct{})
	}
	close(turn[4])
	for i := range 4 {
		err := tasks.Go(t.Context(), r.Ref(), func(context.Context) (int, error) {
			most.Store(max(most.Load(), running.Add(1)))
			<-turn[i+1] // the last ends first
			close(turn[i])
			running.Add(-1)
			return i, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := tasks.Finish(func(x int) { out = append(out, x) }); err != nil {
		t.Fatal(err)
	}
	if want := []int{0, 1, 2, 3}; !slices.Equal(out, want) {
		t.Errorf("emitted %v, want %v", out, want)
	}
	if err := r.End(); err != nil {
		t.Error(err)
	}
}

// Go waits while all workers are busy, and all bundles of a run share the workers.
func TestTasksBounded(t *testing.T) {
	r := Begin(t.Context(), Options{Workers: 2})
	var running, most atomic.Int64
	done := make(chan error)
	for range 3 {
		go func() {
			_, goErr, err := collect(t, r, 20, func(context.Context, int) (int, error) {
				n := running.Add(1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				time.Sleep(100 * time.Microsecond)
				running.Add(-1)
				return 0, nil
			})
			done <- errors.Join(goErr, err)
		}()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if most.Load() > 2 {
		t.Errorf("%d tasks at the same time, want 2", most.Load())
	}
	if err := r.End(); err != nil {
		t.Error(err)
	}
}

// A task borrows workers that are idle and no others; a waiting task gets one that is returned.
func TestBorrow(t *testing.T) {
	r := Begin(t.Context(), Options{Workers: 3})
	var tasks Tasks[int]
	borrowed, waiting := make(chan struct{}), make(chan struct{})
	err := tasks.Go(t.Context(), r.Ref(), func(context.Context) (int, error) {
		for range 2 {
			if !r.Borrow() {
				t.Error("two of three workers are idle, and were not lent")
			}
		}
		if r.Borrow() {
			t.Error("a fourth worker of three was lent")
		}
		close(borrowed)
		<-waiting
		r.Return()
		r.Return()
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	<-borrowed
	close(waiting)
	if err := tasks.Go(t.Context(), r.Ref(), func(context.Context) (int, error) { return 1, nil }); err != nil {
		t.Error(err)
	}
	if err := tasks.Finish(nil); err != nil {
		t.Error(err)
	}
	if err := r.End(); err != nil {
		t.Error(err)
	}
}

// The first error ends the run for all, and comes back as it was.
func TestTasksFail(t *testing.T) {
	r := Begin(t.Context(), Options{Workers: 3})
	want := errors.New("broken")
	out, goErr, err := collect(t, r, 9, func(ctx context.Context, i int) (int, error) {
		if i == 2 {
			return 0, want
		}
		<-ctx.Done()
		return i, nil
	})
	if out != nil || err != want || goErr != nil && goErr != want {
		t.Errorf("emitted %v, Go returned %v, Finish %v", out, goErr, err)
	}
	if err := r.End(); err != want {
		t.Errorf("End returned %v, want %v", err, want)
	}
}

// End waits for what is running, and nothing starts after it.
func TestEnd(t *testing.T) {
	r := Begin(t.Context(), Options{Workers: 1})
	var ended atomic.Bool
	var tasks Tasks[int]
	started := make(chan struct{})
	err := tasks.Go(t.Context(), r.Ref(), func(ctx context.Context) (int, error) {
		close(started)
		<-ctx.Done()
		time.Sleep(time.Millisecond)
		ended.Store(true)
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	<-started
	if err := r.End(); err != nil {
		t.Errorf("End of a run that was going well: %v", err)
	}
	if !ended.Load() {
		t.Error("End did not wait for the task")
	}
	for name, run := range map[string]*Run{"the run": r, "the run looked up": Of(r.Ref())} {
		if run.Context().Err() == nil {
			t.Errorf("%s goes on after End", name)
		}
		var late Tasks[int]
		if err := late.Go(t.Context(), run.Ref(), func(context.Context) (int, error) { t.Error("a task ran"); return 0, nil }); !errors.Is(err, ErrEnded) {
			t.Errorf("%s: Go returned %v, want %v", name, err, ErrEnded)
		}
		if err := late.Finish(nil); !errors.Is(err, ErrEnded) {
			t.Errorf("%s: Finish returned %v, want %v", name, err, ErrEnded)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := Begin(ctx, Options{Workers: 1})
	_, goErr, err := collect(t, r, 3, func(ctx context.Context, i int) (int, error) {
		cancel()
		<-ctx.Done()
		return 0, fmt.Errorf("reading: %w", ctx.Err())
	})
	if !errors.Is(goErr, context.Canceled) || !errors.Is(err, context.Canceled) {
		t.Errorf("Go returned %v, Finish %v", goErr, err)
	}
	if err := r.End(); err != context.Canceled {
		t.Errorf("End returned %v, want %v", err, context.Canceled)
	}
}

// In another process the run is unknown: work goes on, and an error ends only its own bundle.
func TestForeign(t *testing.T) {
	r := Of(Ref{ID: "another-process-7"})
	want := errors.New("broken")
	_, _, err := collect(t, r, 1, func(context.Context, int) (int, error) { return 0, want })
	if !errors.Is(err, want) || Decode(err.Error()).Error() != want.Error() {
		t.Errorf("Finish returned %v, want %v", err, want)
	}
	if r.Context().Err() != nil {
		t.Error("the failure of a bundle ended the run of another process")
	}
	ctx, cancel := context.WithCancel(t.Context())
	var tasks Tasks[int]
	if err := tasks.Go(ctx, r.Ref(), func(ctx context.Context) (int, error) { cancel(); <-ctx.Done(); return 3, nil }); err != nil {
		t.Fatal(err)
	}
	var out []int
	if err := tasks.Finish(func(x int) { out = append(out, x) }); err != nil || !slices.Equal(out, []int{3}) {
		t.Errorf("emitted %v, Finish returned %v", out, err)
	}
	r.Advance("reading", "rows", 1)
}

func TestPanic(t *testing.T) {
	r := Begin(t.Context(), Options{Workers: 1})
	cause := errors.New("cause")
	_, _, err := collect(t, r, 1, func(context.Context, int) (int, error) { panic(cause) })
	var p *PanicError
	if !errors.As(err, &p) || !errors.Is(err, cause) || len(p.Stack) == 0 {
		t.Errorf("Finish returned %v", err)
	}
	if err := r.End(); !errors.Is(err, cause) {
		t.Errorf("End returned %v", err)
	}
}

func TestAdvance(t *testing.T) {
	var heard []string
	r := Begin(t.Context(), Options{Workers: 2, Progress: func(stage, unit string, done int64) {
		heard = append(heard, fmt.Sprint(stage, " ", done, " ", unit))
	}})
	_, _, err := collect(t, r, 50, func(_ context.Context, i int) (int, error) {
		r.Advance([]string{"a", "b"}[i%2], "rows", 2)
		return 0, nil
	})
	if err != nil || r.End() != nil {
		t.Fatal(err)
	}
	if len(heard) != 50 || !slices.Contains(heard, "a 50 rows") || !slices.Contains(heard, "b 50 rows") {
		t.Errorf("heard %v", heard)
	}
}

// Parallel uses the workers that are idle, and ends with the first error.
func TestParallel(t *testing.T) {
	r := Begin(t.Context(), Options{Workers: 3})
	defer func() { _ = r.End() }()
	var tasks Tasks[int]
	err := tasks.Go(t.Context(), r.Ref(), func(ctx context.Context) (int, error) {
		var running, most, sum atomic.Int64
		err := r.Parallel(ctx, 50, func(_ context.Context, i int) error {
			n := running.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			time.Sleep(100 * time.Microsecond)
			sum.Add(int64(i))
			running.Add(-1)
			return nil
		})
		if err != nil || sum.Load() != 49*50/2 || most.Load() > 3 {
			t.Errorf("sum %d, %d at the same time, error %v", sum.Load(), most.Load(), err)
		}
		want := errors.New("broken")
		var begun atomic.Int64
		err = r.Parallel(ctx, 1000, func(ctx context.Context, i int) error {
			begun.Add(1)
			if i == 1 {
				return want
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if err != want || begun.Load() > 4 {
			t.Errorf("%d begun, error %v", begun.Load(), err)
		}
		err = r.Parallel(ctx, 2, func(context.Context, int) error { panic("no") })
		var p *PanicError
		if !errors.As(err, &p) {
			t.Errorf("error %v, want a PanicError", err)
		}
		return 0, r.Parallel(ctx, 0, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tasks.Finish(nil); err != nil {
		t.Error(err)
	}
}
