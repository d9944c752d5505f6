package fitting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// The names of a fit's datasets.
const (
	TrainingSet   = dataset.Training
	ValidationSet = "validation"
)

// Stage is the name of training in progress reports; its unit is "rows", or "iterations" at the end of one.
const Stage = "training"

// A Fit is a fit whose arguments and tables have been checked: what it trains, on what, and when it does what. How far it is says a
// Course. Begin gives the first one, Train goes on from it to the end, and End must be called whatever happens.
type Fit struct {
	*job.Job
	Recipe recipe.Model
	Model  *recipe.Loaded
	Seed   uint64
	// Sets are the training table, and that for validation where there is one.
	Sets      []*dataset.Set
	Schedule  Schedule
	Callbacks *callback.List
	// Target is the model's table. Boxes and the checkpoint lie beside it.
	Target table.Name
	// Identity is what the fit has in common with one that it may go on from, but for the values of its tables; nil: it has no checkpoints.
	Identity map[string]string
	// Anew: the checkpoint, if there is one, is not gone on from.
	Anew bool
	// FilesBelow is the folder that the files of callbacks lie below; "": they may lie anywhere.
	FilesBelow string
	// Began is when the command began, by the clock of this process, and Started when the fit did, by that of the store. Where the fit goes
	// on from a checkpoint, Begin sets Started to when the fit began that has left it.
	Began, Started time.Time
	// TablesRead is called when all tables are read, unless the workers are other processes.
	TablesRead func()
	Listener   Listener

	// Resumed is the iteration that this command goes on from, once it has begun; 0: none. earlier is what commands before it took.
	Resumed int
	earlier time.Duration
	files   []openLog // of callbacks
}

// A Listener hears how far a fit is. Its functions must be safe for concurrent use.
type Listener struct {
	// Rows: so many rows of a stage (training, scoring) are done in this iteration.
	Rows func(stage string, done, total int64)
	// Iterated: an iteration has ended.
	Iterated func(Iteration)
	// Noted is a sentence of a callback.
	Noted func(text string)
}

// An Iteration is what is known at the end of an iteration.
type Iteration struct {
	Number, Of        int
	Rows              int64 // trained on, all shards and passes
	Training, Scoring time.Duration
	Report            *tables.Report // nil: it was not scored
}

// training is the training table.
func (f *Fit) training() *dataset.Set { return f.Sets[0] }

// Begin is the course that the fit begins with: that of its checkpoint, where there is one, else one of no iterations with the start
// weights.
func (f *Fit) Begin(ctx context.Context, start []float32) (Course, error) {
	c, err := f.resume(ctx, start)
	if err != nil {
		return c, err
	}
	clock := newClock(f)
	f.Listen(clock, clock.kept)
	return c, f.openLogs()
}

// Train runs the pipelines of the schedule from a course on and returns the course at the end.
func (f *Fit) Train(ctx context.Context, c Course) (Course, error) {
	for {
		to, more := f.Schedule.next(c.Place, c.Stopped != "")
		if !more {
			return c, errors.Join(f.endTail(ctx, &c), f.closeLogs())
		}
		next, err := f.RunPipeline(ctx, c, to)
		if err != nil {
			return c, f.ofValues(err)
		}
		f.DropBox(ctx, c.box)
		c = next
		if c.Stages > 0 {
			continue // an iteration is not over
		}
		if err := f.addToTail(ctx, &c); err != nil {
			return c, err
		}
		if err := f.decide(ctx, &c); err != nil {
			return c, err
		}
		if f.Schedule.checkpointDue(c.Done, c.Stopped != "") {
			if err := f.saveCheckpoint(ctx, c); err != nil {
				return c, fmt.Errorf("checkpoint: %w", err)
			}
		}
	}
}

// End closes what a fit that has failed has left open.
func (f *Fit) End() { _ = f.closeLogs() }

// elapsed is the time that the fit had taken at a moment, in this command and in those before that it goes on from.
// Clocks may differ and be set back: no time is before the beginning.
func (f *Fit) elapsed(at time.Time) time.Duration { return f.earlier + max(0, at.Sub(f.Began)) }
