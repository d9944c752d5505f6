package pipelines

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// passengerSchema has a column of every form.
var passengerSchema = table.Schema{
	{Name: "id", Type: table.Int32Type},
	{Name: "Age", Type: table.Float64Type},
	{Name: "fare", Type: table.NumericType},
	{Name: "sex", Type: table.VarcharType},
	{Name: "Cabin No", Type: table.TextType},
	{Name: "alone", Type: table.BoolType},
	{Name: "day", Type: table.ParseType("date")},
	{Name: "scores", Type: table.Float64ArrayType},
	{Name: "image", Type: table.Float32ArrayType},
	{Name: "survived", Type: table.TextType},
	{Name: "price", Type: table.Float64Type},
}

// passengers makes a table of n rows, of which some values are missing; of the rows from on, which other rows have too.
func passengers(t testing.TB, store table.Store, name string, from, n int) {
	t.Helper()
	var rows [][]any
	for i := from; i < from+n; i++ {
		maybe := func(every int, x any) any {
			if i%every == every-1 {
				return nil
			}
			return x
		}
		rows = append(rows, []any{
			i, maybe(4, float64(i%50)+0.1), maybe(7, fmt.Sprintf("%d.%02d", i%13, i%100)), []string{"male", "female", "it's"}[i%3],
			maybe(3, fmt.Sprint("C", i%5)), i%2 == 0, fmt.Sprintf("2020-0%d-1%d", i%9+1, i%10),
			table.Array{Elems: []any{maybe(5, float64(i)), 1 / float64(i+1)}},
			[]float32{float32(i), 2},
			[]string{"no", "yes"}[i%2], float64(i) / 8,
		})
	}
	writeTable(t, store, name, passengerSchema, rows...)
}

const passengerTerms = `standardise(mean("Age"), log1p(median(fare))), sex, category("Cabin No"), alone, minmax(day), ` +
	`zero(standardise(scores)), index(sex, unknown=ignore), hash(category("Cabin No"), 4), indicator("Age")`

// passengerWidth is the number of its numbers.
const passengerWidth = 1 + 1 + 3 + 6 + 1 + 1 + 2 + 1 + 4 + 1

// denseJSON is a network of one dense layer, or where there are several inputs one of them joined.
func denseJSON(activation string, units int, widths ...int) []byte {
	if len(widths) == 1 {
		return fmt.Appendf(nil, `{"class_name":"Sequential","config":{"name":"s","layers":[{"class_name":"Dense","config":{"name":"d",`+
			`"batch_input_shape":[null,%d],"units":%d,"activation":%q}}]},"keras_version":"2.4.0","backend":"tensorflow"}`, widths[0], units, activation)
	}
	var layers, nodes, inputs []string
	for i, w := range widths {
		layers = append(layers, fmt.Sprintf(`{"class_name":"InputLayer","config":{"name":"i%d","batch_input_shape":[null,%d],"dtype":"float32"},"name":"i%d","inbound_nodes":[]}`, i, w, i))
		nodes = append(nodes, fmt.Sprintf(`["i%d",0,0,{}]`, i))
		inputs = append(inputs, fmt.Sprintf(`["i%d",0,0]`, i))
	}
	return fmt.Appendf(nil, `{"class_name":"Functional","config":{"name":"m","layers":[%s,`+
		`{"class_name":"Concatenate","config":{"name":"c","axis":-1},"name":"c","inbound_nodes":[[%s]]},`+
		`{"class_name":"Dense","config":{"name":"d","units":%d,"activation":%q},"name":"d","inbound_nodes":[[["c",0,0,{}]]]}],`+
		`"input_layers":[%s],"output_layers":[["d",0,0]]},"keras_version":"2.4.0","backend":"tensorflow"}`,
		strings.Join(layers, ","), strings.Join(nodes, ","), units, activation, strings.Join(inputs, ","))
}

