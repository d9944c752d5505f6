package trainshard

import (
	"context"
	"encoding/binary"
	"fmt"
	"reflect"
	"runtime"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/dataset"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[State](), encodeState, decodeState)
	beam.RegisterType(reflect.TypeFor[startFn]())
	beam.RegisterType(reflect.TypeFor[trainFn]())
}

// A Job is what the DoFns of a run share, through bundle.Share as a *Job.
type Job struct {
	Model *trainer.Model
	Fit   params.Fit
	Seed  uint64
	// Set names the dataset.
	Set string
	// Optimizer is what the optimizer of a shard remembers before the first iteration of the run.
	Optimizer func(shard int) trainer.State
	// Watch hears of the work; nil: nobody listens.
	Watch Watcher
}

// A Watcher hears of the shards of an iteration. Calls may come at the same time.
type Watcher interface {
	// Begun is called before a shard begins an iteration.
	Begun(iteration int)
	// Trained is called after every step with its number of rows. It must be quick.
	Trained(iteration, rows int)
}

// A State is a shard between two iterations.
type State struct {
	Shard     int
	Optimizer trainer.State
}

// encodeState writes the shard's number (uint32, little-endian) and the optimizer's state.
func encodeState(s State) ([]byte, error) {
	optimizer, err := s.Optimizer.MarshalBinary()
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 4+len(optimizer))
	return append(binary.LittleEndian.AppendUint32(b, uint32(s.Shard)), optimizer...), nil
}

func decodeState(b []byte) (s State, err error) {
	if len(b) < 4 {
		return s, fmt.Errorf("trainshard: %d bytes are no state", len(b))
	}
	s.Shard = int(binary.LittleEndian.Uint32(b))
	err = s.Optimizer.UnmarshalBinary(b[4:])
	return s, err
}

// Start turns a PCollection<dataset.Shard> into the PCollection<State> before the first iteration of a run.
func Start(s beam.Scope, run string, shards beam.PCollection) beam.PCollection {
	return beam.ParDo(s.Scope("trainshard.Start"), &startFn{Run: run}, shards)
}

type startFn struct{ Run string }

func (f *startFn) ProcessElement(_ context.Context, shard dataset.Shard, emit func(State)) error {
	j, err := bundle.Shared[*Job](f.Run)
	if err != nil {
		return err
	}
	emit(State{Shard: shard.Index, Optimizer: j.Optimizer(shard.Index)})
	return nil
}

// Train makes one iteration, counted from 1. It takes the PCollection<State> of all shards, the PCollection<average.Vector>
// of the one weight vector that they start from, and a PCollection<int> of one element, any, that must be there before
// training begins. It returns the PCollection<State> after the iteration and the PCollection<average.Vector> of the
// shards' weights.
func Train(s beam.Scope, run string, iteration int, states, weights, after beam.PCollection) (beam.PCollection, beam.PCollection) {
	s = s.Scope("trainshard.Train")
	return beam.ParDo2(s, &trainFn{Run: run, Iteration: iteration}, states, beam.SideInput{Input: weights}, beam.SideInput{Input: after})
}

// trainFn trains shards side by side.
type trainFn struct {
	Run       string
	Iteration int
	tasks     bundle.Tasks[trained]
}

type trained struct {
	state   State
	weights average.Vector
}

// manyWeights is from how many weights on garbage is collected where there is the most: that of averaging (old weights, states and
// sums) before the shards train, and that of training (the arenas) before they are averaged. Neither leaves any while it works, so
// that the other's would lie there when the most memory is needed.
const manyWeights = 1 << 17

func collect(w average.Vector) {
	if len(w.Values) >= manyWeights {
		runtime.GC()
	}
}

func (f *trainFn) StartBundle(_ context.Context, w average.Vector, _ int, _ func(State), _ func(average.Vector)) {
	f.tasks.Start(f.Run)
	collect(w)
}

func (f *trainFn) ProcessElement(ctx context.Context, s State, w average.Vector, _ int, _ func(State), _ func(average.Vector)) error {
	return f.tasks.Go(ctx, func(ctx context.Context) (trained, error) {
		j, err := bundle.Shared[*Job](f.Run)
		if err != nil {
			return trained{}, err
		}
		set, err := dataset.Of(f.Run, j.Set)
		if err != nil {
			return trained{}, err
		}
		in := trainer.TrainInput{
			Data: set.Data(s.Shard), Weights: w.Values, State: s.Optimizer, Fit: j.Fit,
			Seed: j.Seed, Shard: s.Shard, Iteration: f.Iteration, Cores: bundle.Of(f.Run),
		}
		if j.Watch != nil {
			j.Watch.Begun(f.Iteration)
			in.Progress = func(rows int) { j.Watch.Trained(f.Iteration, rows) }
		}
		r, err := j.Model.Train(ctx, in)
		if err != nil {
			return trained{}, err
		}
		return trained{State{s.Shard, r.State}, average.Vector{Rows: int64(r.Rows), Values: r.Weights}}, nil
	})
}

func (f *trainFn) FinishBundle(_ context.Context, _ average.Vector, _ int, state func(State), weights func(average.Vector)) error {
	var once sync.Once
	return f.tasks.Finish(func(t trained) {
		once.Do(func() { collect(t.weights) })
		state(t.state)
		weights(t.weights)
	})
}
