package pipelines

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

// strangersIf are the limits of workers that are strangers to this process, with pieces that the small networks of tests are longer than. On prism they are those
// of an engine that takes little from a bundle, as Flink; the direct runner knows neither splittable DoFns nor states, so there they are those of Dataflow.
func strangersIf(yes bool, runner string) *job.Limits {
	switch {
	case !yes:
		return nil
	case runner == "prism":
		return &job.Limits{Piece: 50, Travel: true, Bundle: 2000, Tasks: 1}
	}
	return &job.Limits{Piece: 50, Travel: true}
}

// wholeStory runs every job over the iris rows and returns what it left, but for times.
func wholeStory(t *testing.T, env Env) string {
	t.Helper()
	ctx := t.Context()
	irisTable(t, env.Store, "rows", iris(t))
	loadIris(t, env.Store)
	test := 0.2
	var out strings.Builder
	note := func(what string, result any, err error, tables ...string) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		fmt.Fprintf(&out, "%s: %+v\n", what, result)
		for _, name := range tables {
			fmt.Fprintf(&out, "%s:\n%s", name, tableText(t, env.Store, name))
		}
	}
	s, err := Split(ctx, env, SplitOptions{Source: "rows", Root: "iris", Train: 0.8, Test: &test, Strata: "class_text", Separate: true, Seed: 2})
	note("split", s, err, "iris_train", "iris_test")
	size := 11
	p, err := Preprocess(ctx, env, PreprocessOptions{Source: "iris_train", Output: "train", Dependent: "class_text", Independent: "attributes", Shards: 3, BufferSize: &size, Seed: 3})
	note("preprocess", p, err, "train", "train_summary")
	p, err = Preprocess(ctx, env, PreprocessOptions{Source: "iris_test", Output: "test", Dependent: "class_text", Independent: "attributes", Like: "train", Shards: 2, Seed: 3})
	note("preprocess", p, err, "test")

	fit := FitOptions{
		Source: "train", Validation: "test", Model: "model", ArchTable: "arch", ID: 1, Compile: irisCompile, Fit: "batch_size=5, epochs=2",
		Iterations: 6, MetricsEvery: 2, IterationsPerJob: 4, CheckpointEvery: 3, Seed: 7,
	}
	stopAfter(t, env, fit, 3) // before the checkpoint after 3, or as soon as that is written
	stopAfter(t, env, fit, 5)
	f, err := Fit(ctx, env, fit)
	note("fit", f.ResumedAfter, err, "model")
	fmt.Fprintln(&out, outcome(t, env.Store, "model"))
	fit.WarmStart, fit.CheckpointEvery, fit.Validation = true, 0, ""
	f, err = Fit(ctx, env, fit)
	note("warm start", f.TrainingLoss, err, "model")

	e, err := Evaluate(ctx, env, EvaluateOptions{Model: "model", Test: "test", Output: "evaluated"})
	note("evaluate", e, err, "evaluated")
	r, err := Predict(ctx, env, PredictOptions{Model: "model", Test: "iris_test", Output: "predicted", IDColumn: "id", Independent: "attributes"})
	note("predict", r, err, "predicted")
	if _, err := LoadModel(ctx, env, LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), WeightsFrom: "model"}); err != nil {
		t.Fatal(err)
	}
	r, err = PredictBYOM(ctx, env, PredictBYOMOptions{ArchTable: "arch", ID: 2, Test: "iris_test", Output: "byom", IDColumn: "id", Independent: "attributes", Type: "response"})
	note("predict-byom", r, err, "byom")
	fmt.Fprintln(&out, tablesOf(t, env.Store))
	return out.String()
}

// Workers that know nothing of the process that began the run, as those of other processes are, leave the same tables.
func TestForeignWorkers(t *testing.T) {
	want := wholeStory(t, Env{Store: fileStore(t)})
	if !strings.Contains(want, "fit: 3\n") {
		t.Errorf("the fit did not go on from its checkpoint:\n%.300s", want)
	}
	for _, runner := range jobtest.Runners() {
		t.Run(runner, func(t *testing.T) {
			onStores(t, func(t *testing.T, store table.Store) {
				got := wholeStory(t, Env{Store: store, Runner: runner, strangers: strangersIf(true, runner)})
				if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); d != "" {
					t.Errorf("other tables than those of workers in this process:\n%.3000s", d)
				}
			})
		})
	}
}

// The errors of such workers keep what callers ask of them, and leave nothing behind.
func TestForeignErrors(t *testing.T) {
	for _, runner := range jobtest.Runners() {
		t.Run(runner, func(t *testing.T) {
			onStores(t, func(t *testing.T, store table.Store) {
				env := Env{Store: store, Runner: runner, strangers: strangersIf(true, runner)}
				schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "x", Type: table.Float64ArrayType}, {Name: "y", Type: table.TextType}}
				writeTable(t, store, "bad", schema, []any{1, []float64{1, 2}, "a"}, []any{2, []float64{1, 2}, "b"}, []any{3, []float64{1}, "a"})
				before := tablesOf(t, store)
				_, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "bad", Output: "packed", Dependent: "y", Independent: "x"})
				var v *table.ValueError
				if !errors.As(err, &v) || v.Column != "x" || v.Row != 3 || v.Table.Table != "bad" || strings.Contains(err.Error(), "beamfit-error") {
					t.Errorf("error %v", err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				if _, err := Preprocess(ctx, env, PreprocessOptions{Source: "bad", Output: "packed", Dependent: "y", Independent: "id"}); !errors.Is(err, context.Canceled) {
					t.Errorf("cancelled: error %v", err)
				}
				if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
					t.Error(d)
				}
			})
		})
	}
}