// From columns to predictions: every store and runner has the same bits, and what the network sees in prediction is what was packed.
func TestFeatureColumns(t *testing.T) {
	var first map[string]string
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		env.Workers = 3
		defer dropTables(t, env.Store)
		ctx := t.Context()
		passengers(t, env.Store, "passengers", 0, 210)
		passengers(t, env.Store, "others", 30, 90)
		loadArch(t, env.Store, denseJSON("softmax", 2, passengerWidth))
		got, err := Preprocess(ctx, env, PreprocessOptions{Source: "passengers", Output: "packed", Dependent: "survived", Independent: passengerTerms, Shards: 3, BufferSize: ptr(20), Seed: 4})
		if err != nil {
			t.Fatal(err)
		}
		if f := got.Features; len(f) != 1 || f[0].Name != "features" || f[0].Width != passengerWidth || f[0].Columns[7].Numbers != 4 {
			t.Errorf("features %+v", f)
		}
		like := PreprocessOptions{Source: "others", Output: "others_packed", Like: "packed"}
		if _, err := Preprocess(ctx, env, like); err != nil {
			t.Fatal(err)
		}
		like.Output, like.Dependent, like.Independent = "again_packed", "survived", "["+passengerTerms+"]"
		if _, err := Preprocess(ctx, env, like); err != nil {
			t.Fatal(err)
		}
		if a, b := tableText(t, env.Store, "others_packed"), tableText(t, env.Store, "again_packed"); a != b {
			t.Error("naming the same columns gave another table")
		}
		fit := FitOptions{
			Source: "packed", Model: "model", ArchTable: "arch", ID: 1, Validation: "others_packed", Iterations: 3, Seed: 2,
			Compile: "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']",
		}
		if r, err := Fit(ctx, env, fit); err != nil || len(r.Warnings) > 0 {
			t.Fatal(r, err)
		}
		if _, err := Evaluate(ctx, env, EvaluateOptions{Model: "model", Test: "others_packed", Output: "scores"}); err != nil {
			t.Fatal(err)
		}
		if _, err := Predict(ctx, env, PredictOptions{Model: "model", Test: "others", Output: "predicted", IDColumn: "id"}); err != nil {
			t.Fatal(err)
		}
		if _, err := Predict(ctx, env, PredictOptions{Model: "model", Test: "others", Output: "predicted_named", IDColumn: "id", Independent: passengerTerms}); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadModel(ctx, env, LoadModelOptions{ArchTable: "arch", Arch: denseJSON("softmax", 2, passengerWidth), WeightsFrom: "model"}); err != nil {
			t.Fatal(err)
		}
		for _, like := range []string{"packed", "model"} {
			byom := PredictBYOMOptions{ArchTable: "arch", ID: 2, Test: "others", Output: "byom_" + like, IDColumn: "id", Like: like}
			if _, err := PredictBYOM(ctx, env, byom); err != nil {
				t.Fatal(err)
			}
		}
		want := predictions(t, env.Store, "predicted")
		if len(want) != 180 {
			t.Errorf("%d predictions", len(want))
		}
		for _, other := range []string{"predicted_named", "byom_packed", "byom_model"} {
			if d := cmp.Diff(want, predictions(t, env.Store, other)); d != "" {
				t.Errorf("%s: %s", other, d)
			}
		}
		comparePacked(t, env, "model", "others_packed", "predicted")

		summary := summaryOf(t, env.Store, "packed_summary")
		for _, says := range []string{"independent_varname text[]: {features}", "packed_format integer: 3", `feature_columns json: {"version":1,`, `"function":"onehot","categories":["female","it's","male"]`} {
			if !strings.Contains(summary, says) {
				t.Errorf("the summary does not say %s:\n%s", says, summary)
			}
		}
		document := readTable(t, env.Store, "packed_summary").Col(tables.FeatureColumns).Strings[0]
		if of := readTable(t, env.Store, "model_summary").Col(tables.FeatureColumns).Strings[0]; of != document {
			t.Errorf("the model's summary has %s", of)
		}
		found := map[string]string{
			"document": document, "packed": tableText(t, env.Store, "packed"), "others": tableText(t, env.Store, "others_packed"), "predicted": strings.Join(want, "\n"),
		}
		if first == nil {
			first = found
		}
		if d := cmp.Diff(first, found); d != "" {
			t.Errorf("other bits than on the first runner and store: %s", d)
		}
	})
}

