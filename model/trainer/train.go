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

// A TrainInput is one iteration of one shard, or a part of it.
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
	// Part is the share of the iteration's steps that the call makes; the zero value: all of them. All parts of an iteration have the same rows, whose
	// values are checked with the first.
	Part Part
	// Schedule is where the learning rate's schedule is; nil: at the step that the State says.
	Schedule *Schedule
	// Once: nobody trains on these rows again, so that a device is not given all of them to keep.
	Once bool
	// Cores lends cores for the slices of a batch; nil: the caller's is the only one. No result depends on it.
	Cores Cores
	// Room is memory for the result that the caller gives up: that of the State's own slots may be it. Without it the result is new.
	Room Room
	// Progress is called after every step with the number of rows of the step; nil: nobody listens.
	Progress func(rows int)
}

// A Room is memory for what Train makes, each array as long as that which will be there; nil, or of another length: none.
type Room struct{ Weights, Slots []float32 }

// A TrainResult is what the iteration, or its part, made of a shard. It shares no memory with the input but for the Room.
type TrainResult struct {
	Weights []float32
	State   State
	Rows    int // its weight in the average: rows of the shard; of a part of an iteration those that it trained on
}

// Train makes the passes of one iteration over a shard. A shard without rows gives its weights and state back.
func (m *Model) Train(ctx context.Context, in TrainInput) (TrainResult, error) {
	if err := m.checkTrain(in); err != nil {
		return TrainResult{}, err
	}
	rows := in.Data.Rows()
	if rows == 0 {
		return in.unchanged(), nil
	}
	batch := min(in.Fit.BatchSize, rows)
	from, to := in.Part.steps(StepsOf(in.Fit, rows))
	if from == to && in.Part.Of > 1 {
		return in.unchanged(), nil
	}
	w, err := m.worker(poolKey{mode: training, batch: batch, last: rows % batch, place: m.placeOf(in.Shard)})
	if err != nil {
		return TrainResult{}, shardError(in.Shard, err)
	}
	defer w.release()
	if err := w.load(in.Weights, in.State.Slots); err != nil {
		return TrainResult{}, err
	}
	done, trained, err := w.passes(ctx, in, rows, batch)
	if err != nil {
		return TrainResult{}, err
	}
	if err := w.fetch(); err != nil {
		return TrainResult{}, err
	}
	if m.optimizer.Averaging != nil && done > in.State.Steps && in.Part.last() {
		w.takeAverages()
	}
	if in.Part.Of > 1 {
		rows = trained
	}
	return TrainResult{
		Weights: into(in.Room.Weights, w.weights),
		State:   State{Steps: done, Slots: into(in.Room.Slots, w.slots)},
		Rows:    rows,
	}, nil
}

// unchanged is the result where nothing is trained.
func (in TrainInput) unchanged() TrainResult {
	return TrainResult{
		Weights: into(in.Room.Weights, in.Weights), State: State{in.State.Steps, into(in.Room.Slots, in.State.Slots)},
	}
}

// into copies values into room for as many, or anew.
func into(room, values []float32) []float32 {
	if room == nil || len(room) != len(values) {
		return slices.Clone(values)
	}
	copy(room, values)
	return room
}

// takeAverages makes the averages, whose slot is behind those of the rule, the fetched weights.
func (w *worker) takeAverages() {
	runs, total := plan.TrainableRuns(w.model.spec)
	averages := w.slots[w.model.optimizer.Rule.Slots()*total:]
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
	if in.Part.Index == 0 { // the other parts have the same rows, and may be a few steps
		if err := m.checkRows(in); err != nil {
			return err
		}
	}
	if rows := in.Data.Rows(); rows > math.MaxInt32 {
		return fmt.Errorf("trainer: shard of %d rows, at most %d are supported", rows, math.MaxInt32)
	}
	return nil
}

// checkRows checks the values of all rows in memory.
func (m *Model) checkRows(in TrainInput) error {
	if err := m.checkData(in.Data); err != nil {
		return err
	}
	if in.Fit.ClassWeight == nil {
		return nil
	}
	buffers, _ := in.Data.(Buffers)
	for i, b := range buffers {
		if err := m.CheckClasses(b); err != nil {
			return fmt.Errorf("buffer %d: %w", i, err)
		}
	}
	return nil
}

// passes walks over the shard, as far as the part goes, and returns the number of optimizer steps that the slots have seen then, and of rows
// that were trained on.
func (w *worker) passes(ctx context.Context, in TrainInput, rows, batch int) (int64, int, error) {
	crew := newCrew(in.Cores)
	defer crew.dismiss()
	p := pass{
		worker: w, crew: crew, reader: in.Data.Reader(ctx, batch), batch: batch,
		classWeight: in.Fit.ClassWeight,
		counted:     make([]int, len(w.model.losses)),
		label:       make([]float32, slices.Max(w.model.labelWidth)),
		progress:    in.Progress,
		step:        plan.Step{Seed: mix(in.Seed, uint64(in.Shard), uint64(in.Iteration), forSteps)},
		done:        in.State.Steps,
		optimizer:   w.model.optimizer,
	}
	if in.Rate != nil {
		p.optimizer = p.optimizer.WithRate(*in.Rate)
	}
	p.schedule = Schedule{Place: in.State.Steps, Stride: 1}
	if in.Schedule != nil {
		p.schedule = *in.Schedule
	}
	defer p.reader.Close()
	from, to := in.Part.steps(StepsOf(in.Fit, rows))
	p.step.Counter = uint64(from)
	if !in.Once {
		if err := p.keep(ctx, in, rows); err != nil {
			return 0, 0, shardError(in.Shard, err)
		}
	}
	steps := stepsOfWalk(in.Fit, rows)
	goesOn := to%steps > 0 // the last walk, with the next part
	w.model.takeOrder(in.Shard, w)
	for walk := from / steps; walk*steps < to; walk++ {
		w.order.become(in.orderOf(in.Fit.InitialEpoch+walk, rows, batch))
		p.order = w.order.rows
		if err := p.run(ctx, max(from-walk*steps, 0), min(to-walk*steps, steps)); err != nil {
			return 0, 0, err
		}
	}
	if goesOn {
		w.model.leaveOrder(in.Shard, w)
	}
	return p.done, p.trained, nil
}

// A pass is one call of Train at work: the walks over the rows of a shard, one after the other.
type pass struct {
	*worker
	crew        *crew
	reader      Reader
	batch       int
	order       []int32
	index       *Index  // of the rows of a batch
	numbers     []int32 // of those rows
	classWeight map[int]float64
	counted     []int     // per output, the rows of the batch that its loss counts
	label       []float32 // room for one
	progress    func(rows int)
	step        plan.Step
	done        int64 // optimizer steps done
	schedule    Schedule
	trained     int // rows
	optimizer   *optimizer.Optimizer
	resident    *residentPass // nil: the device keeps no rows
}

// run makes the steps from first up to end of the pass.
func (p *pass) run(ctx context.Context, first, end int) (err error) {
	order := p.order[first*p.batch : min(end*p.batch, len(p.order))]
	if p.resident != nil {
		return p.runResident(ctx, order)
	}
	p.reader.Walk(order)
	for range end - first {
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
		p.step.Scalars = p.optimizer.ScalarsAt(p.done, p.schedule.Place)
		if err := step.run(p); err != nil {
			return err
		}
		p.step.Counter++
		p.done++
		p.schedule.Place += p.schedule.Stride
		p.trained += len(p.numbers)
		if p.progress != nil {
			p.progress(len(p.numbers))
		}
	}
	return nil
}
