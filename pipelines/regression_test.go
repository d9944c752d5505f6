package pipelines

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// houses is a table of n rows whose price is a linear function of the features, whose sizes are two of them, and whose kind is
// a class number.
func houses(t testing.TB, store table.Store, name string, n int) {
	t.Helper()
	var rows [][]any
	for i := range n {
		x := []float64{math.Sin(float64(i)), math.Cos(float64(3 * i))}
		kind := 0
		if x[0] > 0.3 {
			kind = 1
		}
		if x[1] > 0.3 {
			kind = 2
		}
		rows = append(rows, []any{i, x, 3 + x[0] - 2*x[1], []float32{float32(x[0]) / 2, float32(x[1]) + 1}, kind})
	}
	writeTable(t, store, name, housesSchema, rows...)
}

var housesSchema = table.Schema{
	{Name: "id", Type: table.Int32Type},
	{Name: "features", Type: table.Float64ArrayType},
	{Name: "price", Type: table.Float64Type},
	{Name: "sizes", Type: table.Float32ArrayType},
	{Name: "kind", Type: table.Int32Type},
}

// oneLayer is a network of one dense layer.
func oneLayer(units int, activation string) []byte {
	return fmt.Appendf(nil, `{"class_name": "Sequential", "config": {"name": "m", "layers": [{"class_name": "Dense",
		"config": {"name": "d", "units": %d, "activation": %q, "batch_input_shape": [null, 2]}}]}}`, units, activation)
}

// loadLayers loads networks of one layer as the models 1, 2 and 3: of a price, of sizes and of kinds.
func loadLayers(t testing.TB, store table.Store) {
	t.Helper()
	for _, arch := range [][]byte{oneLayer(1, "linear"), oneLayer(2, "linear"), oneLayer(3, "softmax")} {
		if _, err := LoadModel(t.Context(), Env{Store: store}, LoadModelOptions{ArchTable: "arch", Arch: arch}); err != nil {
			t.Fatal(err)
		}
	}
}

func packHouses(source, dependent string) PreprocessOptions {
	return PreprocessOptions{
		Source: source, Output: source + "_" + dependent, Dependent: dependent, Independent: "features",
		Shards: 2, LabelTypes: []string{"numeric"}, Seed: 3,
	}
}

func TestPreprocessNumeric(t *testing.T) {
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		defer dropTables(t, env.Store)
		houses(t, env.Store, "houses", 10)
		if _, err := Preprocess(t.Context(), env, packHouses("houses", "price")); err != nil {
			t.Fatal(err)
		}
		b := readTable(t, env.Store, "houses_price")
		prices := map[float32]float32{} // by first feature
		for i := range b.Rows {
			var n [2]int
			if _, err := fmt.Sscanf(table.FormatArray(b.Col("price_shape"), i), "{%d,%d}", &n[0], &n[1]); err != nil || n[1] != 1 {
				t.Fatalf("shape %v: %v", n, err)
			}
			x, y := b.Col("features").Bytes[i], b.Col("price").Bytes[i]
			for r := range n[0] {
				prices[float32At(x, 2*r)] = float32At(y, r)
			}
		}
		for i := range 10 {
			x := []float64{math.Sin(float64(i)), math.Cos(float64(3 * i))}
			if got, want := prices[float32(x[0])], float32(3+x[0]-2*x[1]); got != want {
				t.Errorf("row %d has the price %v, want %v", i, got, want)
			}
		}
		summary := summaryOf(t, env.Store, "houses_price_summary")
		for _, line := range []string{
			"dependent_vartype text[]: {\"double precision\"}\n", "price_class_values double precision: NULL\n",
			"num_classes integer[]: {}\n", "label_type text[]: {numeric}\n",
		} {
			if !strings.Contains(summary, line) {
				t.Errorf("summary lacks %q:\n%s", line, summary)
			}
		}
		// Beside classes, and validation data like them.
		opt := packHouses("houses", "both")
		opt.Dependent, opt.LabelTypes = "kind, sizes", []string{"class", "numeric"}
		if _, err := Preprocess(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		like := PreprocessOptions{Source: "houses", Output: "like", Dependent: "kind, sizes", Independent: "features", Like: "houses_both"}
		if _, err := Preprocess(t.Context(), env, like); err != nil {
			t.Fatal(err)
		}
		l := readTable(t, env.Store, "like")
		if got := table.FormatArray(l.Col("kind_shape"), 0) + table.FormatArray(l.Col("sizes_shape"), 0); got != "{10,3}{10,2}" {
			t.Errorf("shapes %s", got)
		}
		if got, want := float32At(l.Col("sizes").Bytes[0], 3), float32(math.Cos(3))+1; got != want {
			t.Errorf("size %v, want %v", got, want)
		}
		if d := cmp.Diff(lineOf(summaryOf(t, env.Store, "houses_both_summary"), "label_type"), lineOf(summaryOf(t, env.Store, "like_summary"), "label_type")); d != "" {
			t.Error(d)
		}
	})
}

