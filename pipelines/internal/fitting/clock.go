package fitting

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/score"
)

// tellEvery is the least time between two tellings of rows inside an iteration, but for its last one.
const tellEvery = 100 * time.Millisecond

// A clock hears of the iterations of a fit in its own process, how long they take and how many rows are trained on, and tells the
// fit's listener. It is a bundle.Watcher.
type clock struct {
	fit     *Fit
	trained int64 // rows of an iteration, all shards and passes
	scored  int64 // rows of all tables
	quiet   bool  // nothing is told inside iterations

	rows atomic.Int64 // trained on in this iteration
	next atomic.Int64 // rows at which it is worth looking at the clock

	mu        sync.Mutex
	iteration int // the one that is trained
	begun     time.Time
	told      time.Time // when the listener was last told of rows
	toScore   int64     // rows still to be scored
	done      Iteration // of the iteration, once it is averaged
	averageAt time.Time
}

func newClock(f *Fit) *clock {
	c := &clock{fit: f, trained: f.rowsPerIteration(), quiet: f.Model.Fit.Verbose == 0}
	for _, set := range f.Sets {
		c.scored += set.Rows()
	}
	return c
}

// rowsPerIteration is the number of rows that are trained on in an iteration, all shards and passes together.
func (f *Fit) rowsPerIteration() (rows int64) {
	for _, shard := range f.training().Shards {
		rows += trainer.RowsOf(*f.Model.Fit, shard.Rows)
	}
	return rows
}

// TablesRead is called when all tables are read.
func (c *clock) TablesRead() { c.fit.TablesRead() }

// Begun is called before a shard begins an iteration.
func (c *clock) Begun(iteration int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if iteration > c.iteration {
		c.average(iteration - 1) // in case that the iteration before has not been told of yet
		c.iteration, c.begun = iteration, time.Now()
		c.rows.Store(0)
		c.next.Store(0)
	}
}

// Trained is called after every step. The listener is told at most a hundred times per iteration.
func (c *clock) Trained(_, rows int) {
	n := c.rows.Add(int64(rows))
	if n < c.next.Load() && n < c.trained || c.quiet {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	total := c.trained
	c.next.Store(n + total/100)
	if now := time.Now(); n == total || n == c.rows.Load() && now.Sub(c.told) >= tellEvery {
		c.told = now
		c.fit.Listener.Rows(Stage, n, total)
	}
}

// Averaged is called when the weights of an iteration are averaged.
func (c *clock) Averaged(iteration int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.average(iteration)
}

// average notes that an iteration is averaged, where that is news. One that is not scored ends here.
func (c *clock) average(iteration int) {
	if iteration != c.iteration || c.done.Number == iteration {
		return
	}
	c.averageAt, c.toScore = time.Now(), c.scored
	c.done = Iteration{
		Number: iteration, Of: c.fit.Schedule.Iterations, Rows: c.trained, Training: c.averageAt.Sub(c.begun),
	}
	if !c.fit.Schedule.scored(iteration) {
		c.fit.Listener.Iterated(c.done)
	}
}

// Scored is called after every piece that is scored.
func (c *clock) Scored(rows int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.toScore == 0 { // of no iteration
		return
	}
	c.toScore -= int64(rows)
	if now := time.Now(); !c.quiet && (c.toScore == 0 || now.Sub(c.told) >= tellEvery) {
		c.told = now
		c.fit.Listener.Rows(score.Stage, c.scored-c.toScore, c.scored)
	}
}

// kept hears of what is put into boxes: the scores of an iteration end it.
func (c *clock) kept(_ string, value any) {
	s, ok := value.(iterationScores)
	if !ok || s.Iteration == tailScores {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.average(s.Iteration)
	c.done.Scoring = time.Since(c.averageAt)
	report := c.fit.reportOf(s)
	c.done.Report = &report
	c.fit.Listener.Iterated(c.done)
}

// tellAfterwards tells of the iterations of a pipeline whose workers were other processes, once it has ended: when each began and ended
// is not known, so that all get the same share of the time.
func (f *Fit) tellAfterwards(first, last int, took time.Duration, scores map[int]iterationScores) {
	for i := first; i <= last; i++ {
		end := Iteration{
			Number: i, Of: f.Schedule.Iterations, Rows: f.rowsPerIteration(), Training: took / time.Duration(last-first+1),
		}
		if s, ok := scores[i]; ok {
			report := f.reportOf(s)
			end.Report = &report
		}
		f.Listener.Iterated(end)
	}
}
