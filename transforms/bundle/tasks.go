package bundle

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Tasks are the tasks of the elements of one bundle. The zero value is ready. It is not safe for concurrent use, as a DoFn is
// not.
type Tasks[T any] struct {
	run     *Run
	ctx     context.Context // of the bundle; ends with the run and at the first error
	cancel  context.CancelCauseFunc
	wg      sync.WaitGroup
	results []*T
	failed  *failure
}

// A failure is the first error of a bundle.
type failure struct {
	once sync.Once
	err  error
}

// Go starts work for the next element when a worker of the run is free. The context of work ends with the run, at the first error of
// the bundle, and in a worker of another process with ctx too. An error is the reason why nothing was started.
func (t *Tasks[T]) Go(ctx context.Context, ref Ref, work func(context.Context) (T, error)) error {
	if t.run == nil {
		t.begin(ctx, Of(ref))
	}
	run, of, failed, cancel := t.run, t.ctx, t.failed, t.cancel
	if err := run.acquire(of); err != nil {
		return err
	}
	value := new(T)
	t.results = append(t.results, value)
	t.wg.Add(1)
	go func() {
		defer t.wg.Done()
		defer run.release()
		var err error
		if *value, err = guard(of, work); err != nil {
			failed.once.Do(func() { failed.err = run.Fail(err) })
			cancel(failed.err)
		}
	}()
	return nil
}

// begin begins a bundle.
func (t *Tasks[T]) begin(ctx context.Context, run *Run) {
	t.run, t.failed = run, new(failure)
	if run.local { // a runner may end the context of a bundle before the tasks of others have ended
		t.ctx, t.cancel = context.WithCancelCause(run.ctx)
		return
	}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	cancel := t.cancel
	stop := context.AfterFunc(run.ctx, func() { cancel(run.Err()) })
	context.AfterFunc(t.ctx, func() { stop() })
}

// Begun is the number of elements of the bundle that Go has started so far.
func (t *Tasks[T]) Begun() int { return len(t.results) }

// Finish waits for all tasks and emits their results in the order of the calls of Go; nil: there is nothing to emit. When
// a task has failed it emits nothing and returns the first error. The Tasks are ready for the next bundle then.
func (t *Tasks[T]) Finish(emit func(T)) error {
	t.wg.Wait()
	if t.run == nil {
		return nil
	}
	results, err := t.results, cmp.Or(t.failed.err, t.run.Err())
	t.cancel(nil)
	t.run, t.ctx, t.cancel, t.results, t.failed = nil, nil, nil, nil, nil
	if err != nil {
		return err
	}
	if emit != nil {
		for _, value := range results {
			emit(*value)
		}
	}
	return nil
}

// Do does the work of an element as a task and waits for it: for a DoFn that emits while it works, since it has more to emit than a
// worker should hold.
func Do(ctx context.Context, ref Ref, work func(context.Context) error) error {
	var t Tasks[struct{}]
	if err := t.Go(ctx, ref, func(ctx context.Context) (struct{}, error) { return struct{}{}, work(ctx) }); err != nil {
		return err
	}
	return t.Finish(nil)
}

// Parallel calls work for 0 to n-1, on the caller's worker and on those of the run that are idle, and returns the first error.
// After an error nothing more begins, and the context of what is running ends.
func (r *Run) Parallel(ctx context.Context, n int, work func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var next int
	var first error
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		if first != nil {
			return n
		}
		next++
		return next - 1
	}
	loop := func() {
		for i := take(); i < n; i = take() {
			_, err := guard(ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, work(ctx, i) })
			if err == nil {
				continue
			}
			mu.Lock()
			if first == nil {
				first = err
			}
			mu.Unlock()
			cancel(err)
		}
	}
	var wg sync.WaitGroup
	for range n - 1 {
		if !r.Borrow() {
			break
		}
		wg.Go(func() {
			defer r.Return()
			loop()
		})
	}
	loop()
	wg.Wait()
	return first
}

// A PanicError is a panic in a task.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("internal error: panic: %v", e.Value) }

// Unwrap is the panic's value where that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func guard[T any](ctx context.Context, work func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return work(ctx)
}
