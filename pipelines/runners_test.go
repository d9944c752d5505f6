package pipelines

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"

	"github.com/beamfit/beamfit/io/table"
)

// elsewhere is a store that has the address of a database that Dataflow's workers may see.
type elsewhere struct{ table.Store }

func (elsewhere) Ref() string           { return "postgres://me@db.example/iris" }
func (elsewhere) CheckElsewhere() error { return nil }

// dryRun is an Env that writes jobs of Dataflow to the folder out.
func dryRun(store table.Store, out string) Env {
	return Env{Store: store, Runner: "dataflow", RunnerOptions: map[string]string{
		"project": "some-project", "region": "europe-west1", "staging_location": "gs://bucket/staging", "dry_run": "true", "out": out,
		"accelerator": "type:nvidia-tesla-t4;count:1;install-nvidia-driver",
	}}
}

// A dry run writes the first pipeline of a command, with an accelerator for the steps that compute with a model and no other, and leaves no table.
func TestDryRun(t *testing.T) {
	t.Setenv(table.EnvURL, "postgres://me:hunter22@db.example/iris")
	files := fileStore(t)
	normalised := roundsFit(t, files)
	if _, err := Fit(t.Context(), Env{Store: files}, irisFit()); err != nil {
		t.Fatal(err)
	}
	tablesBefore := tablesOf(t, files)
	store := elsewhere{files}
	for _, c := range []struct {
		name, job string
		run       func(Env) error
		computing string // DoFns
	}{
		{"split", "split", func(e Env) error {
			_, err := Split(t.Context(), e, SplitOptions{Source: "iris_train_packed", Root: "parts", Train: 0.5})
			return err
		}, ""},
		{"preprocess", "preprocess", func(e Env) error {
			_, err := Preprocess(t.Context(), e, PreprocessOptions{Source: "iris_test", Output: "again", Dependent: "class_text", Independent: "attributes"})
			return err
		}, ""},
		{"fit", "fit", func(e Env) error {
			opt := irisFit()
			opt.Model, opt.FilesBelow, opt.Fit = "other", t.TempDir(), "callbacks=[CSVLogger('log.csv'), TensorBoard('board')]"
			_, err := Fit(t.Context(), e, opt)
			if made, _ := filepath.Glob(filepath.Join(opt.FilesBelow, "*")); len(made) > 0 {
				t.Errorf("files %q", made)
			}
			return err
		}, "score.scoreFn trainshard.trainFn"},
		{"fit in rounds", "fit", func(e Env) error {
			opt := normalised
			opt.Model, opt.WarmUpPasses, opt.Outer, opt.Moving = "other", 3, "slowmo", "recompute"
			_, err := Fit(t.Context(), e, opt)
			return err
		}, "score.scoreFn score.scoreFn'1 trainshard.recomputeFn trainshard.trainFn trainshard.turnFn"},
		{"fit with validation", "fit", func(e Env) error {
			opt := irisFit()
			opt.Model, opt.Validation = "other", "iris_test_packed"
			_, err := Fit(t.Context(), e, opt)
			return err
		}, "score.scoreFn score.scoreFn'1 trainshard.trainFn"},
		{"evaluate", "evaluate", func(e Env) error {
			_, err := Evaluate(t.Context(), e, EvaluateOptions{Model: "iris_model", Test: "iris_test_packed", Output: "other"})
			return err
		}, "score.scoreFn"},
		{"predict", "predict", func(e Env) error {
			_, err := Predict(t.Context(), e, PredictOptions{Model: "iris_model", Test: "iris_test", Output: "other", IDColumn: "id", Independent: "attributes"})
			return err
		}, "infer.inferFn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			if err := c.run(dryRun(store, out)); !errors.Is(err, ErrNotRun) {
				t.Fatalf("got %v, want ErrNotRun", err)
			}
			written, err := filepath.Glob(filepath.Join(out, "*"))
			if err != nil || len(written) != 3 {
				t.Fatalf("wrote %q, %v", written, err)
			}
			for _, f := range written {
				if b, err := os.ReadFile(f); err != nil || strings.Contains(string(b), "hunter22") || len(b) == 0 {
					t.Errorf("%s: a password, or nothing: %v", f, err)
				}
			}
			if got := accelerated(t, filepath.Join(out, "beamfit-"+c.job+"-1.pipeline.pb")); got != c.computing {
				t.Errorf("steps with an accelerator: %s, want %s", got, c.computing)
			}
			if after := tablesOf(t, files); strings.Join(after, " ") != strings.Join(tablesBefore, " ") {
				t.Errorf("tables %v, before %v", after, tablesBefore)
			}
		})
	}
}

// accelerated are the names of the steps of a pipeline that have an accelerator.
func accelerated(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	model := new(pipepb.Pipeline)
	if err := proto.Unmarshal(b, model); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tr := range model.GetComponents().GetTransforms() {
		env := model.GetComponents().GetEnvironments()[tr.GetEnvironmentId()]
		if len(env.GetResourceHints()) > 0 {
			names = append(names, path.Base(tr.GetUniqueName()))
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// A store of this machine is refused by name where workers are on others.
func TestStoreOfThisMachine(t *testing.T) {
	store := fileStore(t)
	_, err := Fit(t.Context(), dryRun(store, filepath.Join(t.TempDir(), "out")), irisFit())
	if err == nil || !strings.Contains(err.Error(), "is a folder of this machine, which the workers do not see") {
		t.Errorf("got %v", err)
	}
}
