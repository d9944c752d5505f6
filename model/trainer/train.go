package trainer

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
)

// A TrainInput is one iteration of one shard.
type TrainInput struct {
	Data    Dataset
	Weights []float32 // P, where training starts; not changed
	State   State     // of this shard, from NewState or the iteration before; not changed
	Fit     params.Fit
	// Rate is the learning rate of this iteration; nil: the optimizer's own.
	Rate *float64
	// Seed, Shard and Iteration decide shuffles and dropout.
	Seed      uint64
	Shard     int
	Iteration int
	// Cores lends cores for the slices of a batch; nil: the caller's is the only one. No result depends on it.
	Cores Cores
	// Progress is called after every step with the number of rows of the step; nil: nobody listens.
	Progress func(rows int)
}

// A TrainResult is what an iteration made of a shard. It shares no memory with the input.
type TrainResult struct {
	Weights []float32
	State   State
	Rows    int // rows of the shard: its weight in the average
}

// Train makes the passes of one iteration over a shard. A shard without rows gives its weights and state back.
func (m *Model) Train(ctx context.Context, in TrainInput) (TrainResult, error) {
	if err := m.checkTrain(in); err != nil {
		return TrainResult{}, err
	}
	rows := in.Data.Rows()
	if rows == 0 {
		return TrainResult{Weights: slices.Clone(in.Weights), State: in.State.clone()}, nil
	}
	batch := min(in.Fit.BatchSize, rows)
	w, err := m.worker(poolKey{mode: training, batch: batch, last: rows % batch, place: m.placeOf(in.Shard)})
	if err != nil {
		return TrainResult{}, shardError(in.Shard, err)
	}
	defer w.release()
	if err := w.load(in.Weights, in.State.Slots); err != nil {
		return TrainResult{}, err
	}
	iteration, err := w.passes(ctx, in, rows, batch)
	if err != nil {
		return TrainResult{}, err
	}
	if err := w.fetch(); err != nil {
		return TrainResult{}, err
	}
	if m.optimizer.Averaging != nil && iteration > in.State.Iteration {
		w.takeAverages()
	}
	return TrainResult{
		Weights: slices.Clone(w.weights),
		State:   State{Iteration: iteration, Slots: slices.Clone(w.slots)},
		Rows:    rows,
	}, nil
}

// takeAverages makes the averages, which are the last slot, the fetched weights.
func (w *worker) takeAverages() {
	runs, total := plan.TrainableRuns(w.model.spec)
	averages := w.slots[(w.model.optimizer.Slots()-1)*total:]
	for _, r := range runs {
		copy(w.weights[r.Weight:][:r.Len], averages[r.Compact:])
	}
}

func (m *Model) checkTrain(in TrainInput) error {
	if err := m.CheckFit(in.Fit); err != nil {
		return err
	}
	if err := m.checkWeights(in.Weights); err != nil {
		return err
	}
	if err := m.CheckState(in.State); err != nil {
		return err
	}
	if err := m.CheckData(in.Data); err != nil {
		return err
	}
	if in.Fit.ClassWeight != nil {
		buffers, _ := in.Data.(Buffers)
		for i, b := range buffers {
			if err := m.CheckClasses(b); err != nil {
				return fmt.Errorf("buffer %d: %w", i, err)
			}
		}
	}
	if rows := in.Data.Rows(); rows > math.MaxInt32 {
		return fmt.Errorf("trainer: shard of %d rows, at most %d are supported", rows, math.MaxInt32)
	}
	return nil
}

func (s State) clone() State { return State{s.Iteration, slices.Clone(s.Slots)} }

// passes walks over the shard and returns the number of optimizer steps done since the first iteration.
func (w *worker) passes(ctx context.Context, in TrainInput, rows, batch int) (int64, error) {
	if cap(w.order) < rows {
		w.order = make([]int32, rows)
	}
	order := w.order[:rows]
	identity(order)
	crew := newCrew(in.Cores)
	defer crew.dismiss()
	p := pass{
		worker: w, crew: crew, reader: in.Data.Reader(ctx, batch), batch: batch, order: order,
		classWeight: in.Fit.ClassWeight,
		counted:     make([]int, len(w.model.losses)),
		label:       make([]float32, slices.Max(w.model.labelWidth)),
		progress:    in.Progress,
		steps:       (rows + batch - 1) / batch,
		step:        plan.Step{Seed: mix(in.Seed, uint64(in.Shard), uint64(in.Iteration), forSteps)},
		iteration:   in.State.Iteration,
		optimizer:   w.model.optimizer,
	}
	if in.Rate != nil {
		p.optimizer = p.optimizer.WithRate(*in.Rate)
	}
	defer p.reader.Close()
	if in.Fit.StepsPerEpoch > 0 {
		p.steps = min(p.steps, in.Fit.StepsPerEpoch)
	}
	if err := p.keep(ctx, in, rows); err != nil {
		return 0, shardError(in.Shard, err)
	}
	for number := in.Fit.InitialEpoch; number < in.Fit.Epochs; number++ {
		seed := mix(in.Seed, uint64(in.Shard), uint64(in.Iteration), forShuffle, uint64(number))
		switch {
		case in.Fit.ShuffleBatches:
			shuffleBatches(order, batch, seed)
		case in.Fit.Shuffle:
			shuffle(order, seed)
		}
		if err := p.run(ctx); err != nil {
			return 0, err
		}
	}
	return p.iteration, nil
}

// A pass is one walk over the rows of a shard in a given order.
type pass struct {
	*worker
	crew        *crew
	reader      Reader
	batch       int
	steps       int
	order       []int32
	index       *Index  // of the rows of a batch
	numbers     []int32 // of those rows
	classWeight map[int]float64
	counted     []int     // per output, the rows of the batch that its loss counts
	label       []float32 // room for one
	progress    func(rows int)
	step        plan.Step
	iteration   int64 // optimizer steps done
	optimizer   *optimizer.Optimizer
	resident    *residentPass // nil: the device keeps no rows
}

func (p *pass) run(ctx context.Context) (err error) {
	if p.resident != nil {
		return p.runResident(ctx)
	}
	p.reader.Walk(p.order[:min(p.steps*p.batch, len(p.order))])
	for range p.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if p.index, p.numbers, err = p.reader.Next(); err != nil {
			return err
		}
		step, err := p.trainStep(len(p.numbers))
		if err != nil {
			return err
		}
		p.step.Scalars = p.optimizer.Scalars(p.iteration)
		if err := step.run(p); err != nil {
			return err
		}
		p.step.Counter++
		p.iteration++
		if p.progress != nil {
			p.progress(len(p.numbers))
		}
	}
	return nil
}
