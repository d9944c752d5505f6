package pipelines

import (
	"errors"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// TestArgumentErrors: arguments that are wrong whatever the tables hold can be told from those that do not suit a table.
func TestArgumentErrors(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	env := Env{Store: store}
	fit := func(change func(*FitOptions)) func() error {
		return func() error {
			opt := irisFit()
			change(&opt)
			_, err := Fit(t.Context(), env, opt)
			return err
		}
	}
	split := func(opt SplitOptions) func() error {
		return func() error { _, err := Split(t.Context(), env, opt); return err }
	}
	for name, c := range map[string]struct {
		call     func() error
		argument bool
	}{
		"iterations":            {fit(func(o *FitOptions) { o.Iterations = 0 }), true},
		"iterations per job":    {fit(func(o *FitOptions) { o.IterationsPerJob = -1 }), true},
		"compile_params":        {fit(func(o *FitOptions) { o.Compile = "loss=" }), true},
		"fit_params":            {fit(func(o *FitOptions) { o.Fit = "batch_size=0" }), true},
		"a name":                {fit(func(o *FitOptions) { o.Source = `"open` }), true},
		"no table":              {fit(func(o *FitOptions) { o.Source = "missing" }), false},
		"no model":              {fit(func(o *FitOptions) { o.ID = 99 }), false},
		"loss for this model":   {fit(func(o *FitOptions) { o.Compile = "loss='ctc', optimizer='adam'" }), false},
		"proportion":            {split(SplitOptions{Source: "iris_train_packed", Root: "o", Train: 2}), true},
		"no column":             {split(SplitOptions{Source: "iris_train_packed", Root: "o", Train: .5, Columns: "x"}), false},
		"an output that exists": {split(SplitOptions{Source: "iris_train_packed", Root: "iris_train_packed", Train: .5}), false},
		"a runner": {func() error {
			_, err := Split(t.Context(), Env{Store: store, Runner: "flink"}, SplitOptions{})
			return err
		}, true},
		"a prediction type": {func() error {
			opt := PredictOptions{Model: "m", Test: "iris_train_packed", Output: "o", IDColumn: "buffer_id", Independent: "attributes", Type: "PROB"}
			_, err := Predict(t.Context(), env, opt)
			return err
		}, false}, // the model is missing, and comes first
	} {
		err := c.call()
		var wrong *ArgumentError
		if err == nil || errors.As(err, &wrong) != c.argument {
			t.Errorf("%s: error %v, an argument's: %t, want %t", name, err, !c.argument, c.argument)
		}
	}
	if err := argument(nil); err != nil {
		t.Error(err)
	}
	if err := argument(&table.TableError{Err: table.ErrExist}); !errors.Is(err, table.ErrExist) {
		t.Errorf("%v does not wrap its cause", err)
	}
}