// comparePacked checks that predictions are those of the numbers that a packed table has, whose rows have the order of the predicted table.
func comparePacked(t *testing.T, env Env, model, packed, predicted string) {
	t.Helper()
	m, err := OpenModel(t.Context(), env.Store, model)
	if err != nil {
		t.Fatal(err)
	}
	width := m.Inputs[0].Shape[0]
	var rows [][]float32
	buffers := readPacked(t, env.Store, packed, []string{"features"}, nil)
	slices.SortFunc(buffers, func(a, b packedRow) int { return a.id - b.id })
	for _, b := range buffers {
		for x := b.inputs[0]; len(x) > 0; x = x[width:] {
			rows = append(rows, x[:width])
		}
	}
	values, err := m.Predict(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	ofColumns, err := m.PredictRows(t.Context(), readTable(t, env.Store, "others"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(values, ofColumns); d != "" {
		t.Errorf("rows of columns are predicted otherwise than packed ones: %s", d)
	}
	prob := map[string]string{}
	for i, row := range values {
		for _, c := range row[0].Classes {
			prob[fmt.Sprint(30+i, *c.Value)] = table.FloatText(c.Prob, 64)
		}
	}
	b := readTable(t, env.Store, predicted)
	for i := range b.Rows {
		key := fmt.Sprint(b.Col("id").Int32s[i], b.Col("class_value").Strings[i])
		if got := table.FloatText(b.Col("prob").Float64s[i], 64); got != prob[key] {
			t.Fatalf("row %s: probability %s, the packed numbers give %s", key, got, prob[key])
		}
	}
}

// Several arrays, one of which is a column as it is, and the numbers in them.
func TestSeveralFeatureArrays(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		passengers(t, store, "passengers", 0, 20)
		list := `[zero("Age")] AS "A", image, [sex, alone]`
		opt := PreprocessOptions{Source: "passengers", Output: "p", Dependent: "price", Independent: list, LabelTypes: []string{"numeric"}, Normalize: ptr(3.0)}
		if _, err := Preprocess(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		if _, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "passengers", Output: "q", Like: "p"}); err != nil {
			t.Fatal(err)
		}
		third := float32(1.0 / 3)
		for i, r := range readPacked(t, store, "q", []string{"A", "image", "features"}, nil) {
			if i > 0 {
				t.Fatal("more than one buffer")
			}
			for k := range 20 {
				age := float32(float64(k)+0.1) * third
				if k%4 == 3 {
					age = 0
				}
				want := []float32{age, float32(k) * third, 0, 0, 0, float32(1-k%2) * third}
				want[2+[]int{2, 0, 1}[k%3]] = third
				if got := slices.Concat(r.inputs[0][k:k+1], r.inputs[1][2*k:2*k+1], r.inputs[2][4*k:4*k+4]); !slices.Equal(got, want) {
					t.Errorf("row %d: %v, want %v", k, got, want)
				}
			}
		}
		loadArch(t, store, denseJSON("linear", 1, 1, 2, 4))
		if _, err := Fit(t.Context(), env, FitOptions{Source: "p", Model: "m", ArchTable: "arch", ID: 1, Iterations: 1, Compile: "loss='mse', optimizer='sgd'"}); err != nil {
			t.Fatal(err)
		}
		for out, list := range map[string]string{"o1": "", "o2": list} {
			if _, err := Predict(t.Context(), env, PredictOptions{Model: "m", Test: "passengers", Output: out, IDColumn: "id", Independent: list}); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(predictions(t, store, "o1"), predictions(t, store, "o2")); d != "" {
			t.Error(d)
		}
	})
}

// Without names predict takes the columns of arrays that the training rows had, and --like the labels too.
func TestColumnsOfTrainingRows(t *testing.T) {
	store := fileStore(t)
	trained(t, store)
	for out, independent := range map[string]string{"named": "attributes", "unnamed": ""} {
		if _, err := Predict(t.Context(), Env{Store: store}, PredictOptions{Model: "iris_model", Test: "iris_test", Output: out, IDColumn: "id", Independent: independent}); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(predictions(t, store, "named"), predictions(t, store, "unnamed")); d != "" {
		t.Error(d)
	}
	// Without an id column the rows have their numbers.
	if _, err := Predict(t.Context(), Env{Store: store, Workers: 3}, PredictOptions{Model: "iris_model", Test: "iris_test", Output: "numbered"}); err != nil {
		t.Fatal(err)
	}
	ids, b := readTable(t, store, "iris_test").Col("id"), readTable(t, store, "numbered")
	var numbered []string
	for i := range b.Rows {
		text := ids.ElemText(int(b.Col("row_number").Int64s[i]) - 1)
		for _, v := range b.Cols[1:] {
			x, _ := table.FormatValue(&v, i)
			text += "|" + x
		}
		numbered = append(numbered, text)
	}
	slices.Sort(numbered)
	if d := cmp.Diff(predictions(t, store, "named"), numbered); d != "" {
		t.Error(d)
	}
	flowers(t, store, "flowers", 30)
	for _, opt := range []PreprocessOptions{
		{Output: "p", Dependent: "y, z", Independent: "x"},
		{Output: "named_packed", Dependent: "y, z", Independent: "x", Like: "p"},
		{Output: "unnamed_packed", Like: "p"},
	} {
		opt.Source = "flowers"
		if _, err := Preprocess(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := tableText(t, store, "named_packed"), tableText(t, store, "unnamed_packed"); a != b {
		t.Error("the columns of the training table give another table than their names")
	}
}

// A model in memory takes rows of columns, arrays as they are and those that are made, with a normalizing constant too.
func TestPredictRows(t *testing.T) {
	store := fileStore(t)
	env := Env{Store: store}
	passengers(t, store, "passengers", 0, 40)
	opt := PreprocessOptions{Source: "passengers", Output: "p", Dependent: "survived", Independent: `image, [zero("Age"), sex]`, Normalize: ptr(3.0)}
	if _, err := Preprocess(t.Context(), env, opt); err != nil {
		t.Fatal(err)
	}
	loadArch(t, store, denseJSON("softmax", 2, 2, 4))
	if _, err := Fit(t.Context(), env, FitOptions{Source: "p", Model: "m", ArchTable: "arch", ID: 1, Iterations: 1, Compile: "loss='categorical_crossentropy', optimizer='sgd'"}); err != nil {
		t.Fatal(err)
	}
	if _, err := Predict(t.Context(), env, PredictOptions{Model: "m", Test: "passengers", Output: "o", IDColumn: "id", Type: "response"}); err != nil {
		t.Fatal(err)
	}
	m, err := OpenModel(t.Context(), store, "m")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"Age", "sex"}, m.Inputs[1].Columns); d != "" || m.Inputs[0].Columns != nil {
		t.Error(d)
	}
	rows := readTable(t, store, "passengers")
	got, err := m.PredictRows(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	b := readTable(t, store, "o")
	for i := range b.Rows {
		p := got[b.Col("id").Int32s[i]][0]
		if *p.Label != b.Col("class_value").Strings[i] || p.Classes[0].Prob != b.Col("prob").Float64s[i] {
			t.Errorf("row %d: %+v", i, p)
		}
	}
	for _, c := range []struct {
		column string
		change func(v *table.Vector)
		want   string
	}{
		{"sex", func(v *table.Vector) { v.Strings[4] = "cat" }, `table rows, column "sex", row 5: "cat" is none of the categories`},
		{"image", func(v *table.Vector) { v.Float32s[3] = float32(math.NaN()) }, `table rows, column "image", row 2: element 2 is NaN`},
		{"image", func(v *table.Vector) { v.Offsets[3]++ }, `table rows, column "image", row 3: the array has shape [3], the model's input has shape [2]`},
		{"Age", func(v *table.Vector) { *v = table.Vector{Type: table.TextType, Strings: make([]string, 40)} }, `table rows: column "Age" has type text`},
	} {
		rows := readTable(t, store, "passengers")
		i := rows.Schema.Index(c.column)
		c.change(&rows.Cols[i])
		rows.Schema[i].Type = rows.Cols[i].Type
		_, err := m.PredictRows(t.Context(), rows)
		var wrong *argument.Error
		if wantError(t, err, c.want); !errors.As(err, &wrong) {
			t.Errorf("%v is no ArgumentError", err)
		}
	}
	for want, rows := range map[string]*table.Batch{
		"the batch is nil":                             nil,
		"table rows: a batch of 0 vectors for":         {Schema: passengerSchema, Rows: 1},
		`table rows: column "id": 0 values in a batch`: func() *table.Batch { b := table.NewBatch(passengerSchema); b.Rows = 2; return b }(),
	} {
		_, err := m.PredictRows(t.Context(), rows)
		var wrong *argument.Error
		if wantError(t, err, want); !errors.As(err, &wrong) {
			t.Errorf("%v is no ArgumentError", err)
		}
	}
	_, err = m.PredictRows(t.Context(), table.NewBatch(passengerSchema[:3]))
	wantError(t, err, `table rows: column "image" does not exist`)
}

func TestFeatureColumnsRefuse(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		passengers(t, store, "passengers", 0, 20)
		writeTable(t, store, "bad", passengerSchema[:4], []any{1, 2., "3", "male"}, []any{2, nil, "3", "cat"}, []any{3, 1., "3", "male"})
		writeTable(t, store, "infinite", passengerSchema[:2], []any{1, 2.}, []any{2, nil}, []any{3, math.Inf(1)})
		writeTable(t, store, "typed", table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "Age", Type: table.TextType}, {Name: "sex", Type: table.TextType}}, []any{1, "2", "male"})
		good := PreprocessOptions{Source: "passengers", Output: "packed", Dependent: "survived", Independent: `mean("Age"), sex`}
		if _, err := Preprocess(t.Context(), env, good); err != nil {
			t.Fatal(err)
		}
		arrays := good
		arrays.Output, arrays.Independent = "arrays", "image"
		if _, err := Preprocess(t.Context(), env, arrays); err != nil {
			t.Fatal(err)
		}
		own := good
		own.Output, own.Independent = "own", `mean("Age"), sex, alone`
		if _, err := Preprocess(t.Context(), env, own); err != nil {
			t.Fatal(err)
		}
		loadArch(t, store, denseJSON("softmax", 2, 4))
		fit := FitOptions{Source: "packed", Model: "m", ArchTable: "arch", ID: 1, Iterations: 1, Compile: "loss='categorical_crossentropy', optimizer='sgd'"}
		if _, err := Fit(t.Context(), env, fit); err != nil {
			t.Fatal(err)
		}
		before := tablesOf(t, store)
		for name, c := range map[string]struct {
			change func(*PreprocessOptions)
			want   []string
		}{
			"missing value":   {func(o *PreprocessOptions) { o.Independent = `standardise("Age")` }, []string{"passengers", `column "Age", row 4: the value is missing`, `mean("Age")`}},
			"missing, packed": {func(o *PreprocessOptions) { o.Independent = `"Age"` }, []string{`column "Age", row `, "the value is missing"}},
			"infinite":        {func(o *PreprocessOptions) { o.Source, o.Dependent, o.Independent = "infinite", "id", `zero("Age")` }, []string{`column "Age", row 3: the value is Infinity`}},
			"no such column":  {func(o *PreprocessOptions) { o.Independent = "age, sex" }, []string{"independent variables: table", `column "age" does not exist; column "Age" does`, `'"Age"'`}},
			"function":        {func(o *PreprocessOptions) { o.Independent = "scale(sex)" }, []string{`unknown function "scale"`}},
			"limit":           {func(o *PreprocessOptions) { o.Independent = "onehot(id, limit=3)" }, []string{`column "id" has more than 3 distinct values`, "hash(id, 64)"}},
			"index divided":   {func(o *PreprocessOptions) { o.Independent, o.Normalize = "index(sex)", ptr(2.0) }, []string{"would divide the numbers of index(sex)"}},
			"name of label":   {func(o *PreprocessOptions) { o.Independent = "[sex] AS survived" }, []string{"the packed table cannot have these variables", `"survived" appears twice`}},
			"like, typed": {func(o *PreprocessOptions) {
				*o = PreprocessOptions{Source: "typed", Output: "out", Like: "packed", Dependent: "sex"}
			}, []string{`column "Age" has type text, but type double precision where its transforms were learned`}},
			"like, other": {func(o *PreprocessOptions) { o.Like, o.Independent = "packed", "sex" }, []string{"sex are not the independent variables of training table", `[mean("Age"), onehot(sex)] AS features`}},
			"like arrays": {func(o *PreprocessOptions) { o.Like, o.Independent = "arrays", "sex" }, []string{`is no column of arrays, but "image" of training table`}},
		} {
			opt := good
			opt.Output = "out"
			c.change(&opt)
			_, err := Preprocess(t.Context(), env, opt)
			t.Run(name, func(t *testing.T) { wantError(t, err, c.want...) })
		}
		predict := PredictOptions{Model: "m", Test: "bad", Output: "out", IDColumn: "id"}
		_, err := Predict(t.Context(), env, predict)
		wantError(t, err, `column "sex", row 2: "cat" is none of the categories of the training data`)
		var value *table.ValueError
		if !errors.As(err, &value) || value.Row != 2 {
			t.Errorf("%v is no ValueError of row 2", err)
		}
		predict.Test = "typed"
		_, err = Predict(t.Context(), env, predict)
		wantError(t, err, `column "Age" has type text`)
		predict.Test, predict.Independent = "passengers", "image"
		_, err = Predict(t.Context(), env, predict)
		wantError(t, err, "image are not the independent variables of model", `mean("Age")`)
		if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: denseJSON("softmax", 2, 4), WeightsFrom: "m"}); err != nil {
			t.Fatal(err)
		}
		byom := PredictBYOMOptions{ArchTable: "arch", ID: 2, Test: "passengers", Output: "out", IDColumn: "id", Like: "own"}
		_, err = PredictBYOM(t.Context(), env, byom)
		wantError(t, err, "make 5 numbers per row, the model's input has shape [4]")
		byom.Like, byom.Normalize = "packed", ptr(2.0)
		_, err = PredictBYOM(t.Context(), env, byom)
		wantError(t, err, "cannot be given beside it")
		fit.Model, fit.Validation = "n", "own"
		_, err = Fit(t.Context(), env, fit)
		wantError(t, err, "model's input")
		own.Output, own.Independent = "own2", `zero("Age"), sex`
		if _, err := Preprocess(t.Context(), env, own); err != nil {
			t.Fatal(err)
		}
		fit.Validation = "own2"
		_, err = Fit(t.Context(), env, fit)
		wantError(t, err, "the feature columns of features in the source table and in the validation table were made in different ways", "--like")
		_, err = Evaluate(t.Context(), env, EvaluateOptions{Model: "m", Test: "own2", Output: "out"})
		wantError(t, err, "were made in different ways")
		dropTable(t, store, "own2")
		dropTable(t, store, "own2_summary")
		if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
			t.Error(d)
		}
	})
}