func float32At(b []byte, i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
}

func lineOf(text, column string) string {
	_, rest, _ := strings.Cut(text, column)
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

func TestPreprocessNumericRefuses(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		houses(t, store, "houses", 5)
		writeTable(t, store, "bad", housesSchema,
			[]any{1, []float64{1, 2}, 1.5, []float32{1, 2}, 0},
			[]any{2, []float64{1, 2}, nil, []float32{1, 2}, 0},
			[]any{3, []float64{1, 2}, 2.5, []float32{1, float32(math.Inf(1))}, 0})
		writeTable(t, store, "nan", housesSchema,
			[]any{1, []float64{1, 2}, 1.5, []float32{1, 2}, 0},
			[]any{2, []float64{1, 2}, math.NaN(), []float32{1, 2}, 0})
		writeTable(t, store, "words", table.Schema{{Name: "features", Type: table.Float64ArrayType}, {Name: "price", Type: table.TextType}}, []any{[]float64{1, 2}, "dear"})
		writeTable(t, store, "square", table.Schema{{Name: "features", Type: table.Float64ArrayType}, {Name: "price", Type: table.Float32ArrayType}},
			[]any{[]float64{1, 2}, table.Array{Elems: []any{float32(1), float32(2), float32(3), float32(4)}, Shape: []int{2, 2}}})
		if _, err := Preprocess(t.Context(), Env{Store: store}, packHouses("houses", "price")); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			change func(o *PreprocessOptions)
			want   []string
		}{
			{func(o *PreprocessOptions) { o.Source = "bad" }, []string{`column "price"`, "row 2", "the value is NULL"}},
			{func(o *PreprocessOptions) { o.Source = "nan" }, []string{`column "price"`, "row 2", "NaN"}},
			{func(o *PreprocessOptions) { o.Source, o.Dependent = "bad", "sizes" }, []string{`column "sizes"`, "row 3", "element 2 is Infinity"}},
			{func(o *PreprocessOptions) { o.Source, o.LabelTypes = "square", nil }, []string{`column "price", row 1: the array has shape [2 2]; a label that is one-hot already has one dimension`}},
			{func(o *PreprocessOptions) { o.Source = "words" }, []string{`"price" has type text`, "the numeric dependent variable must be a number"}},
			{func(o *PreprocessOptions) { o.LabelTypes = []string{"number"} }, []string{`label type "number" is not known; expected class or numeric`}},
			{func(o *PreprocessOptions) { o.LabelTypes = []string{"class", "numeric"} }, []string{"label types: found 2 for 1 dependent variable"}},
			{func(o *PreprocessOptions) { o.NumClasses = []int{3} }, []string{`the labels of column "price" are numeric`}},
			{func(o *PreprocessOptions) { o.Like = "houses_price" }, []string{"label types come from the training table"}},
			{func(o *PreprocessOptions) { o.Like, o.LabelTypes, o.Dependent = "houses_price", nil, "sizes" }, []string{`"sizes" has labels of 2 numbers, but those of "price"`, "have 1"}},
		} {
			opt := packHouses("houses", "price")
			opt.Output = "out"
			c.change(&opt)
			_, err := Preprocess(t.Context(), Env{Store: store}, opt)
			wantError(t, err, c.want...)
		}
	})
}

