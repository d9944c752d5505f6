package trainshard

import (
	"context"
	"math"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/dataset"
)

func init() {
	beam.RegisterType(reflect.TypeFor[recomputeFn]())
}

// sampleSteps is of how many batches, at most, a shard computes moving statistics anew.
const sampleSteps = 64

// Recompute computes the moving statistics of given weights anew, from batches of the shards' rows that go through the network once. It
// takes the PCollection<dataset.Shard> of all shards and the PCollection<average.Vector> of the weights, in pieces or whole, and
// returns the PCollection<average.Vector> of the same weights with each shard's statistics, whose mean is to be taken.
//
// The statistics are moving averages over the first 64 batches of the shard's iteration, or all where there are fewer, that began at 0 and are
// divided by 1 - momentumⁿ for n batches: means in which the last batches count a little more than the first.
func Recompute(s beam.Scope, stage Stage, shards, weights beam.PCollection) beam.PCollection {
	var recompute any = &recomputeFn{Stage: stage}
	if stage.Portions {
		recompute = &recomputePortionsFn{Recompute: recomputeFn{Stage: stage}}
	}
	return beam.ParDo(s.Scope("trainshard.Recompute"), recompute, shards, beam.SideInput{Input: weights})
}

// recomputeFn computes the statistics of shards side by side.
type recomputeFn struct {
	Stage   Stage
	tasks   bundle.Tasks[average.Vector]
	weights average.Vector // of the bundle
}

func (f *recomputeFn) ProcessElement(ctx context.Context, shard dataset.Shard, pieces func(*average.Vector) bool, _ func(average.Vector)) error {
	return f.begin(ctx, shard, pieces)
}

// begin begins with a shard.
func (f *recomputeFn) begin(ctx context.Context, shard dataset.Shard, pieces func(*average.Vector) bool) (err error) {
	if f.tasks.Begun() == 0 {
		if f.weights, err = average.Join(pieces); err != nil {
			return bundle.Of(f.Stage.Run).Fail(err)
		}
	}
	w := f.weights
	return f.tasks.Go(ctx, f.Stage.Run, func(ctx context.Context) (average.Vector, error) { return f.Stage.recompute(ctx, shard, w.Values) })
}

func (f *recomputeFn) FinishBundle(_ context.Context, _ func(*average.Vector) bool, emit func(average.Vector)) error {
	return f.finish(emit)
}

// finish gives on the weights of the shards of the bundle.
func (f *recomputeFn) finish(emit func(average.Vector)) error {
	f.weights = average.Vector{}
	return f.tasks.Finish(func(v average.Vector) { f.Stage.Layout.Emit(v, emit) })
}

// recompute computes the statistics of one shard.
func (s Stage) recompute(ctx context.Context, shard dataset.Shard, w []float32) (average.Vector, error) {
	run := bundle.Of(s.Run)
	model, err := s.Model.LoadStill(ctx, run)
	if err != nil {
		return average.Vector{}, err
	}
	data, err := shard.Data(ctx, run, model)
	if err != nil {
		return average.Vector{}, err
	}
	begin := slices.Clone(w)
	moments := momenta(model.Spec)
	for _, m := range moments {
		clear(begin[m.Mean:][:m.Len])
		clear(begin[m.Variance:][:m.Len])
	}
	fit := *model.Fit
	fit.InitialEpoch, fit.Epochs = 0, 1
	fit.StepsPerEpoch = min(sampleSteps, trainer.StepsOf(fit, shard.Rows))
	r, err := model.Train(ctx, trainer.TrainInput{
		Data: data, Weights: begin, State: model.NewState(), Fit: fit, Seed: s.Seed, Shard: shard.Index, Iteration: s.Iteration, Cores: run,
		Once: true, // of the shard's rows it reads few, and the model that trains has them on its GPU
	})
	if err != nil || r.Rows == 0 {
		return average.Vector{Values: r.Weights}, err
	}
	for _, m := range moments {
		missing := 1 - math.Pow(m.momentum, float64(m.moves*fit.StepsPerEpoch))
		for _, from := range []int{m.Mean, m.Variance} {
			for i, v := range r.Weights[from:][:m.Len] {
				r.Weights[from+i] = float32(float64(v) / missing)
			}
		}
	}
	return average.Vector{Rows: int64(r.Rows), Values: r.Weights}, nil
}

// A momentum is that of a layer's moving statistics, and how often a batch moves them.
type momentum struct {
	average.Moments
	momentum float64
	moves    int
}

// momenta are those of all statistics that training changes.
func momenta(spec *keras.Spec) []momentum {
	var all []momentum
	for _, l := range spec.Layers {
		config, inSteps := l.Config, false
		if around, ok := config.(*keras.TimeDistributed); ok {
			config, inSteps = around.Layer.Config, true
		}
		bn, ok := config.(*keras.BatchNormalization)
		of := average.MovingMoments(&keras.Spec{Layers: []*keras.Layer{l}})
		if !ok || len(of) == 0 {
			continue
		}
		m := momentum{Moments: of[0], momentum: bn.Momentum}
		for _, c := range spec.Calls {
			switch {
			case c.Layer != l || c.Inference:
			case inSteps:
				m.moves += spec.Tensors[c.Inputs[0]].Shape[0]
			default:
				m.moves++
			}
		}
		if m.moves > 0 && m.momentum < 1 {
			all = append(all, m)
		}
	}
	return all
}
