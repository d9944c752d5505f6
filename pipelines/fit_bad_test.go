package pipelines

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// Every bad input is refused before any work, says what was found and what was expected, and leaves no table.
func TestFitRefuses(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		train, _ := parted(iris(t))
		packIris(t, store, "wide", train, packing{padding: 2})
		packed := table.Schema{
			{Name: "attributes", Type: table.BytesType},
			{Name: "class_text", Type: table.BytesType},
			{Name: "attributes_shape", Type: table.Int32ArrayType},
			{Name: "class_text_shape", Type: table.Int32ArrayType},
			{Name: "buffer_id", Type: table.Int32Type},
		}
		summary := func(name string) {
			packSummary(t, store, name, packing{buffer: 1, x: "attributes", y: "class_text"})
		}
		one := make([]byte, 16)
		label := []byte{1, 0, 0, 0, 0, 0}
		for name, row := range map[string][]any{
			"flat":      {one, label, []int{1, 2, 2}, []int{1, 3}, 0},
			"short":     {one[:15], label, []int{1, 4}, []int{1, 3}, 0},
			"nulls":     {nil, label, []int{1, 4}, []int{1, 3}, 0},
			"uneven":    {one, label, []int{1, 4}, []int{2, 3}, 0},
			"shapeless": {one, label, nil, []int{1, 3}, 0},
			"hollow":    {[]byte{}, []byte{}, []int{0, 4}, []int{0, 3}, 0},
		} {
			writeTable(t, store, name, packed, row)
			summary(name)
		}
		writeTable(t, store, "bare", packed, []any{one, label, []int{1, 4}, []int{1, 3}, 0})
		writeTable(t, store, "empty", packed)
		lacking := packed[:4]
		writeTable(t, store, "lacking", lacking, []any{one, label, []int{1, 4}, []int{1, 3}})
		summary("lacking")
		typed := append(table.Schema{{Name: "attributes", Type: table.TextType}}, packed[1:]...)
		writeTable(t, store, "typed", typed, []any{"x", label, []int{1, 4}, []int{1, 3}, 0})
		summary("typed")
		writeTable(t, store, "old", packed, []any{one, label, []int{1, 4}, []int{1, 3}, 0})
		writeTable(t, store, "old_summary", table.Schema{
			{Name: "dependent_varname", Type: table.TextType},
			{Name: "independent_varname", Type: table.TextType},
			{Name: "dependent_vartype", Type: table.TextType},
			{Name: "normalizing_const", Type: table.Float32Type},
		}, []any{"class_text", "attributes", "text", float32(1)})
		writeTable(t, store, "taken", table.Schema{{Name: "a", Type: table.Int32Type}})
		writeTable(t, store, "half_summary", table.Schema{{Name: "a", Type: table.Int32Type}})
		before := tablesOf(t, store)

		for name, c := range map[string]struct {
			change func(*FitOptions)
			want   []string
		}{
			"no compile":           {func(o *FitOptions) { o.Compile = " " }, []string{"compile parameters are empty"}},
			"no iterations":        {func(o *FitOptions) { o.Iterations = 0 }, []string{"iterations", "at least 1", "found 0"}},
			"negative frequency":   {func(o *FitOptions) { o.MetricsEvery = -1 }, []string{"frequency", "1 to", "10", "found -1"}},
			"iterations per job":   {func(o *FitOptions) { o.IterationsPerJob = -1 }, []string{"iterations per job", "found -1"}},
			"frequency":            {func(o *FitOptions) { o.MetricsEvery = 11 }, []string{"frequency", "10", "found 11"}},
			"no source":            {func(o *FitOptions) { o.Source = "" }, []string{"source", "empty"}},
			"bad name":             {func(o *FitOptions) { o.Source = "a.b.c" }, []string{`"a.b.c"`}},
			"missing source":       {func(o *FitOptions) { o.Source = "nowhere" }, []string{"source table", "nowhere", "does not exist"}},
			"empty source":         {func(o *FitOptions) { o.Source = "empty" }, []string{"source table", "empty", "no rows"}},
			"no summary":           {func(o *FitOptions) { o.Source = "bare" }, []string{"source table", "run preprocess first", "bare_summary", "does not exist"}},
			"old summary":          {func(o *FitOptions) { o.Source = "old" }, []string{"old_summary", "expected text[]"}},
			"missing validation":   {func(o *FitOptions) { o.Validation = "nowhere" }, []string{"validation table", "nowhere"}},
			"model exists":         {func(o *FitOptions) { o.Model = "taken" }, []string{"model table", "taken", "already exists"}},
			"summary exists":       {func(o *FitOptions) { o.Model = "half" }, []string{"model summary", "half_summary", "already exists"}},
			"nothing to warm":      {func(o *FitOptions) { o.WarmStart = true }, []string{"warm start", "iris_model", "does not exist"}},
			"missing column":       {func(o *FitOptions) { o.Source = "lacking" }, []string{"lacking", `"buffer_id" does not exist`, "attributes_shape"}},
			"column type":          {func(o *FitOptions) { o.Source = "typed" }, []string{`"attributes"`, "text", "bytea"}},
			"missing arch":         {func(o *FitOptions) { o.ArchTable = "nowhere" }, []string{"architecture table", "nowhere"}},
			"another table":        {func(o *FitOptions) { o.ArchTable = "iris_test" }, []string{"iris_test", `"model_id"`}},
			"missing model":        {func(o *FitOptions) { o.ID = 7 }, []string{"arch", "model_id 7", "exist: 1"}},
			"label width":          {func(o *FitOptions) { o.Source = "wide" }, []string{`"class_text"`, "5 wide", "3 wide"}},
			"validation width":     {func(o *FitOptions) { o.Validation = "wide" }, []string{"validation table", "5 classes", "3 classes"}},
			"row shape":            {func(o *FitOptions) { o.Source = "flat" }, []string{`"attributes"`, "[2 2]", "[4]"}},
			"uneven":               {func(o *FitOptions) { o.Source = "uneven" }, []string{`"class_text_shape"`, "row 1", "2 rows"}},
			"null shape":           {func(o *FitOptions) { o.Source = "shapeless" }, []string{`"attributes_shape"`, "row 1", "NULL"}},
			"buffers without rows": {func(o *FitOptions) { o.Source = "hollow" }, []string{"hollow", "no rows"}},
			"null buffer":          {func(o *FitOptions) { o.Source = "nulls" }, []string{`"attributes"`, "row 1", "NULL"}},
			"short buffer":         {func(o *FitOptions) { o.Source = "short" }, []string{`"attributes"`, "row 1", "15 bytes", "16"}},
			"unknown loss":         {func(o *FitOptions) { o.Compile = "loss='nonsense', optimizer='adam'" }, []string{"nonsense"}},
			"unknown metric":       {func(o *FitOptions) { o.Compile = "loss='mse', optimizer='adam', metrics=['nonsense']" }, []string{"nonsense"}},
			"unknown optimizer":    {func(o *FitOptions) { o.Compile = "loss='mse', optimizer='nonsense'" }, []string{"nonsense"}},
			"unknown argument":     {func(o *FitOptions) { o.Compile = "loss='mse', optimizer=Adam(speed=1)" }, []string{"speed"}},
			"malformed compile":    {func(o *FitOptions) { o.Compile = "loss='mse', optimizer=Adam(" }, []string{"compile_params", "position"}},
			"malformed fit":        {func(o *FitOptions) { o.Fit = "batch_size=" }, []string{"fit_params", "position"}},
			"unknown fit key":      {func(o *FitOptions) { o.Fit = "speed=1" }, []string{"speed"}},
			"class weight":         {func(o *FitOptions) { o.Fit = "class_weight={7: 1.0}" }, []string{"class_weight", "7"}},
		} {
			opt := irisFit()
			change := c.change
			change(&opt)
			_, err := Fit(t.Context(), Env{Store: store}, opt)
			t.Run(name, func(t *testing.T) { wantError(t, err, c.want...) })
		}
		if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
			t.Error(d)
		}

		opt := irisFit()
		opt.Source = "wide"
		_, err := Fit(t.Context(), Env{Store: store}, opt)
		var refused *trainer.LabelError
		var where *table.TableError
		if !errors.As(err, &refused) || !errors.As(err, &where) || where.Table.Table != "wide" {
			t.Errorf("error %v is no LabelError of the table", err)
		}
	})
}

// A model table with weights of another length, for fit, evaluate and predict.
func TestWeightsOfTheWrongLength(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	writeTable(t, store, "iris_model", tables.ModelSchema, []any{make([]byte, 4*192), string(irisJSON(t))})
	writeTable(t, store, "iris_model_summary", table.Schema{{Name: "a", Type: table.Int32Type}}, []any{1})
	env, ctx := Env{Store: store}, context.Background()
	opt := irisFit()
	opt.WarmStart = true
	_, fit := Fit(ctx, env, opt)
	_, evaluate := Evaluate(ctx, env, EvaluateOptions{Model: "iris_model", Test: "iris_test_packed", Output: "out"})
	_, predict := Predict(ctx, env, PredictOptions{Model: "iris_model", Test: "iris_test", Output: "out", IDColumn: "id", Independent: "attributes"})
	_, load := LoadModel(ctx, env, LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), Weights: make([]byte, 10)})
	_, from := LoadModel(ctx, env, LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), WeightsFrom: "iris_model"})
	for name, err := range map[string]error{"fit": fit, "evaluate": evaluate, "predict": predict, "load": load, "load from": from} {
		t.Run(name, func(t *testing.T) { wantError(t, err, "193 weights", "772 bytes") })
	}
}
