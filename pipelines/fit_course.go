package pipelines

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

// Limits of the iterations of one job. A runner keeps the weights of every iteration, and prism needs the longer for each the
// more there are; between jobs nothing is kept but the latest weights and states. A job costs a millisecond on the direct runner.
const (
	maxPerJob        = 25
	weightBytesInJob = 8 << 20
)

// perJob is the number of iterations of a job.
func (f *fit) perJob() int {
	if f.opt.IterationsPerJob > 0 {
		return f.opt.IterationsPerJob
	}
	return max(1, min(maxPerJob, weightBytesInJob/max(1, 4*len(f.course.weights))))
}

// lastOfJob is the last iteration of the next job. A checkpoint is written between two jobs.
func (f *fit) lastOfJob() int {
	last := min(f.course.done+f.perJob(), f.opt.Iterations)
	if every := f.opt.CheckpointEvery; every > 0 {
		last = min(last, (f.course.done/every+1)*every)
	}
	return last
}

// elapsed is the time that the fit has taken, in this command and in those before that it goes on from.
func (f *fit) elapsed() time.Duration { return f.earlier + time.Since(f.begun) }

// A course is how far a fit is: what a job hands over to the next one. A runner may do things twice, so that what is kept takes
// the place of what was kept before.
type course struct {
	done    int       // iterations, in jobs that have ended
	weights []float32 // P

	mu      sync.Mutex
	before  map[int]trainer.State // by shard, before this job; nil: the first one, or no longer needed
	states  map[int]trainer.State // by shard, after this job
	reports map[int]scoreReport   // by iteration
}

// begin makes the course ready for a job. It returns what the optimizer of a shard remembers before it.
func (c *course) begin(m *trainer.Model) func(shard int) trainer.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before, c.states = c.states, map[int]trainer.State{}
	return func(shard int) trainer.State {
		c.mu.Lock()
		defer c.mu.Unlock()
		if s, ok := c.before[shard]; ok {
			return s
		}
		return m.NewState()
	}
}

// begun forgets the states before the job, which takes as much memory as all shards' moments, when its first iteration has ended.
func (c *course) begun() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = nil
}

func (c *course) keepWeights(w []float32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.weights = w
}

func (c *course) keepState(s trainshard.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.states[s.Shard] = s.Optimizer
}

func (c *course) keepReport(r scoreReport) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reports == nil {
		c.reports = map[int]scoreReport{}
	}
	c.reports[r.Iteration] = r
}

// sorted are the reports in the order of the iterations.
func (c *course) sorted() []scoreReport {
	return slices.SortedFunc(maps.Values(c.reports), func(a, b scoreReport) int { return cmp.Compare(a.Iteration, b.Iteration) })
}
