package pipelines

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/beamfit/beamfit/transforms/score"
)

// eventEvery is the least time between two events inside an iteration, but for its last one.
const eventEvery = 100 * time.Millisecond

// A fitClock hears of the iterations of a fit in its own process, how long they take and how many rows are trained on, and makes
// events of it. It is a bundle.Watcher. start must be called before the first pipeline.
type fitClock struct {
	plan clockPlan

	rows atomic.Int64 // trained on in this iteration
	next atomic.Int64 // rows at which it is worth looking at the clock

	mu        sync.Mutex
	iteration int // the one that is trained
	begun     time.Time
	told      time.Time       // of the last event
	toScore   int64           // rows still to be scored
	done      IterationReport // of the iteration, once it is averaged
	averageAt time.Time
}

// A clockPlan is what a clock knows beforehand.
type clockPlan struct {
	schedule schedule
	trained  int64 // rows of an iteration, all shards and passes
	scored   int64 // rows of all tables
	quiet    bool  // no events inside iterations
	report   func(Event)
	loaded   func()                            // called when all tables are in memory
	reportOf func(iterationScores) scoreReport // what the scores of an iteration say
}

func (c *fitClock) start(p clockPlan) { c.plan = p }

// Loaded is called when all tables are in memory.
func (c *fitClock) Loaded() { c.plan.loaded() }

// Begun is called before a shard begins an iteration.
func (c *fitClock) Begun(iteration int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if iteration > c.iteration {
		c.average(iteration - 1) // in case that the iteration before has not been told of yet
		c.iteration, c.begun = iteration, time.Now()
		c.rows.Store(0)
		c.next.Store(0)
	}
}

// Trained is called after every step. Its events come at most a hundred times per iteration.
func (c *fitClock) Trained(_, rows int) {
	n := c.rows.Add(int64(rows))
	if n < c.next.Load() && n < c.plan.trained || c.plan.quiet {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	total := c.plan.trained
	c.next.Store(n + total/100)
	if now := time.Now(); n == total || n == c.rows.Load() && now.Sub(c.told) >= eventEvery {
		c.told = now
		c.plan.report(Event{Stage: "training", Unit: "rows", Done: n, Total: total})
	}
}

// Averaged is called when the weights of an iteration are averaged.
func (c *fitClock) Averaged(iteration int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.average(iteration)
}

// average notes that an iteration is averaged, where that is news. One that is not scored ends here.
func (c *fitClock) average(iteration int) {
	if iteration != c.iteration || c.done.Iteration == iteration {
		return
	}
	c.averageAt, c.toScore = time.Now(), c.plan.scored
	c.done = IterationReport{
		Iteration: iteration, Iterations: c.plan.schedule.Iterations,
		Rows: c.plan.trained, Training: c.averageAt.Sub(c.begun),
	}
	if !c.plan.schedule.scored(iteration) {
		c.tell(c.done)
	}
}

// Scored is called after every piece that is scored.
func (c *fitClock) Scored(rows int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.toScore -= int64(rows)
	if now := time.Now(); !c.plan.quiet && (c.toScore == 0 || now.Sub(c.told) >= eventEvery) {
		c.told = now
		c.plan.report(Event{Stage: score.Stage, Unit: "rows", Done: c.plan.scored - c.toScore, Total: c.plan.scored})
	}
}

// Kept hears of what is put into boxes: the scores of an iteration end it.
func (c *fitClock) Kept(_ string, value any) {
	s, ok := value.(iterationScores)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.average(s.Iteration)
	c.done.Scoring = time.Since(c.averageAt)
	c.tell(c.withScores(c.done, s))
}

// withScores is a report with the scores of its iteration.
func (c *fitClock) withScores(r IterationReport, s iterationScores) IterationReport {
	scores := c.plan.reportOf(s)
	r.Scored = true
	r.TrainingLoss, r.TrainingMetrics = float64(scores.Training.Loss), scores.Training.named()
	if scores.Validation != nil {
		loss := float64(scores.Validation.Loss)
		r.ValidationLoss, r.ValidationMetrics = &loss, scores.Validation.named()
	}
	return r
}

// Afterwards tells of the iterations of a pipeline whose workers were other processes, once it has ended: when each began and ended is
// not known, so that all get the same share of the time.
func (c *fitClock) Afterwards(first, last int, took time.Duration, scores map[int]iterationScores) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := first; i <= last; i++ {
		r := IterationReport{
			Iteration: i, Iterations: c.plan.schedule.Iterations, Rows: c.plan.trained, Training: took / time.Duration(last-first+1),
		}
		if s, ok := scores[i]; ok {
			r = c.withScores(r, s)
		}
		c.tell(r)
	}
}

// tell reports the end of an iteration.
func (c *fitClock) tell(r IterationReport) {
	c.plan.report(Event{Stage: "training", Unit: "iterations", Done: int64(r.Iteration), Total: int64(r.Iterations), Iteration: &r})
}
