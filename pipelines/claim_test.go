package pipelines

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// duringFit calls Fit, and fn at the end of an iteration, while the fit waits.
func duringFit(t *testing.T, store table.Store, opt FitOptions, iteration int, fn func()) error {
	t.Helper()
	reached, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := Fit(t.Context(), Env{Store: store, Progress: func(e Event) {
			if e.Iteration != nil && e.Iteration.Iteration == iteration {
				close(reached)
				<-goOn
			}
		}}, opt)
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("the fit ended before iteration %d: %v", iteration, err)
	case <-reached:
	}
	func() {
		defer close(goOn)
		fn()
	}()
	return <-ended
}

// A second fit of a model fails at its start, names the first and leaves nothing, with checkpoints and without, and from the beginning
// or warm.
func TestFitOfAModelThatIsBeingMade(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		before := tablesOf(t, store)
		var want string
		for _, c := range []struct {
			every int
			warm  bool
		}{{0, false}, {2, false}, {2, true}} {
			opt := checkpointed()
			opt.CheckpointEvery, opt.WarmStart = c.every, c.warm
			err := duringFit(t, store, opt, 5, func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				iterated := false
				_, err := Fit(ctx, Env{Store: store, Progress: func(e Event) { iterated = iterated || e.Stage == "training" }}, opt)
				if !errors.Is(err, table.ErrClaimed) || iterated {
					t.Errorf("%+v: the second fit: error %v, trained: %t", c, err, iterated)
				}
				wantError(t, err, opt.Model, "fit since ", fmt.Sprintf("process %d", os.Getpid()))
			})
			if err != nil {
				t.Fatal(err)
			}
			after := slices.Sorted(slices.Values(append(slices.Clone(before), opt.Model, opt.Model+"_summary")))
			if got := tablesOf(t, store); !slices.Equal(got, after) {
				t.Errorf("%+v: left %v, expected %v", c, got, after)
			}
			if c.warm {
				continue
			}
			got := outcome(t, store, opt.Model)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%+v: the model is another", c)
			}
			if c.every == 0 {
				dropTable(t, store, opt.Model)
				dropTable(t, store, opt.Model+"_summary")
			}
		}
	})
}

// What a fit and preprocess write beside a model and a packed table is kept for them too.
func TestClaimsOfSummaries(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		opt := checkpointed()
		err := duringFit(t, store, opt, 1, func() {
			for _, suffix := range []string{"_summary", "_checkpoint"} {
				_, err := Split(t.Context(), Env{Store: store}, SplitOptions{Source: "iris_test", Root: opt.Model + suffix, Train: 0.5})
				if !errors.Is(err, table.ErrClaimed) {
					t.Errorf("%s: error %v", suffix, err)
				}
			}
			pack := func() error {
				_, err := Preprocess(t.Context(), Env{Store: store}, PreprocessOptions{Source: "iris_test", Output: "p", Dependent: "class_text", Independent: "attributes"})
				return err
			}
			c, err := store.Claim(t.Context(), "import on a host", mustName(t, "p_summary"))
			if err != nil {
				t.Fatal(err)
			}
			err = pack()
			c.Release()
			if !errors.Is(err, table.ErrClaimed) {
				t.Errorf("preprocess: error %v", err)
			}
			wantError(t, err, "output table: ", "p_summary", "import on a host")
			if err := pack(); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A fit of a name that another kind of job is making a table of fails at its start, and the other way round.
func TestClaimsOfAllJobs(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		opt := irisFit()
		if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
		before := tablesOf(t, store)
		opt.Model = "wanted"
		err := duringFit(t, store, opt, 1, func() {
			for job, err := range map[string]error{
				"preprocess": second(Preprocess(t.Context(), Env{Store: store}, PreprocessOptions{
					Source: "iris_test", Output: "wanted", Dependent: "class_text", Independent: "attributes",
				})),
				"evaluate": second(Evaluate(t.Context(), Env{Store: store}, EvaluateOptions{Model: "iris_model", Test: "iris_test_packed", Output: "wanted"})),
				"predict": second(Predict(t.Context(), Env{Store: store}, PredictOptions{
					Model: "iris_model", Test: "iris_test", Output: "wanted", IDColumn: "id", Independent: "attributes",
				})),
				"split": second(Split(t.Context(), Env{Store: store}, SplitOptions{Source: "iris_test", Root: "wanted", Train: 0.5})),
			} {
				if !errors.Is(err, table.ErrClaimed) {
					t.Errorf("%s: error %v", job, err)
				}
				wantError(t, err, "output table: ", "wanted", "fit since ")
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Sorted(slices.Values(append(before, "wanted", "wanted_summary")))
		if got := tablesOf(t, store); !slices.Equal(got, want) {
			t.Errorf("left %v, expected %v", got, want)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// A fit that has lost its claim commits nothing: not over the model of another, and no checkpoint.
func TestFitThatLosesItsClaim(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		opt := checkpointed()
		opt.CheckpointEvery = 0
		if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
		want, before := outcome(t, store, opt.Model), tablesOf(t, store)
		opt.WarmStart = true
		for _, every := range []int{0, 6} {
			opt.CheckpointEvery = every
			err := duringFit(t, store, opt, 5, func() { loseClaims(t, store) })
			wantError(t, err, "model table: ", opt.Model, "the claim on it is lost", "another command may be making it")
			if got := outcome(t, store, opt.Model); got != want {
				t.Error("the model was replaced")
			}
			if got := tablesOf(t, store); !slices.Equal(got, before) {
				t.Errorf("left %v, expected %v", got, before)
			}
		}
	})
}

// loseClaims takes away what holds the claims of this process.
func loseClaims(t *testing.T, store table.Store) {
	t.Helper()
	if root, ok := strings.CutPrefix(store.Ref(), "file:"); ok {
		if err := os.RemoveAll(filepath.Join(root, ".beamfit", "claims")); err != nil {
			t.Fatal(err)
		}
		return
	}
	// Where no session is terminated, the statement divides by 0.
	execSQL(t, os.Getenv("BEAMFIT_TEST_PG"), fmt.Sprintf("SELECT 1 / count(*) FILTER (WHERE pg_terminate_backend(pid, 10000)) "+
		"FROM pg_stat_activity WHERE application_name LIKE 'fit since %%, process %d on %%'", os.Getpid()))
}
