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
	beam.RegisterType(reflect.TypeFor[keepReportFn]())
	beam.RegisterType(reflect.TypeFor[keepWeightsFn]())
	beam.RegisterType(reflect.TypeFor[keepStateFn]())
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

// train runs the iterations and writes the two rows to the output. The iterations of one Beam job:
//
//	packed table --> shards --> states --.      .--> states --> ...  --> states --.
//	                                     train -+                                 |
//	weights -------------------- side input     '--> average --> weights --+--> side input of the next iteration, or keep
//	                                                                       '--> score --> report --> keep
//
// The first job reads the tables. The first iteration begins when all are read, every other when the one before it is averaged
// and, where it is scored, scored. What is kept of a job is where the next one begins.
func (f *fit) train(ctx context.Context, output string) error {
	for read := false; f.course.done < f.opt.Iterations; read = true {
		last := f.lastOfJob()
		if err := f.iterate(ctx, f.course.done+1, last, read); err != nil {
			return err
		}
		f.course.done = last
		if every := f.opt.CheckpointEvery; every > 0 && last%every == 0 && last < f.opt.Iterations {
			if err := f.saveCheckpoint(ctx); err != nil {
				return fmt.Errorf("checkpoint: %w", err)
			}
		}
	}
	return f.write(ctx, output)
}

// iterate runs a job of the iterations first to last. read says whether the tables are in memory.
func (f *fit) iterate(ctx context.Context, first, last int, read bool) error {
	totals := map[string]int64{}
	for _, set := range f.sets {
		totals[dataset.Stage] += int64(set.Buffers())
	}
	return f.run(ctx, totals, func(s beam.Scope, run string) error {
		bundle.Share(run, f)
		bundle.Share(run, f.sets)
		bundle.Share(run, &score.Job{Model: f.model, Scored: f.clock.Scored})
		bundle.Share(run, &trainshard.Job{
			Model: f.model, Fit: f.fitting, Seed: f.opt.Seed, Set: trainingSet, Optimizer: f.course.begin(f.model), Watch: &f.clock,
		})
		shards, pieces := map[string]beam.PCollection{}, map[string]beam.PCollection{}
		var all []beam.PCollection
		for _, name := range []string{trainingSet, validationSet} {
			set := f.sets[name]
			switch {
			case set == nil:
				continue
			case read:
				shards[name] = dataset.Loaded(s, run, name)
			default:
				shards[name] = dataset.Load(s, run, name, set)
			}
			pieces[name] = dataset.Cut(s, run, name, shards[name])
			all = append(all, shards[name])
		}
		states := trainshard.Start(s, run, shards[trainingSet])
		weights := beam.ParDo(s, &startFn{Run: run}, beam.Impulse(s))
		mark := stats.CountElms(s, beam.Flatten(s, all...)) // training begins when all is read
		for i := first; i <= last; i++ {
			s := s.Scope(fmt.Sprintf("iteration %d", i))
			var trained beam.PCollection
			states, trained = trainshard.Train(s, run, i, states, weights, mark)
			weights, mark = beam.ParDo2(s, &averagedFn{Run: run, Iteration: i}, average.Mean(s, trained))
			if f.scored(i) {
				var report beam.PCollection
				report, mark = beam.ParDo2(s, &scoredFn{Run: run, Iteration: i}, score.Tables(s, run, pieces, weights))
				beam.ParDo0(s, &keepReportFn{Run: run}, report)
			}
		}
		beam.ParDo0(s, &keepWeightsFn{Run: run}, weights)
		if last < f.opt.Iterations {
			beam.ParDo0(s, &keepStateFn{Run: run}, states)
		}
		return nil
	})
}
