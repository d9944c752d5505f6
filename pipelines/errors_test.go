package pipelines

import (
	"errors"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
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
	preprocess := func(change func(*PreprocessOptions)) func() error {
		return func() error {
			opt := PreprocessOptions{Source: "iris_test", Output: "o", Dependent: "class_text", Independent: "attributes"}
			change(&opt)
			_, err := Preprocess(t.Context(), env, opt)
			return err
		}
	}
	load := func(opt LoadModelOptions) func() error {
		return func() error { _, err := LoadModel(t.Context(), env, opt); return err }
	}
	plan := func(opt PlanOptions) func() error {
		return func() error { _, err := Plan(t.Context(), env, opt); return err }
	}
	weighted, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), Weights: make([]byte, 4*193)})
	if err != nil {
		t.Fatal(err)
	}
	byom := func(change func(*PredictBYOMOptions)) func() error {
		return func() error {
			opt := PredictBYOMOptions{ArchTable: "arch", ID: weighted, Test: "iris_test", Output: "o", IDColumn: "id", Independent: "attributes"}
			change(&opt)
			_, err := PredictBYOM(t.Context(), env, opt)
			return err
		}
	}
	most := .7
	for name, c := range map[string]struct {
		call func() error
		Of   bool
	}{
		"iterations":                   {fit(func(o *FitOptions) { o.Iterations = 0 }), true},
		"iterations per job":           {fit(func(o *FitOptions) { o.IterationsPerJob = -1 }), true},
		"compile_params":               {fit(func(o *FitOptions) { o.Compile = "loss=" }), true},
		"fit_params":                   {fit(func(o *FitOptions) { o.Fit = "batch_size=0" }), true},
		"a name":                       {fit(func(o *FitOptions) { o.Source = `"open` }), true},
		"the network twice":            {fit(func(o *FitOptions) { o.Arch = irisJSON(t) }), true},
		"no network's JSON":            {fit(func(o *FitOptions) { o.ArchTable, o.ID, o.Arch = "", 0, []byte("{}") }), true},
		"no network":                   {fit(func(o *FitOptions) { o.ArchTable, o.ID = "", 0 }), true},
		"checkpoint":                   {fit(func(o *FitOptions) { o.CheckpointEvery = -1 }), true},
		"frequency":                    {fit(func(o *FitOptions) { o.MetricsEvery = 11 }), true},
		"compile_params before tables": {fit(func(o *FitOptions) { o.Source, o.Compile = "missing", "loss=" }), true},
		"optimizer before tables":      {fit(func(o *FitOptions) { o.Source, o.Compile = "missing", "loss='mse', optimizer='nonsense'" }), true},
		"rate before tables":           {fit(func(o *FitOptions) { o.Source, o.Compile = "missing", "loss='mse', optimizer=Adam(learning_rate=-1)" }), true},
		"fit_params before tables":     {fit(func(o *FitOptions) { o.Source, o.Fit = "missing", "epochs=" }), true},
		"no table":                     {fit(func(o *FitOptions) { o.Source = "missing" }), false},
		"no model":                     {fit(func(o *FitOptions) { o.ID = 99 }), false},
		"loss for this model":          {fit(func(o *FitOptions) { o.Compile = "loss='ctc', optimizer='adam'" }), false},
		"proportion":                   {split(SplitOptions{Source: "iris_train_packed", Root: "o", Train: 2}), true},
		"no column":                    {split(SplitOptions{Source: "iris_train_packed", Root: "o", Train: .5, Columns: "x"}), false},
		"an output that exists":        {split(SplitOptions{Source: "iris_train_packed", Root: "iris_train_packed", Train: .5}), false},
		"columns":                      {split(SplitOptions{Source: "iris_train_packed", Root: "o", Train: .5, Columns: `a"`}), true},
		"strata":                       {split(SplitOptions{Source: "iris_train_packed", Root: "o", Train: .5, Strata: `a"`}), true},
		"sum":                          {split(SplitOptions{Source: "iris_train_packed", Root: "o", Train: .7, Test: &most}), true},
		"buffer size":                  {preprocess(func(o *PreprocessOptions) { o.BufferSize = new(int) }), true},
		"normalizing":                  {preprocess(func(o *PreprocessOptions) { o.Normalize = new(float64) }), true},
		"shards":                       {preprocess(func(o *PreprocessOptions) { o.Shards = -1 }), true},
		"distribution":                 {preprocess(func(o *PreprocessOptions) { o.Distribution = "missing" }), false},
		"numbers of classes":           {preprocess(func(o *PreprocessOptions) { o.NumClasses = []int{0} }), true},
		"label type":                   {preprocess(func(o *PreprocessOptions) { o.LabelTypes = []string{"x"} }), true},
		"dependent":                    {preprocess(func(o *PreprocessOptions) { o.Dependent = "" }), true},
		"like and classes":             {preprocess(func(o *PreprocessOptions) { o.Like, o.NumClasses = "iris_train_packed", []int{3} }), true},
		"too few classes":              {preprocess(func(o *PreprocessOptions) { o.NumClasses = []int{2} }), false},
		"type of a column":             {preprocess(func(o *PreprocessOptions) { o.Independent = "class_text" }), false},
		"no JSON":                      {load(LoadModelOptions{ArchTable: "arch"}), true},
		"bad JSON":                     {load(LoadModelOptions{ArchTable: "arch", Arch: []byte("{}")}), true},
		"length of weights":            {load(LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), Weights: []byte{1}}), true},
		"weights twice":                {load(LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), Weights: []byte{1}, WeightsFrom: "m"}), true},
		"weights of no table":          {load(LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), WeightsFrom: "m"}), false},
		"architecture name":            {load(LoadModelOptions{Arch: irisJSON(t)}), true},
		"plan's step":                  {plan(PlanOptions{ArchTable: "missing", Step: "x"}), true},
		"plan's compile":               {plan(PlanOptions{ArchTable: "missing", Step: PlanFit, Compile: "x"}), true},
		"plan's table":                 {plan(PlanOptions{ArchTable: "missing", Step: PlanPredict}), false},
		"byom's classes":               {byom(func(o *PredictBYOMOptions) { o.Classes = [][]*string{{nil}} }), true},
		"byom's normalizing":           {byom(func(o *PredictBYOMOptions) { o.Normalize = new(float64) }), true},
		"byom's dependents":            {byom(func(o *PredictBYOMOptions) { o.DependentCount = -1 }), true},
		"byom's label type":            {byom(func(o *PredictBYOMOptions) { o.LabelTypes = []string{"x"} }), true},
		"byom's type":                  {byom(func(o *PredictBYOMOptions) { o.Type = "PROB" }), true},
		"byom's id":                    {byom(func(o *PredictBYOMOptions) { o.IDColumn = "a, b" }), true},
		"byom's output":                {byom(func(o *PredictBYOMOptions) { o.Output = "a.b.c" }), true},
		"byom's model":                 {byom(func(o *PredictBYOMOptions) { o.ID = 9 }), false},
		"no store":                     {func() error { _, err := Split(t.Context(), Env{}, SplitOptions{}); return err }, true},
		"workers":                      {func() error { _, err := Split(t.Context(), Env{Store: store, Workers: -1}, SplitOptions{}); return err }, true},
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
		var wrong *argument.Error
		if data := strings.Contains(name, "JSON") || name == "length of weights"; errors.As(err, &wrong) && wrong.Data != data {
			t.Errorf("%s: error %v, about data: %t, want %t", name, err, wrong.Data, data)
		}
		if err == nil || errors.As(err, &wrong) != c.Of {
			t.Errorf("%s: error %v, an argument's: %t, want %t", name, err, !c.Of, c.Of)
		}
	}
	if err := argument.Of(nil); err != nil {
		t.Error(err)
	}
	if err := argument.Of(&table.TableError{Err: table.ErrExist}); !errors.Is(err, table.ErrExist) {
		t.Errorf("%v does not wrap its cause", err)
	}
}
