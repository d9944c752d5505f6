package pipelines

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/fitting"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

// However the iterations are divided into jobs, the weights, the metrics and the progress are the same: optimizer states and
// reports pass from one job to the next.
func TestFitInJobs(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	var want string
	for _, runner := range jobtest.Runners() {
		for _, perJob := range []int{0, 1, 3, 6} {
			opt := irisFit()
			opt.Model = fmt.Sprintf("model_%s_%d", runner, perJob)
			opt.Compile = strings.Replace(irisCompile, "optimizer='adam'", "optimizer=Adam(amsgrad=True)", 1)
			opt.Validation, opt.Iterations, opt.MetricsEvery, opt.IterationsPerJob = "iris_test_packed", 7, 2, perJob
			if opt.Compile == irisCompile {
				t.Fatal("the optimizer was not replaced")
			}
			var read, ended []string
			env := Env{Store: store, Runner: runner, Progress: func(e Event) {
				if r := e.Iteration; r != nil {
					ended = append(ended, fmt.Sprintf("%d of %d, loss %v", r.Iteration, r.Iterations, r.TrainingLoss))
				} else if e.Stage == "reading" && e.Done == e.Total {
					read = append(read, e.Stage)
				}
			}}
			if _, err := Fit(t.Context(), env, opt); err != nil {
				t.Fatal(err)
			}
			b := readTable(t, store, opt.Model+"_summary")
			got := fmt.Sprint(modelWeights(t, store, opt.Model), b.Col("metrics_iters").Int32s, b.Col("training_loss").Float64s,
				b.Col("validation_metrics").Float64s, ended)
			if want == "" {
				want = got
				if iters := b.Col("metrics_iters").Int32s; !slices.Equal(iters, []int32{2, 4, 6, 7}) {
					t.Errorf("metrics after iterations %v", iters)
				}
			}
			if got != want {
				t.Errorf("%s, %d iterations per job: the result differs", runner, perJob)
			}
			if len(read) != 1 || len(ended) != 7 {
				t.Errorf("%s, %d iterations per job: the tables were read %d times, %d iterations ended", runner, perJob, len(read), len(ended))
			}
		}
	}
	if bytes.Count([]byte(want), []byte(" of 7, loss ")) != 7 {
		t.Errorf("progress in %s", want)
	}
}

// begunAgain makes the pipeline behind a course a second time, and returns the weights after both.
func begunAgain(t *testing.T, env Env) (first, again []float32, err error) {
	t.Helper()
	options, tell := env.options("fit", 0)
	j, err := job.BeginOnRunner(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	f := &fit{opt: checkpointed(), Job: j, tell: tell}
	defer func() {
		j.End()
		f.closeTables()
		f.ReleaseClaims()
	}()
	start, err := f.prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	begin, err := f.training.Begin(t.Context(), start)
	if err != nil {
		t.Fatal(err)
	}
	two, err := f.training.RunPipeline(t.Context(), begin, fitting.Place{Done: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, weights := range []*[]float32{&first, &again} {
		four, err := f.training.RunPipeline(t.Context(), two, fitting.Place{Done: 4})
		if err != nil {
			return first, again, err
		}
		if *weights, _, err = four.Model(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return first, again, nil
}

// A pipeline that is begun again, after its shards have taken their states, fails rather than to train on with fresh ones.
func TestFitNeverBeginsAgainWithFreshStates(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	for _, runner := range jobtest.Runners() {
		if first, _, err := begunAgain(t, Env{Store: store, Runner: runner}); !errors.Is(err, table.ErrNotExist) || first == nil {
			t.Errorf("%s: begun again: %v", runner, err)
		}
	}
}

// States that do not travel are those of their stage for ever: a pipeline that is begun again trains from the same ones.
func TestFitBeginsAgainElsewhere(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		for _, runner := range jobtest.Runners() {
			first, again, err := begunAgain(t, Env{Store: store, Runner: runner, strangers: strangersIf(true, runner)})
			if err != nil || !slices.Equal(first, again) {
				t.Errorf("%s: begun again: other weights, or %v", runner, err)
			}
		}
	})
}
