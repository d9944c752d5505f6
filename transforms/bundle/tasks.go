package bundle

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Tasks are the tasks of the elements of one bundle. The zero value is ready for Start. It is not safe for concurrent use,
// as a DoFn is not.
type Tasks[T any] struct {
	run     *Run
	wg      sync.WaitGroup
	results []*result[T]
}

type result[T any] struct {
	value T
	err   error
}

// Start begins a bundle of that run.
func (t *Tasks[T]) Start(run string) {
	t.run, t.results = Of(run), nil
}

// Go starts work for the next element when a worker is free. The context of work ends with the run, or, in a worker of
// another process, with ctx. An error is that of the run: nothing was started.
func (t *Tasks[T]) Go(ctx context.Context, work func(context.Context) (T, error)) error {
	if err := t.run.acquire(ctx); err != nil {
		return err
	}
	if t.run.id != "" {
		ctx = t.run.ctx
	}
	res := new(result[T])
	t.results = append(t.results, res)
	t.wg.Add(1)
	go func() {
		defer t.wg.Done()
		defer t.run.release()
		res.value, res.err = guard(ctx, work)
		_ = t.run.Fail(res.err)
	}()
	return nil
}

// Finish waits for all tasks and emits their results in the order of the calls of Go; nil: there is nothing to emit. When
// a task has failed it emits nothing and returns the first error in that order.
func (t *Tasks[T]) Finish(emit func(T)) error {
	t.wg.Wait()
	results := t.results
	t.results = nil
	for _, r := range results {
		if r.err != nil {
			return r.err
		}
	}
	if err := t.run.ctx.Err(); err != nil {
		return context.Cause(t.run.ctx)
	}
	if emit != nil {
		for _, r := range results {
			emit(r.value)
		}
	}
	return nil
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
