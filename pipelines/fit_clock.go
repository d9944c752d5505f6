package pipelines

import (
	"sync"
	"time"
)

// A fitClock follows the iterations of a fit: how long they take and how many rows are trained on.
type fitClock struct {
	fit *fit

	mu        sync.Mutex
	iteration int   // the one that is trained
	rows      int64 // trained on in it
	begun     time.Time
	done      IterationReport // of it, once it is averaged
	averageAt time.Time
}

// Begun is called when a shard begins an iteration.
func (c *fitClock) Begun(iteration, _ int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if iteration > c.iteration {
		c.iteration, c.rows, c.begun = iteration, 0, time.Now()
	}
}

// Done is called when a shard ends an iteration. verbose=0 of fit_params silences its event.
func (c *fitClock) Done(_, shard int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows += c.fit.rowsOf(shard)
	if c.fit.fitting.Verbose > 0 {
		c.fit.report(Event{Stage: "training", Unit: "rows", Done: c.rows, Total: c.fit.rowsPerIteration()})
	}
}

// averaged is the report of an iteration when its weights are averaged.
func (c *fitClock) averaged(iteration int) IterationReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.averageAt = time.Now()
	c.done = IterationReport{
		Iteration: iteration, Iterations: c.fit.opt.Iterations,
		Rows: c.fit.rowsPerIteration(), Training: c.averageAt.Sub(c.begun),
	}
	return c.done
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

// rowsPerIteration is rowsOf for all shards together.
func (f *fit) rowsPerIteration() int64 {
	n := int64(0)
	for shard := range f.sets[trainingSet].Shards() {
		n += f.rowsOf(shard)
	}
	return n
}
