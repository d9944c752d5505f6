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
	do      func(job, jobs int)
	next    atomic.Int64
	panics  chan any
}

func newCrew(cores Cores) *crew {
	return &crew{cores: cores, wake: make(chan struct{}), panics: make(chan any, 1)}
}

// run does the jobs 0 to jobs-1 and returns when all are done. A panic of a job becomes one of the caller. A single job may
// itself divide its work.
func (c *crew) run(jobs int, do func(job, jobs int)) {
	if jobs > 1 {
		if helpers := c.borrow(jobs - 1); helpers > 0 {
			c.share(helpers, jobs, do)
			return
		}
	}
	for job := range jobs {
		do(job, jobs)
	}
}

// Divide makes as many jobs as there are cores, at most so many, and does them. When no core is idle it does nothing and
// returns false.
func (c *crew) Divide(most int, do func(job, jobs int)) bool {
	helpers := c.borrow(most - 1)
	if helpers > 0 {
		c.share(helpers, helpers+1, do)
	}
	return helpers > 0
}

// borrow takes at most so many cores.
func (c *crew) borrow(most int) (n int) {
	for c.cores != nil && n < most && c.cores.Borrow() {
		n++
	}
	return n
}

// share does jobs with helpers on cores that were borrowed.
func (c *crew) share(helpers, jobs int, do func(job, jobs int)) {
	c.jobs, c.do = jobs, do
	c.next.Store(0)
	c.busy.Add(helpers)
	for ; c.started < helpers; c.started++ {
		go c.help()
	}
	for range helpers {
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
		c.do(job, c.jobs)
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