// TestRegression trains on numbers, evaluates and predicts them, with both forms of predict.
func TestRegression(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		houses(t, store, "houses", 60)
		houses(t, store, "others", 20)
		loadLayers(t, store)
		for id, dependent := range map[int]string{1: "price", 2: "sizes"} {
			if _, err := Preprocess(t.Context(), env, packHouses("houses", dependent)); err != nil {
				t.Fatal(err)
			}
			like := PreprocessOptions{Source: "others", Output: "others_" + dependent, Dependent: dependent, Independent: "features", Like: "houses_" + dependent}
			if _, err := Preprocess(t.Context(), env, like); err != nil {
				t.Fatal(err)
			}
			model := dependent + "_model"
			fitted, err := Fit(t.Context(), env, FitOptions{
				Source: "houses_" + dependent, Model: model, ArchTable: "arch", ID: id, Iterations: 4, MetricsEvery: 2, Validation: "others_" + dependent,
				Compile: "loss='mse', optimizer=Adam(learning_rate=0.05), metrics=['mae', R2Score(name='fit'), 'RootMeanSquaredError']",
				Fit:     "batch_size=10, epochs=40",
			})
			if err != nil {
				t.Fatal(err)
			}
			if r2 := fitted.ValidationMetrics[1]; !(*fitted.ValidationLoss < 1e-3) || r2.Name != "fit" || !(r2.Value > 0.99) || len(fitted.Warnings) > 0 {
				t.Errorf("%s: %+v, validation loss %v", dependent, fitted, *fitted.ValidationLoss)
			}
			summary := summaryOf(t, store, model+"_summary")
			for _, line := range []string{"label_type text[]: {numeric}\n", "metrics_type text[]: {mae,R2Score(name='fit'),RootMeanSquaredError}\n"} {
				if !strings.Contains(summary, line) {
					t.Errorf("summary lacks %q:\n%s", line, summary)
				}
			}
			evaluated, err := Evaluate(t.Context(), env, EvaluateOptions{Model: model, Test: "others_" + dependent, Output: dependent + "_eval"})
			if err != nil {
				t.Fatal(err)
			}
			if evaluated.Loss != *fitted.ValidationLoss || len(evaluated.Warnings) > 0 {
				t.Errorf("%s: evaluated %+v", dependent, evaluated)
			}
			b := readTable(t, store, model+"_summary")
			names := table.FormatArray(b.Col("metric_names"), 0)
			if want := "{mae,fit,RootMeanSquaredError}"; names != want {
				t.Errorf("metrics %s, want %s", names, want)
			}
			e := readTable(t, store, dependent+"_eval")
			if table.FormatArray(e.Col("metric_names"), 0) != names {
				t.Error(tableText(t, store, dependent+"_eval"))
			}
			for k, m := range fitted.ValidationMetrics {
				if got := e.Col("metric_values").Float64s[k]; got != m.Value {
					t.Errorf("%s is evaluated as %v, want %v", m.Name, got, m.Value)
				}
				for column, want := range map[string]float64{"training_metric_values": fitted.TrainingMetrics[k].Value, "validation_metric_values": m.Value} {
					if v := b.Col(column); !slices.Equal(v.Shape(0), []int{2, 3}) || v.Float64s[3+k] != want {
						t.Errorf("%s of shape %v ends in %v, want %s %v", column, v.Shape(0), v.Float64s, m.Name, want)
					}
				}
			}
			for _, kind := range []string{"response", "prob"} {
				out := dependent + "_" + kind
				if _, err := Predict(t.Context(), env, PredictOptions{Model: model, Test: "others", Output: out, IDColumn: "id", Independent: "features", Type: kind}); err != nil {
					t.Fatal(err)
				}
				checkHouses(t, readTable(t, store, out), dependent, kind == "prob")
			}
			for _, kind := range []string{"2", "0.5"} {
				_, err := Predict(t.Context(), env, PredictOptions{Model: model, Test: "others", Output: "none", IDColumn: "id", Independent: "features", Type: kind})
				wantError(t, err, "are numbers", "expected the prediction type response or prob")
			}
			if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "trained", Arch: oneLayer(id, "linear"), WeightsFrom: model}); err != nil {
				t.Fatal(err)
			}
			byom := PredictBYOMOptions{
				ArchTable: "trained", ID: 1, Test: "others", Output: dependent + "_byom", IDColumn: "id", Independent: "features", Type: "response",
				LabelTypes: []string{"numeric"},
			}
			if _, err := PredictBYOM(t.Context(), env, byom); err != nil {
				t.Fatal(err)
			}
			checkHouses(t, readTable(t, store, byom.Output), dependent, false)
			byom.Output, byom.Classes = "none", [][]*string{{ptr("a")}}
			_, err = PredictBYOM(t.Context(), env, byom)
			wantError(t, err, "class values of dependent variable 1: it is numeric")
			dropTable(t, store, "trained")
		}
	})
}

