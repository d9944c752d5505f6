package bundle

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Tasks are the tasks of the elements of one bundle. The zero value is ready. It is not safe for concurrent use, as a DoFn is
// not.
type Tasks[T any] struct {
	run     *Run
	wg      sync.WaitGroup
	results []*result[T]
}

type result[T any] struct {
	value T
	err   error
}

// Go starts work for the next element when a worker of the run is free. The context of work ends with the run, or, in a worker of
// another process, with ctx. An error is that of the run: nothing was started.
func (t *Tasks[T]) Go(ctx context.Context, ref Ref, work func(context.Context) (T, error)) error {
	run := Of(ref)
	t.run = run
	if err := run.acquire(ctx); err != nil {
		return err
	}
	if run.local {
		ctx = run.ctx
	}
	res := new(result[T])
	t.results = append(t.results, res)
	t.wg.Add(1)
	go func() {
		defer t.wg.Done()
		defer run.release()
		res.value, res.err = guard(ctx, work)
		res.err = run.Fail(res.err)
	}()
	return nil
}

// Begun is the number of elements of the bundle that Go has started so far.
func (t *Tasks[T]) Begun() int { return len(t.results) }

// Finish waits for all tasks and emits their results in the order of the calls of Go; nil: there is nothing to emit. When
// a task has failed it emits nothing and returns the first error in that order. The Tasks are ready for the next bundle then.
func (t *Tasks[T]) Finish(emit func(T)) error {
	t.wg.Wait()
	results := t.results
	t.results = nil
	for _, r := range results {
		if r.err != nil {
			return r.err
		}
	}
	run := t.run
	t.run = nil
	if run != nil && run.Err() != nil {
		return run.Err()
	}
	if emit != nil {
		for _, r := range results {
			emit(r.value)
		}
	}
	return nil
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
