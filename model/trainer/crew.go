package trainer

import (
	"sync"
	"sync/atomic"
)

// Cores lends cores beside the caller's own. It is safe for concurrent use.
type Cores interface {
	// Borrow takes a core that is idle at this moment; false: there is none.
	Borrow() bool
	// Return gives back a core that was borrowed.
	Return()
}

// A crew does jobs on the caller's core and on those that are idle just then. Which core does which job is left to chance, so
// jobs must not depend on each other. It allocates only for its first helpers.
type crew struct {
	cores   Cores // nil: no helpers
	started int   // helpers
	wake    chan struct{}
	busy    sync.WaitGroup
	jobs    int
	do      func(job int)
	next    atomic.Int64
	panics  chan any
}

func newCrew(cores Cores) *crew {
	return &crew{cores: cores, wake: make(chan struct{}), panics: make(chan any, 1)}
}

// run does the jobs 0 to jobs-1 and returns when all are done. A panic of a job becomes one of the caller.
func (c *crew) run(jobs int, do func(job int)) {
	if jobs == 1 {
		do(0)
		return
	}
	c.jobs, c.do = jobs, do
	c.next.Store(0)
	for helpers := 0; helpers < jobs-1 && c.cores != nil && c.cores.Borrow(); helpers++ {
		if helpers == c.started {
			c.started++
			go c.help()
		}
		c.busy.Add(1)
		c.wake <- struct{}{}
	}
	defer c.join()
	c.work()
}

// join waits for the helpers.
func (c *crew) join() {
	c.busy.Wait()
	select {
	case v := <-c.panics:
		panic(v)
	default:
	}
}

func (c *crew) work() {
	for {
		job := int(c.next.Add(1)) - 1
		if job >= c.jobs {
			return
		}
		c.do(job)
	}
}

// help works whenever it is woken, until dismiss.
func (c *crew) help() {
	for range c.wake {
		c.helpOnce()
	}
}

func (c *crew) helpOnce() {
	defer c.busy.Done()
	defer c.cores.Return()
	defer func() {
		if v := recover(); v != nil {
			select {
			case c.panics <- v:
			default: // one is enough
			}
		}
	}()
	c.work()
}

// dismiss ends the helpers.
func (c *crew) dismiss() { close(c.wake) }
