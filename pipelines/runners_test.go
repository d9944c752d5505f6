package pipelines

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/beamfit/beamfit/pipelines/internal/job"

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

// A dry run writes the first pipeline of a command, with an accelerator for the step that trains and no other, and leaves no table.
func TestDryRun(t *testing.T) {
	t.Setenv(table.EnvURL, "postgres://me:hunter22@db.example/iris")
	files := fileStore(t)
	withIris(t, files)
	before := tablesOf(t, files)
	store := elsewhere{files}
	for name, run := range map[string]func(Env) error{
		"split": func(e Env) error {
			_, err := Split(t.Context(), e, SplitOptions{Source: "iris_train_packed", Root: "parts", Train: 0.5})
			return err
		},
		"fit": func(e Env) error {
			opt := irisFit()
			opt.FilesBelow, opt.Fit = t.TempDir(), "callbacks=[CSVLogger('log.csv'), TensorBoard('board')]"
			_, err := Fit(t.Context(), e, opt)
			if made, _ := filepath.Glob(filepath.Join(opt.FilesBelow, "*")); len(made) > 0 {
				t.Errorf("files %q", made)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			if err := run(dryRun(store, out)); !errors.Is(err, ErrNotRun) {
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
			if got, want := accelerated(t, filepath.Join(out, "beamfit-"+name+"-1.pipeline.pb")), name == "fit"; got != want {
				t.Errorf("steps with an accelerator: %v, want %v", got, want)
			}
			if after := tablesOf(t, files); strings.Join(after, " ") != strings.Join(before, " ") {
				t.Errorf("tables %v, before %v", after, before)
			}
		})
	}
}

// accelerated tells whether a pipeline has steps with an accelerator, which must be those that train.
func accelerated(t *testing.T, file string) bool {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	model := new(pipepb.Pipeline)
	if err := proto.Unmarshal(b, model); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, tr := range model.GetComponents().GetTransforms() {
		env := model.GetComponents().GetEnvironments()[tr.GetEnvironmentId()]
		if len(env.GetResourceHints()) == 0 {
			continue
		}
		found = true
		if !strings.HasSuffix(tr.GetUniqueName(), "/"+job.TrainingFn) {
			t.Errorf("an accelerator for %s", tr.GetUniqueName())
		}
	}
	return found
}

// A store of this machine is refused by name where workers are on others.
func TestStoreOfThisMachine(t *testing.T) {
	store := fileStore(t)
	_, err := Fit(t.Context(), dryRun(store, filepath.Join(t.TempDir(), "out")), irisFit())
	if err == nil || !strings.Contains(err.Error(), "is a folder of this machine, which the workers do not see") {
		t.Errorf("got %v", err)
	}
}
