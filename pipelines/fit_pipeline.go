package pipelines

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/stats"

	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/score"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[scoreReport](), encodeReport, decodeReport)
	beam.RegisterType(reflect.TypeFor[startFn]())
	beam.RegisterType(reflect.TypeFor[averagedFn]())
	beam.RegisterType(reflect.TypeFor[scoredFn]())
	beam.RegisterType(reflect.TypeFor[writeFn]())
}

// encodeReport writes gob, which, unlike JSON, has infinities and NaN.
func encodeReport(r scoreReport) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(r)
	return b.Bytes(), err
}

func decodeReport(b []byte) (r scoreReport, err error) {
	err = gob.NewDecoder(bytes.NewReader(b)).Decode(&r)
	return r, err
}

// train runs the iterations and writes the two rows to the output:
//
//	packed table --> shards --> states --.      .--> states --> ...
//	                                     train -+
//	start weights -------------- side input     '--> average --> weights --+--> side input of the next iteration
//	                                                                       '--> score --> report --.
//	model row, summary row  <------------------------------ last weights, all reports ------------'
//
// The first iteration begins when all tables are read, every other when the one before it is averaged and, where it is
// scored, scored.
func (f *fit) train(ctx context.Context, output string) error {
	f.output = output
	totals := map[string]int64{}
	for _, set := range f.sets {
		totals[dataset.Stage] += int64(set.Buffers())
	}
	return f.run(ctx, totals, func(s beam.Scope, run string) error {
		bundle.Share(run, f)
		bundle.Share(run, f.sets)
		bundle.Share(run, &score.Job{Model: f.model, Scored: f.clock.Scored})
		bundle.Share(run, &trainshard.Job{Model: f.model, Fit: f.fitting, Seed: f.opt.Seed, Set: trainingSet, Watch: &f.clock})

		shards, pieces := map[string]beam.PCollection{}, map[string]beam.PCollection{}
		var all []beam.PCollection
		for _, name := range []string{trainingSet, validationSet} {
			if set := f.sets[name]; set != nil {
				shards[name] = dataset.Load(s, run, name, set)
				pieces[name] = dataset.Cut(s, run, name, shards[name])
				all = append(all, shards[name])
			}
		}
		states := trainshard.Start(s, run, shards[trainingSet])
		weights := beam.ParDo(s, &startFn{Run: run}, beam.Impulse(s))
		mark := stats.CountElms(s, beam.Flatten(s, all...)) // training begins when all is read
		var reports []beam.PCollection
		for i := 1; i <= f.opt.Iterations; i++ {
			s := s.Scope(fmt.Sprintf("iteration %d", i))
			var trained beam.PCollection
			states, trained = trainshard.Train(s, run, i, states, weights, mark)
			weights, mark = beam.ParDo2(s, &averagedFn{Run: run, Iteration: i}, average.Mean(s, trained))
			if f.scored(i) {
				var report beam.PCollection
				report, mark = beam.ParDo2(s, &scoredFn{Run: run, Iteration: i}, score.Tables(s, run, pieces, weights))
				reports = append(reports, report)
			}
		}
		beam.ParDo0(s, &writeFn{Run: run}, beam.Impulse(s), beam.SideInput{Input: weights}, beam.SideInput{Input: beam.Flatten(s, reports...)})
		return nil
	})
}
