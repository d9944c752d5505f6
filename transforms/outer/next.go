package outer

import (
	"context"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/recipe"
)

func init() {
	beam.RegisterType(reflect.TypeFor[startFn]())
	beam.RegisterType(reflect.TypeFor[nextFn]())
}

// Key is the key of the momentum in a box.
const Key = "momentum"

// Start is the PCollection<average.Vector> of the momentum before a round, in pieces of that layout: that of the box, or zeros for so
// many weights where from is nil.
func Start(s beam.Scope, run bundle.Ref, weights int, from *collect.Box, layout average.Layout) beam.PCollection {
	return beam.ParDo(s.Scope("outer.Start"), &startFn{Run: run, Weights: weights, From: from, Layout: layout}, beam.Impulse(s))
}

// startFn emits the momentum.
type startFn struct {
	Run     bundle.Ref
	Weights int
	From    *collect.Box
	Layout  average.Layout
}

func (f *startFn) ProcessElement(ctx context.Context, _ []byte, emit func(average.Vector)) error {
	v, err := f.load(ctx)
	if err != nil {
		return bundle.Of(f.Run).Fail(err)
	}
	f.Layout.Emit(v, emit)
	return nil
}

func (f *startFn) load(ctx context.Context) (average.Vector, error) {
	if f.From == nil {
		return average.Vector{Values: make([]float32, f.Weights)}, nil
	}
	v, err := average.LoadKey(ctx, *f.From, Key)
	v.Values = slices.Clone(v.Values) // nextFn changes what it is given
	return v, err
}

// A Round says of a round what the rule must know.
type Round struct {
	Run   bundle.Ref
	Model recipe.Model
	Rule  Rule
	// LearningRate is that of the shards' first step.
	LearningRate float64
}

// Next follows the mean of a round. It takes the PCollection<average.Vector> of the momentum before it, and those of the weights that it
// began with and of the mean, all in pieces or whole, and returns the momentum after it and the weights that the next one begins with, in the
// pieces of the momentum.
func Next(s beam.Scope, round Round, momentum, before, mean beam.PCollection) (beam.PCollection, beam.PCollection) {
	return beam.ParDo2(s.Scope("outer.Next"), &nextFn{Round: round}, momentum, beam.SideInput{Input: before}, beam.SideInput{Input: mean})
}

// nextFn makes the step of each piece.
type nextFn struct {
	Round        Round
	trainable    []plan.Run
	before, mean average.Vector // of the bundle
}

func (f *nextFn) ProcessElement(
	ctx context.Context, u average.Vector, before, mean func(*average.Vector) bool, momentum, weights func(average.Vector),
) error {
	if f.mean.Values == nil {
		if err := f.begin(ctx, before, mean); err != nil {
			return bundle.Of(f.Round.Run).Fail(err)
		}
	}
	n := len(u.Values)
	next := average.Vector{Rows: f.mean.Rows, Values: f.mean.Values[u.Offset:][:n], Offset: u.Offset, Total: u.Total}
	f.Round.Rule.Apply(Step{
		Before: f.before.Values[u.Offset:][:n], Weights: next.Values, Momentum: u.Values, Offset: u.Offset, Trainable: f.trainable,
		LearningRate: f.Round.LearningRate,
	})
	momentum(u)
	weights(next)
	return nil
}

func (f *nextFn) begin(ctx context.Context, before, mean func(*average.Vector) bool) error {
	model, err := f.Round.Model.Load(ctx, bundle.Of(f.Round.Run))
	if err != nil {
		return err
	}
	f.trainable = Trainable(model.Spec)
	if f.before, err = average.Join(before); err != nil {
		return err
	}
	f.mean, err = average.Join(mean)
	return err
}

func (f *nextFn) FinishBundle(context.Context, func(*average.Vector) bool, func(*average.Vector) bool, func(average.Vector), func(average.Vector)) {
	f.before, f.mean = average.Vector{}, average.Vector{}
}
