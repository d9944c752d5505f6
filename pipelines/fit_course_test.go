package pipelines

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
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

func TestSchedule(t *testing.T) {
	for _, c := range []struct{ weights, asked, want int }{
		{193, 0, 25}, {0, 0, 25}, {83_000, 0, 25}, {670_000, 0, 3}, {1_200_000, 0, 1}, {100_000_000, 0, 1}, {100_000_000, 40, 40},
	} {
		s := newSchedule(FitOptions{Iterations: 100, IterationsPerJob: c.asked}, false, c.weights, 0)
		if s.PerPipeline != c.want || s.ScoreEvery != 100 {
			t.Errorf("%d weights, %d asked for: %+v, want %d per pipeline", c.weights, c.asked, s, c.want)
		}
	}
	if s := newSchedule(FitOptions{Iterations: 100, IterationsPerJob: 40}, false, 10, 10); s.PerPipeline != 10 {
		t.Errorf("%+v on a runner of 10 iterations per pipeline", s)
	}
	if s := newSchedule(FitOptions{Iterations: 100}, true, 10, 0); s.ScoreEvery != 1 || !s.EndAtScores {
		t.Errorf("with callbacks: %+v", s)
	}
	if _, more := (schedule{Iterations: 7, ScoreEvery: 1, PerPipeline: 1}).next(3, true); more {
		t.Error("a fit that was stopped goes on")
	}
	if (schedule{Iterations: 7, CheckpointEvery: 3}).checkpoint(3, true) {
		t.Error("a fit that was stopped gets a checkpoint")
	}
	for _, c := range []struct {
		s    schedule
		want string
	}{
		{schedule{Iterations: 7, ScoreEvery: 7, PerPipeline: 25}, "1-7s"},
		{schedule{Iterations: 7, ScoreEvery: 3, PerPipeline: 3}, "1-3s 4-6s 7-7s"},
		{schedule{Iterations: 7, ScoreEvery: 7, PerPipeline: 25, CheckpointEvery: 2}, "1-2c 3-4c 5-6c 7-7s"},
		{schedule{Iterations: 6, ScoreEvery: 2, PerPipeline: 2, CheckpointEvery: 3}, "1-2s 3-3c 4-5 6-6s"},
		{schedule{Iterations: 1, ScoreEvery: 1, PerPipeline: 1, CheckpointEvery: 1}, "1-1s"},
		{schedule{Iterations: 7, ScoreEvery: 3, PerPipeline: 25, EndAtScores: true}, "1-3s 4-6s 7-7s"},
		{schedule{Iterations: 7, ScoreEvery: 3, PerPipeline: 2, CheckpointEvery: 5, EndAtScores: true}, "1-2 3-3s 4-5c 6-6s 7-7s"},
	} {
		var got []string
		for done := 0; ; {
			last, more := c.s.next(done, false)
			if !more {
				break
			}
			text := fmt.Sprint(done+1, "-", last)
			if c.s.scored(last) {
				text += "s"
			}
			if c.s.checkpoint(last, false) {
				text += "c"
			}
			got, done = append(got, text), last
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %q, want %q", c.s, got, c.want)
		}
	}
}

// A pipeline that is begun again, after its shards have taken their states, fails rather than to train on with fresh ones.
func TestFitNeverBeginsAgainWithFreshStates(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	for _, runner := range testRunners() {
		f := &fit{opt: checkpointed()}
		j, err := Env{Store: store, Runner: runner}.beginOnRunner(t.Context(), "fit", 0, listeners{watch: &f.clock, kept: f.clock.Kept})
		if err != nil {
			t.Fatal(err)
		}
		f.job = j
		begin, err := f.prepare(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		two, err := f.iterate(t.Context(), begin, 2)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.iterate(t.Context(), two, 4); err != nil {
			t.Fatal(err)
		}
		if _, err := f.iterate(t.Context(), two, 4); !errors.Is(err, table.ErrNotExist) {
			t.Errorf("%s: begun again: %v", runner, err)
		}
		j.end()
		f.closeTables()
		f.releaseClaims()
	}
}