// checkHouses checks predicted prices or sizes.
func checkHouses(t *testing.T, b *table.Batch, dependent string, rank bool) {
	t.Helper()
	if b.Rows != 20 || (b.Col("rank") != nil) != rank {
		t.Errorf("%d rows of %v", b.Rows, b.Schema.Names())
	}
	for i := range b.Rows {
		id := float64(b.Col("id").Int32s[i])
		x := []float64{math.Sin(id), math.Cos(3 * id)}
		want := []float64{3 + x[0] - 2*x[1]}
		if dependent == "sizes" {
			want = []float64{x[0] / 2, x[1] + 1}
		}
		text := b.Col("class_value").Strings[i]
		if len(want) > 1 {
			text = strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
		}
		for j, part := range strings.Split(text, ",") {
			if got, err := strconv.ParseFloat(part, 64); err != nil || math.Abs(got-want[j]) > 0.05 {
				t.Errorf("row %v: %s, want %v", id, text, want)
			}
		}
		if !b.Col("prob").IsNull(i) {
			t.Errorf("row %v has the probability %v", id, b.Col("prob").Float64s[i])
		}
	}
}

// TestClassNumbers: numeric labels that are class numbers train a classifier with a loss of class numbers.
func TestClassNumbers(t *testing.T) {
	store := fileStore(t)
	env := Env{Store: store}
	houses(t, store, "houses", 60)
	loadLayers(t, store)
	if _, err := Preprocess(t.Context(), env, packHouses("houses", "kind")); err != nil {
		t.Fatal(err)
	}
	opt := FitOptions{
		Source: "houses_kind", Model: "kinds", ArchTable: "arch", ID: 3, Iterations: 3,
		Compile: "loss=SparseCategoricalCrossentropy(), optimizer=Adam(learning_rate=0.1), metrics=['accuracy']",
		Fit:     "batch_size=10, epochs=40, class_weight={1: 1.5}",
	}
	fitted, err := Fit(t.Context(), env, opt)
	if err != nil {
		t.Fatal(err)
	}
	if acc := fitted.TrainingMetrics[0].Value; !(acc > 0.9) {
		t.Errorf("accuracy %v", acc)
	}
	if _, err := Predict(t.Context(), env, PredictOptions{Model: "kinds", Test: "houses", Output: "out", IDColumn: "id", Independent: "features", Type: "response"}); err != nil {
		t.Fatal(err)
	}
	out, source := readTable(t, store, "out"), readTable(t, store, "houses")
	hits := 0.0
	for i := range out.Rows {
		if out.Col("class_value").Strings[i] == strconv.Itoa(int(source.Col("kind").Int32s[out.Col("id").Int32s[i]])) {
			hits++
		}
	}
	if float32(hits/60) != float32(fitted.TrainingMetrics[0].Value) {
		t.Errorf("%v of 60 rows are predicted, the accuracy is %v", hits, fitted.TrainingMetrics[0].Value)
	}
	opt.Model, opt.Compile = "no", "loss='categorical_crossentropy', optimizer='adam'"
	_, err = Fit(t.Context(), env, opt)
	wantError(t, err, "houses_kind", "class numbers need a loss such as sparse_categorical_crossentropy")
}

