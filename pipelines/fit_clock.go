package pipelines

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/beamfit/beamfit/transforms/score"
)

// eventEvery is the least time between two events inside an iteration, but for its last one.
const eventEvery = 100 * time.Millisecond

// A fitClock follows the iterations of a fit: how long they take and how many rows are trained on.
type fitClock struct {
	fit     *fit
	total   int64 // rows of an iteration, all shards and passes
	allRows int64 // of all tables, to score

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

// start makes the clock ready for the first iteration.
func (c *fitClock) start(f *fit) {
	c.fit = f
	for shard := range f.sets[trainingSet].Shards() {
		c.total += f.rowsOf(shard)
	}
	for _, set := range f.sets {
		c.allRows += set.Rows()
	}
}

// Begun is called before a shard begins an iteration.
func (c *fitClock) Begun(iteration int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if iteration > c.iteration {
		c.iteration, c.begun = iteration, time.Now()
		c.rows.Store(0)
		c.next.Store(0)
	}
}

// Trained is called after every step. Its events, which verbose=0 of fit_params silences, come at most a hundred times per
// iteration.
func (c *fitClock) Trained(_, rows int) {
	n := c.rows.Add(int64(rows))
	if n < c.next.Load() && n < c.total || c.fit.fitting.Verbose == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next.Store(n + c.total/100)
	if now := time.Now(); n == c.total || n == c.rows.Load() && now.Sub(c.told) >= eventEvery {
		c.told = now
		c.fit.report(Event{Stage: "training", Unit: "rows", Done: n, Total: c.total})
	}
}

// averaged is the report of an iteration when its weights are averaged.
func (c *fitClock) averaged(iteration int) IterationReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.averageAt, c.toScore = time.Now(), c.allRows
	c.done = IterationReport{
		Iteration: iteration, Iterations: c.fit.opt.Iterations,
		Rows: c.total, Training: c.averageAt.Sub(c.begun),
	}
	return c.done
}

// Scored is called after every piece that is scored. verbose=0 silences its events.
func (c *fitClock) Scored(rows int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.toScore -= int64(rows)
	if now := time.Now(); c.fit.fitting.Verbose > 0 && (c.toScore == 0 || now.Sub(c.told) >= eventEvery) {
		c.told = now
		c.fit.report(Event{Stage: score.Stage, Unit: "rows", Done: c.allRows - c.toScore, Total: c.allRows})
	}
}

// scored is the report of an iteration when it is scored.
func (c *fitClock) scored(s scoreReport) IterationReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.done
	r.Scored, r.Scoring = true, time.Since(c.averageAt)
	r.TrainingLoss, r.TrainingMetrics = float64(s.Training.Loss), s.Training.named()
	if s.Validation != nil {
		loss := float64(s.Validation.Loss)
		r.ValidationLoss, r.ValidationMetrics = &loss, s.Validation.named()
	}
	return r
}

// rowsOf is the number of rows that a shard trains on in an iteration, all passes together.
func (f *fit) rowsOf(shard int) int64 {
	rows := f.sets[trainingSet].ShardRows(shard)
	if steps := f.fitting.StepsPerEpoch; steps > 0 {
		rows = min(rows, steps*f.fitting.BatchSize)
	}
	return int64(rows) * int64(f.fitting.Epochs-f.fitting.InitialEpoch)
}