// A summary that does not describe its variables is an error with the column.
func TestFeatureColumnIsChecked(t *testing.T) {
	store := fileStore(t)
	passengers(t, store, "passengers", 0, 20)
	if _, err := Preprocess(t.Context(), Env{Store: store}, PreprocessOptions{Source: "passengers", Output: "packed", Dependent: "survived", Independent: "sex"}); err != nil {
		t.Fatal(err)
	}
	b := readTable(t, store, "packed_summary")
	for text, want := range map[string]string{
		`{"version":1,"variables":[]}`:          "0 descriptions for 1 independent variable",
		`{"version":1,"variables":[null,null]}`: "2 descriptions for 1 independent variable",
		`{"version":9}`:                         "has version 9",
		`[`:                                     "cannot be read",
	} {
		b.Col(tables.FeatureColumns).Strings[0] = text
		_, err := tables.ReadVariables(b, mustName(t, "packed_summary"))
		wantError(t, err, `table packed_summary, column "feature_columns", row 1: `, want)
	}
}

// Columns of integers beyond bigint are numeric when they are imported: they are ids, features, classes and numbers to be predicted.
func TestNumericColumns(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		schema := table.Schema{{Name: "id", Type: table.NumericType}, {Name: "x", Type: table.NumericType}, {Name: "class", Type: table.NumericType}}
		var rows [][]any
		for i := range 20 {
			rows = append(rows, []any{fmt.Sprint("18446744073709551600", i), fmt.Sprint(i), fmt.Sprint(9223372036854775808 + uint64(i%2))})
		}
		writeTable(t, store, "large", schema, rows...)
		env := Env{Store: store}
		for kind, units := range map[string]int{"": 2, "numeric": 1} {
			activation, loss := "softmax", "categorical_crossentropy"
			opt := PreprocessOptions{Source: "large", Output: "packed" + kind, Dependent: "class", Independent: "standardise(x), indicator(x)"}
			if kind != "" {
				activation, loss, opt.Dependent, opt.LabelTypes = "linear", "mse", "x", []string{kind}
				opt.Independent = "standardise(class), indicator(class)"
			}
			arch, model := "arch"+kind, "model"+kind
			if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: arch, Arch: denseJSON(activation, units, 2)}); err != nil {
				t.Fatal(err)
			}
			if _, err := Preprocess(t.Context(), env, opt); err != nil {
				t.Fatal(err)
			}
			fit := FitOptions{Source: opt.Output, Model: model, ArchTable: arch, ID: 1, Iterations: 1, Compile: "loss='" + loss + "', optimizer='sgd'"}
			if _, err := Fit(t.Context(), env, fit); err != nil {
				t.Fatal(err)
			}
			if _, err := Predict(t.Context(), env, PredictOptions{Model: model, Test: "large", Output: "out" + kind, IDColumn: "id"}); err != nil {
				t.Fatal(err)
			}
			out := readTable(t, store, "out"+kind)
			ids := map[string]bool{}
			for i := range out.Rows {
				ids[out.Col("id").ElemText(i)] = true
			}
			if len(ids) != 20 || !ids["1844674407370955160019"] {
				t.Errorf("%d ids: %v", len(ids), ids)
			}
		}
	})
}