// mixedJSON has one input and the outputs kind, of three classes, and size, of two numbers.
const mixedJSON = `{"class_name": "Model", "config": {"name": "m", "layers": [
	{"class_name": "InputLayer", "name": "x", "config": {"name": "x", "batch_input_shape": [null, 2]}, "inbound_nodes": []},
	{"class_name": "Dense", "name": "kind", "config": {"name": "kind", "units": 3, "activation": "softmax"}, "inbound_nodes": [[["x", 0, 0, {}]]]},
	{"class_name": "Dense", "name": "size", "config": {"name": "size", "units": 2}, "inbound_nodes": [[["x", 0, 0, {}]]]}],
	"input_layers": [["x", 0, 0]], "output_layers": [["kind", 0, 0], ["size", 0, 0]]}}`

// TestMixedOutputs: a class and numbers side by side, each with its loss and metrics.
func TestMixedOutputs(t *testing.T) {
	onRunners(t, func(t *testing.T, env Env) {
		env.Store = fileStore(t)
		houses(t, env.Store, "houses", 60)
		if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: []byte(mixedJSON)}); err != nil {
			t.Fatal(err)
		}
		opt := packHouses("houses", "both")
		opt.Dependent, opt.LabelTypes = "kind, sizes", []string{"class", "numeric"}
		if _, err := Preprocess(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		fitted, err := Fit(t.Context(), env, FitOptions{
			Source: "houses_both", Model: "model", ArchTable: "arch", ID: 1, Iterations: 2,
			Compile: "optimizer=Adam(learning_rate=0.1), loss={'kind': 'ce', 'size': 'mse'}, metrics={'size': 'r2_score', 'kind': ['acc', AUC()]}",
			Fit:     "batch_size=10, epochs=40",
		})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, m := range fitted.TrainingMetrics {
			names = append(names, m.Name)
			if !(m.Value > 0.9) {
				t.Errorf("%s is %v", m.Name, m.Value)
			}
		}
		if d := cmp.Diff([]string{"kind_acc", "kind_AUC()", "size_r2_score"}, names); d != "" {
			t.Error(d)
		}
		summary := readTable(t, env.Store, "model_summary")
		if got := table.FormatArray(summary.Col("metrics_type"), 0); got != "{kind_acc,kind_AUC(),size_r2_score}" {
			t.Errorf("metrics_type %s", got)
		}
		if _, err := Predict(t.Context(), env, PredictOptions{Model: "model", Test: "houses", Output: "out", IDColumn: "id", Independent: "features"}); err != nil {
			t.Fatal(err)
		}
		b := readTable(t, env.Store, "out")
		counts := map[string]int{}
		for i := range b.Rows {
			name := b.Col("class_name").Strings[i]
			counts[name]++
			if b.Col("prob").IsNull(i) != (name == "sizes") {
				t.Errorf("row %d of %s: prob %v", i, name, b.Col("prob").Float64s[i])
			}
		}
		if d := cmp.Diff(map[string]int{"kind": 180, "sizes": 60}, counts); d != "" {
			t.Error(d)
		}
	})
}

// A packed table of a later version of beamfit is refused, one that records no format is of the first.
func TestPackedFormat(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	const name = "iris_train_packed_summary"
	b := readTable(t, store, name)
	schema := append(b.Schema, table.Column{Name: tables.FormatColumn, Type: table.Int32Type})
	row := make([]any, len(schema))
	for c := range b.Cols {
		row[c] = b.Cols[c].Value(0)
	}
	for _, c := range []struct {
		format any
		want   string
	}{{1, ""}, {5, "table iris_train_packed_summary: the packed table has format 5; this version of beamfit reads formats 1 to 4"}, {nil, `column "packed_format", row 1: the value is NULL`}} {
		row[len(b.Cols)] = c.format
		dropTable(t, store, name)
		writeTable(t, store, name, schema, row)
		opt := irisFit()
		if _, err := Fit(t.Context(), Env{Store: store}, opt); c.want == "" && err != nil {
			t.Errorf("format %v: %v", c.format, err)
		} else if c.want != "" {
			wantError(t, err, c.want)
		}
	}
}
