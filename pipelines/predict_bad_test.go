package pipelines

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

func TestPredictRefuses(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		env := Env{Store: store}
		opt := irisFit()
		opt.Iterations = 1
		if _, err := Fit(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "attributes", Type: table.Float64ArrayType}}
		good := []any{1, []float64{1, 2, 3, 4}}
		inf := math.Inf(1)
		for name, last := range map[string]any{
			"short":   []float64{1, 2, 3},
			"square":  table.Array{Elems: []any{1., 2., 3., 4.}, Shape: []int{2, 2}},
			"nulls":   nil,
			"holes":   []any{1., nil, 3., 4.},
			"nans":    []float64{1, 2, math.NaN(), 4},
			"infs":    []float64{1, 2, 3, -inf},
			"too_far": []float64{1, 2, 3, 1e40},
		} {
			writeTable(t, store, name, schema, good, good, []any{33, last})
		}
		writeTable(t, store, "first", schema, []any{17, []float64{1}})
		writeTable(t, store, "scalar", table.Schema{schema[0], {Name: "attributes", Type: table.Float64Type}}, []any{1, 2.})
		writeTable(t, store, "texts", table.Schema{schema[0], {Name: "attributes", Type: table.TextArrayType}}, []any{1, []string{"1", "2", "3", "4"}})
		writeTable(t, store, "named", table.Schema{{Name: "prob", Type: table.Int32Type}, schema[1]}, good)
		writeTable(t, store, "empty", schema)
		writeTable(t, store, "several_models", append(table.Schema{{Name: "mst_key", Type: table.Int32Type}}, tables.ModelSchema...), []any{1, make([]byte, 772), string(irisJSON(t))})
		writeTable(t, store, "bare", tables.ModelSchema, []any{make([]byte, 772), string(irisJSON(t))})
		before := tablesOf(t, store)

		for name, c := range map[string]struct {
			change func(*PredictOptions)
			want   []string
		}{
			"missing test":     {func(o *PredictOptions) { o.Test = "nowhere" }, []string{"test table", "nowhere", "does not exist"}},
			"empty test":       {func(o *PredictOptions) { o.Test = "empty" }, []string{"test table", "no rows"}},
			"missing model":    {func(o *PredictOptions) { o.Model = "nowhere" }, []string{"model table", "nowhere"}},
			"no model":         {func(o *PredictOptions) { o.Model = "iris_test" }, []string{"iris_test", `"model_weights"`}},
			"several models":   {func(o *PredictOptions) { o.Model = "several_models" }, []string{"several models", "mst_key"}},
			"no model summary": {func(o *PredictOptions) { o.Model = "bare" }, []string{"model summary", "bare_summary"}},
			"output exists":    {func(o *PredictOptions) { o.Output = "iris_test" }, []string{"output table", "already exists"}},
			"no output":        {func(o *PredictOptions) { o.Output = "" }, []string{"output table", "empty"}},
			"missing id":       {func(o *PredictOptions) { o.IDColumn = "row" }, []string{`"row"`, "iris_test", "attributes"}},
			"no id":            {func(o *PredictOptions) { o.IDColumn = `""` }, []string{"id column"}},
			"two ids":          {func(o *PredictOptions) { o.IDColumn = "id, class_text" }, []string{"id column", "one column"}},
			"id clashes":       {func(o *PredictOptions) { o.Test, o.IDColumn = "named", "prob" }, []string{`"prob"`, "twice"}},
			"id is feature":    {func(o *PredictOptions) { o.IDColumn = "attributes" }, []string{`"attributes"`, "both"}},
			"missing column":   {func(o *PredictOptions) { o.Independent = "pixels" }, []string{`"pixels"`, "class_text"}},
			"two columns":      {func(o *PredictOptions) { o.Independent = "attributes, class_text" }, []string{"1 input", "2 independent variables", "attributes, class_text"}},
			"scalar":           {func(o *PredictOptions) { o.Test = "scalar" }, []string{`"attributes"`, "double precision", "array"}},
			"texts":            {func(o *PredictOptions) { o.Test = "texts" }, []string{`"attributes"`, "text[]", "numbers"}},
			"type":             {func(o *PredictOptions) { o.Type = "all" }, []string{`"all"`, "prob, response"}},
			"rank 0":           {func(o *PredictOptions) { o.Type = "0" }, []string{`"0"`}},
			"probability 1":    {func(o *PredictOptions) { o.Type = "1.0" }, []string{`"1.0"`}},
			"first row":        {func(o *PredictOptions) { o.Test = "first" }, []string{`"attributes"`, "row 1", "[1]", "[4]", "the row has id = \"17\""}},
			"short row":        {func(o *PredictOptions) { o.Test = "short" }, []string{`"attributes"`, "row 3", "[3]", "[4]"}},
			"square row":       {func(o *PredictOptions) { o.Test = "square" }, []string{`"attributes"`, "row 3", "[2 2]", "[4]"}},
			"NULL":             {func(o *PredictOptions) { o.Test = "nulls" }, []string{`"attributes"`, "row 3", "NULL", "the row has id = \"33\""}},
			"NULL element":     {func(o *PredictOptions) { o.Test = "holes" }, []string{`"attributes"`, "row 3", "element 2", "NULL"}},
			"NaN":              {func(o *PredictOptions) { o.Test = "nans" }, []string{`"attributes"`, "row 3", "element 3", "NaN"}},
			"infinite":         {func(o *PredictOptions) { o.Test = "infs" }, []string{`"attributes"`, "row 3", "element 4", "-Infinity"}},
			"out of range":     {func(o *PredictOptions) { o.Test = "too_far" }, []string{`"attributes"`, "row 3", "1e+40"}},
		} {
			opt := PredictOptions{Model: "iris_model", Test: "iris_test", Output: "out", IDColumn: "id", Independent: "attributes"}
			c.change(&opt)
			_, err := Predict(t.Context(), env, opt)
			t.Run(name, func(t *testing.T) { wantError(t, err, c.want...) })
		}

		if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), WeightsFrom: "iris_model"}); err != nil {
			t.Fatal(err)
		}
		names := func(ns ...string) (out []*string) {
			for i := range ns {
				if ns[i] == "" {
					out = append(out, nil)
				} else {
					out = append(out, &ns[i])
				}
			}
			return out
		}
		for name, c := range map[string]struct {
			change func(*PredictBYOMOptions)
			want   []string
		}{
			"no weights":     {func(o *PredictBYOMOptions) {}, []string{"model_id 1", "no weights"}},
			"missing model":  {func(o *PredictBYOMOptions) { o.ID = 9 }, []string{"model_id 9"}},
			"missing arch":   {func(o *PredictBYOMOptions) { o.ArchTable = "nowhere" }, []string{"architecture table", "nowhere"}},
			"normalize":      {func(o *PredictBYOMOptions) { o.ID, o.Normalize = 2, ptr(0.0) }, []string{"normalizing constant", "positive"}},
			"dependents":     {func(o *PredictBYOMOptions) { o.ID, o.DependentCount = 2, 2 }, []string{"1 output", "is 2"}},
			"negative":       {func(o *PredictBYOMOptions) { o.DependentCount, o.ID = -1, 2 }, []string{"at least 1", "-1"}},
			"two lists":      {func(o *PredictBYOMOptions) { o.ID, o.Classes = 2, [][]*string{names("a"), names("b")} }, []string{"2 lists", "1 dependent"}},
			"few classes":    {func(o *PredictBYOMOptions) { o.ID, o.Classes = 2, [][]*string{names("a", "b")} }, []string{"2 values", "3 classes", "dense_3"}},
			"many classes":   {func(o *PredictBYOMOptions) { o.ID, o.Classes = 2, [][]*string{names("a", "b", "c", "", "e")} }, []string{"5 values", "3 classes"}},
			"class twice":    {func(o *PredictBYOMOptions) { o.ID, o.Classes = 2, [][]*string{names("a", "b", "a")} }, []string{"variable 1", `"a" is there twice`}},
			"NULL class":     {func(o *PredictBYOMOptions) { o.ID, o.Classes = 2, [][]*string{names("", "b", "c")} }, []string{"variable 1", "NULL"}},
			"missing column": {func(o *PredictBYOMOptions) { o.ID, o.Independent = 2, "pixels" }, []string{`"pixels"`}},
			"shape":          {func(o *PredictBYOMOptions) { o.ID, o.Test = 2, "short" }, []string{"row 3", "[3]", "[4]"}},
			"output":         {func(o *PredictBYOMOptions) { o.ID, o.Output = 2, "short" }, []string{"already exists"}},
		} {
			opt := PredictBYOMOptions{ArchTable: "arch", ID: 1, Test: "iris_test", Output: "out", IDColumn: "id", Independent: "attributes"}
			c.change(&opt)
			_, err := PredictBYOM(t.Context(), env, opt)
			t.Run("byom "+name, func(t *testing.T) { wantError(t, err, c.want...) })
		}
		if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
			t.Error(d)
		}
		var value *table.ValueError
		_, err := Predict(t.Context(), env, PredictOptions{Model: "iris_model", Test: "nans", Output: "out", IDColumn: "id", Independent: "attributes"})
		if !errors.As(err, &value) || value.Row != 3 || value.Column != "attributes" {
			t.Errorf("%v is no ValueError of row 3", err)
		}
	})
}