// TestStarLikeTrainingRows: the list that packed the training rows is taken with --like and in prediction, where a star leaves out what it left out there: the
// labels and the weight, whether the table has them or not, and those of the command.
func TestStarLikeTrainingRows(t *testing.T) {
	schema := table.Schema{
		{Name: "id", Type: table.Int32Type},
		{Name: "a", Type: table.Float64Type},
		{Name: "b", Type: table.TextType},
		{Name: "y", Type: table.TextType},
		{Name: "w", Type: table.Float64Type},
	}
	arrays := table.Schema{schema[0], {Name: "x", Type: table.Float64ArrayType}, schema[3], schema[4]}
	var rows, bare, renamed, pixels [][]any
	for i := range 12 {
		a, b, y := float64(i), []string{"u", "v"}[i%2], []string{"no", "yes"}[i%3/2]
		rows, bare = append(rows, []any{i, a, b, y, 1.}), append(bare, []any{i, a, b})
		renamed, pixels = append(renamed, []any{i, a, b, y, 1.}), append(pixels, []any{i, []float64{a, 1}, y, 1.})
	}
	store := fileStore(t)
	env := Env{Store: store}
	writeTable(t, store, "rows", schema, rows...)
	writeTable(t, store, "bare", schema[:3], bare...)
	other := slices.Clone(schema)
	other[3].Name, other[4].Name = "label", "weight"
	writeTable(t, store, "renamed", other, renamed...)
	writeTable(t, store, "pixels", arrays, pixels...)
	const list = "* EXCEPT (id)"
	for _, opt := range []PreprocessOptions{
		{Source: "rows", Output: "packed", Dependent: "y", Weight: "w"},
		{Source: "rows", Output: "same", Dependent: "y", Weight: "w", Like: "packed"},
		{Source: "renamed", Output: "others", Dependent: "label", Weight: "weight", Like: "packed"},
		{Source: "pixels", Output: "arrays", Dependent: "y", Weight: "w"},
		{Source: "pixels", Output: "same_arrays", Dependent: "y", Weight: "w", Like: "arrays"},
	} {
		opt.Independent = list
		if _, err := Preprocess(t.Context(), env, opt); err != nil {
			t.Errorf("%s: %v", opt.Output, err)
		}
	}
	for source, width := range map[string]int{"packed": 3, "arrays": 2} {
		if _, err := Fit(t.Context(), env, FitOptions{Source: source, Model: source + "_model", Arch: denseJSON("softmax", 2, width), Iterations: 1, Compile: irisCompile}); err != nil {
			t.Fatal(err)
		}
	}
	for test, model := range map[string]string{"rows": "packed_model", "bare": "packed_model", "pixels": "arrays_model"} {
		for _, independent := range []string{list, ""} {
			opt := PredictOptions{Model: model, Test: test, Output: fmt.Sprintf("%s_%d", test, len(independent)), IDColumn: "id", Independent: independent}
			if _, err := Predict(t.Context(), env, opt); err != nil {
				t.Errorf("%s with %q: %v", test, independent, err)
			}
		}
	}
	_, err := Predict(t.Context(), env, PredictOptions{Model: "arrays_model", Test: "rows", Output: "out", IDColumn: "id", Independent: list})
	wantError(t, err, list+" are not the independent variables of model arrays_model; left out they are the same: x")
}

