package infer

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[Part](), encodePart, decodePart)
	beam.RegisterCoder(reflect.TypeFor[Counts](), encodeCounts, decodeCounts)
	beam.RegisterType(reflect.TypeFor[inferFn]())
	beam.RegisterType(reflect.TypeFor[addFn]())
}

// A Part is a partition to predict; Key is that of the table.Part to write.
type Part struct {
	Key       string
	Partition table.Partition
}

// Counts are the rows read and the predictions written.
type Counts struct{ Rows, Predictions int64 }

func encodePart(p Part) ([]byte, error) { return json.Marshal(p) }

func decodePart(b []byte) (p Part, err error) {
	err = json.Unmarshal(b, &p)
	return p, err
}

func encodeCounts(c Counts) ([]byte, error) { return json.Marshal(c) }

func decodeCounts(b []byte) (c Counts, err error) {
	err = json.Unmarshal(b, &c)
	return c, err
}

// Stage is the name of the stage in progress reports; its unit is "rows".
const Stage = "predicting"

// Predict takes a PCollection<Part>, writes the predictions of all parts and returns the PCollection<Counts> of their
// one sum. The run shares a *Job.
func Predict(s beam.Scope, run string, parts beam.PCollection) beam.PCollection {
	s = s.Scope("infer.Predict")
	counts := beam.ParDo(s, &inferFn{Run: run}, parts)
	return beam.Combine(s, &addFn{}, counts)
}

// inferFn predicts parts side by side.
type inferFn struct {
	Run   string
	tasks bundle.Tasks[Counts]
}

func (f *inferFn) StartBundle(context.Context, func(Counts)) { f.tasks.Start(f.Run) }

func (f *inferFn) ProcessElement(ctx context.Context, p Part, _ func(Counts)) error {
	return f.tasks.Go(ctx, func(ctx context.Context) (Counts, error) {
		j, err := bundle.Shared[*Job](f.Run)
		if err != nil {
			return Counts{}, err
		}
		return j.predict(ctx, p, func(rows int) { bundle.Of(f.Run).Advance(Stage, "rows", int64(rows)) })
	})
}

func (f *inferFn) FinishBundle(_ context.Context, emit func(Counts)) error {
	return f.tasks.Finish(emit)
}

// predict reads, predicts and writes one part.
func (j *Job) predict(ctx context.Context, p Part, advance func(rows int)) (c Counts, err error) {
	store, err := table.Connect(ctx, j.Ref)
	if err != nil {
		return c, err
	}
	out, err := store.Append(ctx, table.Part{Output: j.Output, Key: p.Key})
	if err != nil {
		return c, err
	}
	defer out.Discard()
	var inputs, probs [][]float32
	rows := newRows(j)
	err = table.EachBatch(ctx, store, p.Partition, j.ReadOptions(), func(b *table.Batch) (err error) {
		if inputs, err = j.Inputs(b, p.Partition.FirstRow+c.Rows, inputs); err != nil {
			return err
		}
		probs = j.space(probs, b.Rows)
		if err := j.Predict(ctx, inputs, b.Rows, probs); err != nil {
			return err
		}
		predicted := rows.of(b.Col(j.ID.Name), b.Rows, probs)
		if predicted.Rows > 0 {
			if err := out.Write(ctx, predicted); err != nil {
				return err
			}
		}
		c.Rows += int64(b.Rows)
		c.Predictions += int64(predicted.Rows)
		advance(b.Rows)
		return nil
	})
	if err != nil {
		return c, err
	}
	return c, out.Close(ctx)
}

// space is memory for the outputs of n rows.
func (j *Job) space(probs [][]float32, n int) [][]float32 {
	if probs == nil {
		probs = make([][]float32, len(j.Outputs))
	}
	for k, o := range j.Outputs {
		if need := n * o.width(); cap(probs[k]) < need {
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
