package trainshard

import (
	"context"
	"os"
	"reflect"
	"runtime"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/log"

	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/recipe"
)

func init() {
	beam.RegisterType(reflect.TypeFor[trainFn]())
}

// A Stage is what a stage of an iteration, a round or the turn of a shard, needs besides states and weights.
type Stage struct {
	Run   bundle.Ref
	Model recipe.Model
	Seed  uint64
	// Iteration is its number, from 1.
	Iteration int
	// Rate is the learning rate of the iteration; nil: the optimizer's own.
	Rate *float64
	// Part is the share of the iteration that the shards train before they are averaged; the zero value: all of it.
	Part trainer.Part
	// Fresh: every shard begins with a new state, as before its first step. Places says where schedules are then.
	Fresh bool
	// Places says where the schedules of learning rates are; nil: at the steps of the states.
	Places *Places
	// From is where the states are that the stage begins with, and To where those are left that it ends with, if they do not travel with the
	// elements, which have none then; both are nil if they do. To alone is nil where nobody asks for the states any more.
	From, To *Kept
	// Layout is that of the vectors that come out.
	Layout average.Layout
	// Portions: an engine runs the round, and the shards together give on more than it takes at once (package portions).
	Portions bool
	// Apart: the weights that come in are those of the shards of the round before, whole, and their mean is what the round begins with.
	Apart bool
}

// join is the one weight vector that a round begins with.
func (s Stage) join(ctx context.Context, weights func(*average.Vector) bool) (average.Vector, error) {
	if s.Apart {
		return average.JoinMean(ctx, s.Run, s.Layout, weights)
	}
	return average.Join(weights)
}

// Train makes one round: an iteration, or a part of one. It takes the PCollection<State> of all shards, the PCollection<average.Vector>
// of the one weight vector that they start from, in pieces or whole, or of those whose mean it is (Stage.Apart), and a PCollection<int> of one element, any, that must be there before
// training begins. It returns the PCollection<State> after the round and the PCollection<average.Vector> of the
// shards' weights. States that do not travel are bare before and after, so that these are the ones that were given: with one way back to the
// beginning for all stages, since Flink's planner walks all that there are.
func Train(s beam.Scope, stage Stage, states, weights, after beam.PCollection) (beam.PCollection, beam.PCollection) {
	s = s.Scope("trainshard.Train")
	var train any = &trainFn{Stage: stage}
	if stage.Portions {
		train = &trainPortionsFn{Train: trainFn{Stage: stage}}
	}
	ends, trained := beam.ParDo2(s, train, states, beam.SideInput{Input: weights}, beam.SideInput{Input: after})
	if stage.From != nil {
		ends = states
	}
	return ends, trained
}

// trainFn trains shards side by side.
type trainFn struct {
	Stage   Stage
	tasks   bundle.Tasks[trained]
	weights average.Vector // of the bundle
}

type trained struct {
	state   State
	weights average.Vector
}

func (f *trainFn) ProcessElement(
	ctx context.Context, s State, pieces func(*average.Vector) bool, _ int, _ func(State), _ func(average.Vector),
) error {
	return f.begin(ctx, s, pieces)
}

// begin begins to train a shard.
func (f *trainFn) begin(ctx context.Context, s State, pieces func(*average.Vector) bool) (err error) {
	if f.tasks.Begun() == 0 {
		if f.weights, err = f.Stage.join(ctx, pieces); err != nil {
			return bundle.Of(f.Stage.Run).Fail(err)
		}
		if f.Stage.Part.Index == 0 {
			collectGarbage(f.weights)
		}
	}
	w := f.weights
	return f.tasks.Go(ctx, f.Stage.Run, func(ctx context.Context) (trained, error) { return f.Stage.train(ctx, s, w) })
}

func (f *trainFn) FinishBundle(
	_ context.Context, _ func(*average.Vector) bool, _ int, state func(State), weights func(average.Vector),
) error {
	return f.finish(state, weights)
}

// finish gives on what the shards of the bundle end with.
func (f *trainFn) finish(state func(State), weights func(average.Vector)) error {
	f.weights = average.Vector{}
	var once sync.Once
	return f.tasks.Finish(func(t trained) {
		if f.Stage.Part.Index >= f.Stage.Part.Of-1 {
			once.Do(func() { collectGarbage(t.weights) })
		}
		state(t.state)
		f.Stage.Layout.Emit(t.weights, weights)
	})
}

// train trains one shard. The state that it is given is used up: the memory is that of the state which comes out.
func (s Stage) train(ctx context.Context, state State, w average.Vector) (trained, error) {
	run := bundle.Of(s.Run)
	model, err := s.Model.Load(ctx, run)
	if err != nil {
		return trained{}, err
	}
	data, err := state.Shard.Data(ctx, run, model)
	if err != nil {
		return trained{}, err
	}
	spare, err := average.SpareOf(ctx, s.Run)
	if err != nil {
		return trained{}, err
	}
	optimizer, err := s.begin(ctx, state, model)
	if err != nil {
		return trained{}, err
	}
	watch := run.Watch()
	watch.Begun(s.Iteration)
	r, err := model.Train(ctx, trainer.TrainInput{
		Data: data, Weights: w.Values, State: optimizer, Fit: *model.Fit, Rate: s.Rate,
		Seed: s.Seed, Shard: state.Shard.Index, Iteration: s.Iteration, Part: s.Part, Cores: run,
		Schedule: s.Places.of(*model.Fit, state.Shard.Index, s.Iteration, s.Part),
		Room:     trainer.Room{Weights: spare.Vector(len(w.Values)), Slots: optimizer.Slots},
		Progress: func(rows int) { watch.Trained(s.Iteration, rows) },
	})
	if err != nil {
		return trained{}, err
	}
	// Engines keep what workers log; direct and prism pass it on with --log-level debug.
	log.Infof(ctx, "iteration %d: shard %d of %s was trained in process %d%s", s.Iteration, state.Shard.Index, state.Shard.Table.Name, os.Getpid(),
		model.Where(state.Shard.Index))
	end := State{state.Shard, r.State}
	if s.To != nil {
		if err := s.To.put(ctx, end); err != nil {
			return trained{}, err
		}
	}
	if s.From != nil {
		end.Optimizer = trainer.State{}
	}
	return trained{end, average.Vector{Rows: int64(r.Rows), Values: r.Weights}}, nil
}

// begin is the optimizer's state that a shard begins the stage with.
func (s Stage) begin(ctx context.Context, state State, model *recipe.Loaded) (trainer.State, error) {
	switch {
	case s.From == nil && s.Fresh:
		return model.Renew(state.Optimizer), nil
	case s.From == nil:
		return state.Optimizer, nil
	case s.Fresh:
		return model.NewState(), nil
	}
	return s.From.get(ctx, state.Shard, model)
}

// manyWeights is from how many weights on garbage is collected where there is the most: that of averaging (old weights, states and
// sums) before the shards train, and that of training (the arenas) before they are averaged. Neither leaves any while it works, so
// that the other's would lie there when the most memory is needed. Between the rounds of an iteration memory goes round.
const manyWeights = 1 << 17

func collectGarbage(w average.Vector) {
	if len(w.Values) >= manyWeights {
		runtime.GC()
	}
}