// TestStarOfArrays: a star over several columns of arrays gives each input of the model the column of its name, wherever the table has it, and
// leaves out the labels and the weight of the training rows.
func TestStarOfArrays(t *testing.T) {
	array := table.Float64ArrayType
	schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "x1", Type: array}, {Name: "x2", Type: array}, {Name: "y", Type: table.TextType}, {Name: "w", Type: table.Float64Type}}
	turned := table.Schema{schema[0], schema[2], schema[1], schema[3], schema[4]}
	other := table.Schema{schema[0], schema[1], {Name: "x3", Type: array}}
	var rows, back, others [][]any
	for i := range 12 {
		a, b, y := []float64{float64(i), 1}, []float64{2, float64(-i)}, []string{"no", "yes"}[i%3/2]
		rows, back, others = append(rows, []any{i, a, b, y, 1.}), append(back, []any{i, b, a, y, 1.}), append(others, []any{i, a, b})
	}
	store := fileStore(t)
	env := Env{Store: store}
	writeTable(t, store, "rows", schema, rows...)
	writeTable(t, store, "turned", turned, back...)
	writeTable(t, store, "others", other, others...)
	const list = "* EXCEPT (id)"
	for _, opt := range []PreprocessOptions{
		{Source: "rows", Output: "packed", Dependent: "y", Weight: "w"},
		{Source: "rows", Output: "like", Like: "packed"},
		{Source: "turned", Output: "like_turned", Like: "packed"},
		{Source: "turned", Output: "like_listed", Dependent: "y", Like: "packed"},
	} {
		opt.Independent, opt.Seed = list, 1
		if _, err := Preprocess(t.Context(), env, opt); err != nil {
			t.Fatalf("%s: %v", opt.Output, err)
		}
	}
	want := readTable(t, store, "like")
	for _, name := range []string{"like_turned", "like_listed"} {
		got := readTable(t, store, name)
		for _, column := range []string{"x1", "x2"} {
			if d := cmp.Diff(want.Col(column), got.Col(column)); d != "" {
				t.Errorf("%s, column %s: %s", name, column, d)
			}
		}
	}
	arch := []byte(`{"class_name": "Functional", "config": {"name": "m", "layers": [
		{"class_name": "InputLayer", "name": "a", "config": {"name": "a", "batch_input_shape": [null, 2]}, "inbound_nodes": []},
		{"class_name": "InputLayer", "name": "b", "config": {"name": "b", "batch_input_shape": [null, 2]}, "inbound_nodes": []},
		{"class_name": "Concatenate", "name": "c", "config": {"name": "c"}, "inbound_nodes": [[["a", 0, 0, {}], ["b", 0, 0, {}]]]},
		{"class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2, "activation": "softmax"}, "inbound_nodes": [[["c", 0, 0, {}]]]}],
		"input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["d", 0, 0]]}}`)
	if _, err := Fit(t.Context(), env, FitOptions{Source: "packed", Model: "m", Arch: arch, Iterations: 1, Compile: irisCompile}); err != nil {
		t.Fatal(err)
	}
	var probs []any
	for _, opt := range []PredictOptions{{Test: "rows"}, {Test: "rows", Independent: list}, {Test: "turned", Independent: list}} {
		opt.Model, opt.Output, opt.IDColumn = "m", fmt.Sprint("out_", len(probs)), "id"
		if _, err := Predict(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		probs = append(probs, readTable(t, store, opt.Output).Col("prob").Float64s)
	}
	for i := range probs {
		if d := cmp.Diff(probs[0], probs[i]); d != "" {
			t.Errorf("prediction %d: %s", i, d)
		}
	}
	opt := PredictOptions{Model: "m", Test: "others", Output: "named", IDColumn: "id", Independent: "x3, * EXCEPT (id, x3)"} // an order that is written counts
	if _, err := Predict(t.Context(), env, opt); err != nil {
		t.Error(err)
	}
	_, err := Predict(t.Context(), env, PredictOptions{Model: "m", Test: "others", Output: "out", IDColumn: "id", Independent: list})
	wantError(t, err, `there is no x2 among the columns x1, x3, and the independent variables are x1, x2 of model m`)
}

