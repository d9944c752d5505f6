package infer

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[Part](), encodePart, decodePart)
	beam.RegisterCoder(reflect.TypeFor[Counts](), Counts.MarshalBinary, decodeCounts)
	collect.Register[Counts]()
	beam.RegisterType(reflect.TypeFor[inferFn]())
	beam.RegisterType(reflect.TypeFor[addFn]())
}

// A Part is a partition to predict; Key is that of the table.Part to write.
type Part struct {
	Key       string
	Partition table.Partition
}

// Counts are the rows predicted and the predictions written.
type Counts struct{ Rows, Predictions int64 }

func encodePart(p Part) ([]byte, error) { return json.Marshal(p) }

func decodePart(b []byte) (p Part, err error) {
	err = json.Unmarshal(b, &p)
	return p, err
}

// MarshalBinary writes JSON.
func (c Counts) MarshalBinary() ([]byte, error) { return json.Marshal(c) }

// UnmarshalBinary reads what MarshalBinary wrote.
func (c *Counts) UnmarshalBinary(b []byte) error { return json.Unmarshal(b, c) }

func decodeCounts(b []byte) (Counts, error) { return bundle.FromBytes[Counts](b) }

// Stage is the name of the stage in progress reports; its unit is "rows".
const Stage = "predicting"

// Predict takes a PCollection<Part>, writes the predictions of all parts and returns the PCollection<Counts> of their
// one sum.
func Predict(s beam.Scope, run bundle.Ref, plan Plan, parts beam.PCollection) beam.PCollection {
	s = s.Scope("infer.Predict")
	counts := beam.ParDo(s, &inferFn{Run: run, Plan: plan}, parts)
	return beam.Combine(s, &addFn{}, counts)
}

// inferFn predicts parts side by side.
type inferFn struct {
	Run   bundle.Ref
	Plan  Plan
	tasks bundle.Tasks[Counts]
}

func (f *inferFn) ProcessElement(ctx context.Context, p Part, _ func(Counts)) error {
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) (Counts, error) {
		run := bundle.Of(f.Run)
		model, err := f.Plan.Model.Load(ctx, run)
		if err != nil {
			return Counts{}, err
		}
		weights, err := bundle.Once(ctx, run, f.Plan.Weights.Name+"/"+average.Key, func(ctx context.Context) (average.Vector, error) {
			return average.Load(ctx, f.Plan.Weights)
		})
		if err != nil {
			return Counts{}, err
		}
		return f.Plan.predict(ctx, run, p, func(ctx context.Context, inputs [][]float32, rows int, outputs [][]float32) error {
			return model.Predict(ctx, inputs, rows, weights.Values, outputs)
		})
	})
}

func (f *inferFn) FinishBundle(_ context.Context, emit func(Counts)) error {
	return f.tasks.Finish(emit)
}

// A predictor runs a model on rows rows: inputs[i] holds rows x D_i values, outputs[j] gets rows x K_j.
type predictor func(ctx context.Context, inputs [][]float32, rows int, outputs [][]float32) error

// predict reads, predicts and writes one part.
func (plan *Plan) predict(ctx context.Context, run *bundle.Run, p Part, predict predictor) (c Counts, err error) {
	store, err := run.Connect(ctx, plan.Ref)
	if err != nil {
		return c, err
	}
	out, err := store.Append(ctx, table.Part{Output: plan.Output, Key: p.Key})
	if err != nil {
		return c, err
	}
	defer out.Discard()
	var probs [][]float32
	first, err := bundle.Once(ctx, run, "reader of inputs", func(context.Context) (*inputReader, error) { return plan.newInputs() })
	if err != nil {
		return c, err
	}
	read := first.another()
	opt := plan.ReadOptions()
	if opt.Only, err = plan.only(ctx, p.Partition); err != nil {
		return c, err
	}
	rows, numbering := newRows(plan), newNumbering(p.Partition, opt.Only)
	var ids table.Vector
	err = table.EachBatch(ctx, store, p.Partition, opt, func(b *table.Batch) error {
		numbers := numbering.of(b.Rows)
		run.Advance(Stage, "rows", int64(b.Rows))
		inputs, err := read.of(b, numbers)
		if err != nil {
			return err
		}
		probs = plan.space(probs, b.Rows)
		if err := predict(ctx, inputs, b.Rows, probs); err != nil {
			return err
		}
		of := plan.ids(b, numbers, &ids)
		for done := 0; done < b.Rows; {
			var predicted *table.Batch
			predicted, done = rows.of(of, done, b.Rows, probs)
			if predicted.Rows > 0 {
				if err := out.Write(ctx, predicted); err != nil {
					return err
				}
			}
			c.Predictions += int64(predicted.Rows)
		}
		c.Rows += int64(b.Rows)
		return nil
	})
	if err != nil {
		return c, err
	}
	return c, out.Close(ctx)
}

// space is memory for the outputs of n rows.
func (plan *Plan) space(probs [][]float32, n int) [][]float32 {
	if probs == nil {
		probs = make([][]float32, len(plan.Outputs))
	}
	for k, o := range plan.Outputs {
		if need := n * o.Width(); cap(probs[k]) < need {
			probs[k] = make([]float32, need)
		} else {
			probs[k] = probs[k][:need]
		}
	}
	return probs
}

// addFn sums Counts.
type addFn struct{}

func (*addFn) MergeAccumulators(a, b Counts) Counts {
	return Counts{a.Rows + b.Rows, a.Predictions + b.Predictions}
}
