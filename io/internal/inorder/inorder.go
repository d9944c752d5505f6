// Package inorder does pieces of work at the same time and gives their results in the order in which the work was given.
//
// Failure: an error of a piece of work is given where its result is taken, and stops no other piece. A panic is not caught.
package inorder

import "runtime"

// A Queue is work that has begun and whose results have not been taken. It is for one goroutine. What is left in a queue that is
// given up ends by itself.
type Queue[T any] struct {
	pending []chan result[T]
	most    int
}

type result[T any] struct {
	value T
	err   error
}

// New makes a queue that is full when there is a piece for every core.
func New[T any]() *Queue[T] { return &Queue[T]{most: runtime.GOMAXPROCS(0)} }

// Full reports that a result is to be taken before more work is given.
func (q *Queue[T]) Full() bool { return len(q.pending) >= q.most }

// Empty reports that there is no result to take.
func (q *Queue[T]) Empty() bool { return len(q.pending) == 0 }

// Begin begins a piece of work.
func (q *Queue[T]) Begin(work func() (T, error)) {
	done := make(chan result[T], 1)
	q.pending = append(q.pending, done)
	go func() {
		var r result[T]
		r.value, r.err = work()
		done <- r
	}()
}

// Take waits for the result of the work that was given first.
func (q *Queue[T]) Take() (T, error) {
	r := <-q.pending[0]
	q.pending = q.pending[1:]
	return r.value, r.err
}