// The first row may lack the array that gives the shape of all.
func TestFirstArrayIsMissing(t *testing.T) {
	schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "a", Type: table.Float64ArrayType}, {Name: "none", Type: table.Float64ArrayType}, {Name: "y", Type: table.TextType}}
	onStores(t, func(t *testing.T, store table.Store) {
		writeTable(t, store, "arrays", schema, []any{1, nil, nil, "a"}, []any{2, nil, nil, "b"}, []any{3, []float64{2, 4}, nil, "a"}, []any{4, []float64{4, 8}, nil, "b"})
		env := Env{Store: store}
		opt := PreprocessOptions{Source: "arrays", Output: "packed", Dependent: "y", Independent: "mean(a), zero(a), indicator(a), median(a)"}
		if _, err := Preprocess(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		like := PreprocessOptions{Source: "arrays", Output: "again", Dependent: "y", Like: "packed"}
		if _, err := Preprocess(t.Context(), env, like); err != nil {
			t.Fatal(err)
		}
		want := []float32{3, 6, 0, 0, 1, 1, 3, 6, 3, 6, 0, 0, 1, 1, 3, 6, 2, 4, 2, 4, 0, 0, 2, 4, 4, 8, 4, 8, 0, 0, 4, 8}
		var got []float32
		for _, buffer := range readTable(t, store, "again").Col("features").Bytes {
			for at := 0; at < len(buffer); at += 4 {
				got = append(got, math.Float32frombits(binary.LittleEndian.Uint32(buffer[at:])))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		for list, problem := range map[string]string{
			"a":                   `column "a", row 1: the value is NULL`,
			"mean(a), log1p(a)":   `column "a", row 1: the value is NULL`,
			"mean(a), zero(none)": `column "none": all rows are NULL`,
		} {
			_, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "arrays", Output: "out", Dependent: "y", Independent: list})
			wantError(t, err, problem)
		}
	})
}