func TestEvaluateRefuses(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		env := Env{Store: store}
		opt := irisFit()
		opt.Iterations = 1
		if _, err := Fit(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		train, _ := parted(iris(t))
		packIris(t, store, "wide", train, packing{padding: 2})
		writeTable(t, store, "bare", tables.ModelSchema, []any{make([]byte, 772), string(irisJSON(t))})
		writeTable(t, store, "odd", tables.ModelSchema, []any{make([]byte, 772), string(irisJSON(t))})
		packSummary(t, store, "odd", packing{x: "attributes", y: "class_text"})
		before := tablesOf(t, store)
		for name, c := range map[string]struct {
			opt  EvaluateOptions
			want []string
		}{
			"missing model":   {EvaluateOptions{Model: "nowhere", Test: "iris_test_packed", Output: "out"}, []string{"model table", "nowhere", "does not exist"}},
			"no summary":      {EvaluateOptions{Model: "bare", Test: "iris_test_packed", Output: "out"}, []string{"model summary", "bare_summary"}},
			"another summary": {EvaluateOptions{Model: "odd", Test: "iris_test_packed", Output: "out"}, []string{"odd_summary", `"compile_params"`}},
			"missing test":    {EvaluateOptions{Model: "iris_model", Test: "nowhere", Output: "out"}, []string{"test table", "nowhere"}},
			"not packed":      {EvaluateOptions{Model: "iris_model", Test: "iris_test", Output: "out"}, []string{"test table", "iris_test is not packed: run preprocess first", "iris_test_summary"}},
			"label width":     {EvaluateOptions{Model: "iris_model", Test: "wide", Output: "out"}, []string{"test table", "wide", "5 wide", "3 wide"}},
			"output exists":   {EvaluateOptions{Model: "iris_model", Test: "iris_test_packed", Output: "iris_test"}, []string{"output table", "already exists"}},
		} {
			_, err := Evaluate(t.Context(), env, c.opt)
			t.Run(name, func(t *testing.T) { wantError(t, err, c.want...) })
		}
		if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
			t.Error(d)
		}
	})
}
