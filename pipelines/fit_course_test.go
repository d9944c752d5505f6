package pipelines

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/trainshard"
)

// However the iterations are divided into jobs, the weights, the metrics and the progress are the same: optimizer states and
// reports pass from one job to the next.
func TestFitInJobs(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	var want string
	for _, runner := range testRunners() {
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

func TestPerJob(t *testing.T) {
	for _, c := range []struct{ weights, asked, want int }{
		{193, 0, 25}, {0, 0, 25}, {83_000, 0, 25}, {670_000, 0, 3}, {1_200_000, 0, 1}, {100_000_000, 0, 1}, {100_000_000, 40, 40},
	} {
		f := &fit{opt: FitOptions{IterationsPerJob: c.asked}, course: course{weights: make([]float32, c.weights)}}
		if got := f.perJob(); got != c.want {
			t.Errorf("%d weights, %d asked for: %d iterations, want %d", c.weights, c.asked, got, c.want)
		}
	}
}

// A runner may do things twice: what is kept again takes the place of what was kept, and a shard gets the state from before the
// job as often as it asks.
func TestCourseTwice(t *testing.T) {
	var c course
	var m trainer.Model
	keep := func(state trainer.State, reports ...int) {
		for range 2 {
			c.keepState(trainshard.State{Shard: 1, Optimizer: state})
			for _, i := range reports {
				c.keepReport(scoreReport{Iteration: i})
			}
		}
	}
	first := trainer.State{Iteration: 5}
	c.begin(&m)
	keep(first, 2, 1)
	before := c.begin(&m)
	keep(trainer.State{Iteration: 9}, 3)
	for range 2 {
		if got := before(1); got.Iteration != first.Iteration {
			t.Errorf("a job begins with a state after %d steps, want that of the job before", got.Iteration)
		}
	}
	var order []int
	for _, r := range c.sorted() {
		order = append(order, r.Iteration)
	}
	if !slices.Equal(order, []int{1, 2, 3}) {
		t.Errorf("reports of iterations %v", order)
	}
}