// What was packed in one time zone is understood in another, and is what a folder has.
func TestMomentsInAnyTimeZone(t *testing.T) {
	url := pgSchema(t)
	kolkata, losAngeles := openStore(t, url+"%20-ctimezone%3DAsia/Kolkata"), openStore(t, url+"%20-ctimezone%3DAmerica/Los_Angeles")
	schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "at", Type: table.ParseType("timestamptz")}, {Name: "label", Type: table.ParseType("timestamptz")}}
	var rows [][]any
	for i := range 12 {
		at := fmt.Sprintf("2024-0%d-01 12:00:00.5+00", i%3+1)
		rows = append(rows, []any{i, at, at})
	}
	writeTable(t, kolkata, "moments", schema, rows...)
	folder := fileStore(t)
	writeTable(t, folder, "moments", schema, rows...)
	opt := PreprocessOptions{Source: "moments", Output: "packed", Dependent: "label", Independent: "onehot(at), hash(at, 50)"}
	for _, store := range []table.Store{kolkata, folder} {
		if _, err := Preprocess(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
	}
	var packed []*table.Batch
	for _, store := range []table.Store{folder, losAngeles} {
		like := PreprocessOptions{Source: "moments", Output: "again", Dependent: "label", Like: "packed"}
		if _, err := Preprocess(t.Context(), Env{Store: store}, like); err != nil {
			t.Fatal(err)
		}
		packed = append(packed, readTable(t, store, "again"))
	}
	for _, column := range []string{"features", "label"} {
		if a, b := packed[0].Col(column), packed[1].Col(column); len(a.Bytes) == 0 || !slices.EqualFunc(a.Bytes, b.Bytes, bytes.Equal) {
			t.Errorf("other bytes of %s than in a folder", column)
		}
	}
}

// More columns than PostgreSQL has go into one array in the folder store, as fast as the rows are.
func TestManyColumns(t *testing.T) {
	store := fileStore(t)
	const columns = 4000
	schema := table.Schema{{Name: "label", Type: table.TextType}}
	for i := range columns {
		schema = append(schema, table.Column{Name: fmt.Sprintf("Pixel %d", i), Type: table.Int16Type})
	}
	var rows [][]any
	for r := range 12 {
		row := []any{[]string{"a", "b"}[r%2]}
		for i := range columns {
			row = append(row, (r*i)%7)
		}
		rows = append(rows, row)
	}
	writeTable(t, store, "wide", schema, rows...)
	if _, err := Preprocess(t.Context(), Env{Store: store}, PreprocessOptions{Source: "wide", Output: "packed", Dependent: "label", Independent: "minmax(*)"}); err != nil {
		t.Fatal(err)
	}
	if _, err := Preprocess(t.Context(), Env{Store: store}, PreprocessOptions{Source: "wide", Output: "like", Like: "packed"}); err != nil {
		t.Fatal(err)
	}
	x := readPacked(t, store, "like", []string{"features"}, nil)[0].inputs[0]
	if len(x) != 12*columns || x[columns+3] != 0.5 {
		t.Errorf("%d numbers, %v", len(x), x[columns+3])
	}
}

// Tables without variables that are made from columns keep the format that older versions read.
func TestFormatOfFeatureColumns(t *testing.T) {
	store := fileStore(t)
	passengers(t, store, "passengers", 0, 20)
	for list, want := range map[string]string{"image": "2", "sex": "3"} {
		if _, err := Preprocess(t.Context(), Env{Store: store}, PreprocessOptions{Source: "passengers", Output: "p_" + want, Dependent: "survived", Independent: list}); err != nil {
			t.Fatal(err)
		}
		if s := summaryOf(t, store, "p_"+want+"_summary"); !strings.Contains(s, "packed_format integer: "+want) || strings.Contains(s, tables.FeatureColumns) != (want == "3") {
			t.Errorf("%s: %s", list, s)
		}
	}
}
