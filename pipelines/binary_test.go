package pipelines

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// answers is a table of n rows with two features and a label of two classes in five forms.
func answers(t testing.TB, store table.Store, name string, n int) {
	t.Helper()
	schema := table.Schema{
		{Name: "id", Type: table.Int32Type},
		{Name: "features", Type: table.Float64ArrayType},
		{Name: "word", Type: table.TextType},
		{Name: "truth", Type: table.BoolType},
		{Name: "number", Type: table.Int32Type},
		{Name: "hot", Type: table.Int32ArrayType},
		{Name: "numbers", Type: table.Int32ArrayType},
	}
	var rows [][]any
	for i := range n {
		x := []float64{math.Sin(float64(i)), math.Cos(float64(3 * i))}
		word, number := "no", 0
		if x[0]+x[1] > 0.2 {
			word, number = "yes", 1
		}
		rows = append(rows, []any{i, x, word, number == 1, number, []int{1 - number, number}, []int{number}})
	}
	writeTable(t, store, name, schema, rows...)
}

// TestOneUnitClassifier: two classes of any type train a network of one unit to the bits of the numbers 0 and 1, and are predicted
// with their probabilities.
func TestOneUnitClassifier(t *testing.T) {
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		defer dropTables(t, env.Store)
		answers(t, env.Store, "answers", 60)
		fit := func(dependent, labelType, model string) []byte {
			opt := PreprocessOptions{Source: "answers", Output: model + "_packed", Dependent: dependent, Independent: "features", Shards: 2, LabelTypes: []string{labelType}, Seed: 3}
			if _, err := Preprocess(t.Context(), env, opt); err != nil {
				t.Fatal(err)
			}
			r, err := Fit(t.Context(), env, FitOptions{
				Source: opt.Output, Model: model, Arch: oneLayer(1, "sigmoid"), Iterations: 3, Validation: opt.Output, Seed: 5,
				Compile: "loss='binary_crossentropy', optimizer='Adam(learning_rate=0.3)', metrics=['accuracy', 'AUC']", Fit: "batch_size=8, epochs=4, class_weight={1: 2.5}",
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Warnings) > 0 {
				t.Errorf("warnings %q", r.Warnings)
			}
			return readTable(t, env.Store, model).Col("model_weights").Bytes[0]
		}
		want := fit("number", "numeric", "numbers")
		for _, dependent := range []string{"word", "truth", "number"} {
			if got := fit(dependent, "class", dependent); !slices.Equal(got, want) {
				t.Errorf("%s: other weights than of the numbers 0 and 1", dependent)
			}
		}
		evaluated := func(model, test string) string {
			out := model + "_scores"
			if _, err := Evaluate(t.Context(), env, EvaluateOptions{Model: model, Test: test, Output: out}); err != nil {
				t.Fatal(err)
			}
			return table.FormatArray(readTable(t, env.Store, out).Col("metric_values"), 0)
		}
		if got, want := evaluated("word", "word_packed"), evaluated("numbers", "numbers_packed"); got != want {
			t.Errorf("metrics %s, of numbers %s", got, want)
		}
		opt := PredictOptions{Model: "word", Test: "answers", Output: "predicted", IDColumn: "id", Independent: "features", Type: "prob"}
		if _, err := Predict(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		b := readTable(t, env.Store, "predicted")
		if b.Rows != 120 {
			t.Fatalf("%d rows", b.Rows)
		}
		opt.Model, opt.Output = "numbers", "numbers_predicted"
		if _, err := Predict(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		raw := readTable(t, env.Store, "numbers_predicted") // of the label 1
		right := 0
		for i := 0; i < b.Rows; i += 2 {
			if first, second := b.Cols[3].Float64s[i], b.Cols[3].Float64s[i+1]; first < second || math.Abs(first+second-1) > 1e-6 {
				t.Fatalf("row %d: probabilities %v and %v", i/2, first, second)
			}
			of := map[string]float64{b.Cols[2].Strings[i]: b.Cols[3].Float64s[i], b.Cols[2].Strings[i+1]: b.Cols[3].Float64s[i+1]}
			if got, want := table.FloatText(of["yes"], 64), raw.Cols[2].Strings[i/2]; got != want {
				t.Fatalf("row %d: yes has the probability %s, the network says %s", i/2, got, want)
			}
			x := []float64{math.Sin(float64(b.Cols[0].Int32s[i])), math.Cos(float64(3 * b.Cols[0].Int32s[i]))}
			if (x[0]+x[1] > 0.2) == (b.Cols[2].Strings[i] == "yes") {
				right++
			}
		}
		if right < 50 {
			t.Errorf("%d rows of 60 are right", right)
		}
		opt.Model, opt.Output, opt.Type = "word", "likely", "0.6"
		if _, err := Predict(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		for _, p := range readTable(t, env.Store, "likely").Cols[3].Float64s {
			if p <= 0.6 {
				t.Errorf("probability %v is not above 0.6", p)
			}
		}
	})
}

// TestOneUnitByHand: predict-byom has the classes as arguments, or 0 and 1.
func TestOneUnitByHand(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		answers(t, store, "byhand", 4)
		weights := func(v ...float32) (b []byte) {
			for _, x := range v {
				bits := math.Float32bits(x)
				b = append(b, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
			}
			return b
		}
		predicted := func(activation, out string, classes ...string) string {
			id, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "byhand_arch", Arch: oneLayer(1, activation), Weights: weights(0, 0, -1)})
			if err != nil {
				t.Fatal(err)
			}
			opt := PredictBYOMOptions{ArchTable: "byhand_arch", ID: id, Test: "byhand", Output: out, IDColumn: "id", Independent: "features", Type: "prob"}
			if classes != nil {
				opt.Classes = [][]*string{{&classes[0], &classes[1]}}
			}
			if _, err := PredictBYOM(t.Context(), env, opt); err != nil {
				t.Fatal(err)
			}
			b := readTable(t, store, out)
			return strings.Join(b.Cols[2].Strings[:2], " ") + " " + table.FloatText(b.Cols[3].Float64s[0], 64)
		}
		for i, c := range []struct {
			activation string
			classes    []string
			want       string
		}{
			{"sigmoid", nil, "0 1 0.7310586"},
			{"sigmoid", []string{"no", "yes"}, "no yes 0.7310586"},
			{"linear", []string{"no", "yes"}, "no yes 0.7310586"},
			{"tanh", []string{"no", "yes"}, "no yes 0.8807971"},
		} {
			if got := predicted(c.activation, "byhand_"+string(rune('a'+i)), c.classes...); got != c.want {
				t.Errorf("%s: %s, want %s", c.activation, got, c.want)
			}
		}
	})
}

func TestOneUnitRefused(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		houses(t, store, "refused", 30)
		opt := packHouses("refused", "kind")
		opt.LabelTypes = nil
		if _, err := Preprocess(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		for compile, want := range map[string]string{
			"loss='categorical_crossentropy', optimizer='adam'":        "One unit tells two classes apart with a sigmoid and the loss binary_crossentropy",
			"loss='sparse_categorical_crossentropy', optimizer='adam'": `output "d" has one unit, and the loss sparse_categorical_crossentropy compares the units`,
			"loss='binary_crossentropy', optimizer='adam'":             `the labels of output "d" have 3 classes, and the output has one unit`,
		} {
			_, err := Fit(t.Context(), env, FitOptions{Source: opt.Output, Model: "refused_model", Arch: oneLayer(1, "sigmoid"), Iterations: 1, Compile: compile})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want one with %q", compile, err, want)
			}
		}
		numbers := packHouses("refused", "price")
		if _, err := Preprocess(t.Context(), env, numbers); err != nil {
			t.Fatal(err)
		}
		r, err := Fit(t.Context(), env, FitOptions{Source: numbers.Output, Model: "refused_softmax", Arch: oneLayer(1, "softmax"), Iterations: 1, Compile: "loss='mse', optimizer='adam'"})
		if err != nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "the softmax of one unit") {
			t.Errorf("a softmax of one unit: %v, warnings %q", err, r.Warnings)
		}
		r, err = Fit(t.Context(), env, FitOptions{Source: numbers.Output, Model: "refused_cosine", Arch: oneLayer(1, "linear"), Iterations: 1, Compile: "loss='cosine_similarity', optimizer='adam'"})
		if err != nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "cosine_similarity trains nothing") {
			t.Errorf("a cosine of one unit: %v, warnings %q", err, r.Warnings)
		}
	})
}

// TestLabelsOfOneInteger: where labels are arrays of one integer, the loss says whether it is a class of two or a number.
func TestLabelsOfOneInteger(t *testing.T) {
	store := fileStore(t)
	env := Env{Store: store}
	schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "features", Type: table.Float64ArrayType}, {Name: "side", Type: table.Int32ArrayType}, {Name: "size", Type: table.Int32ArrayType}}
	var rows [][]any
	for i := range 40 {
		rows = append(rows, []any{i, []float64{float64(i%7) - 3, float64(i%5) - 2}, []int{i%7/4*2 - 1}, []int{i % 7}})
	}
	writeTable(t, store, "rows", schema, rows...)
	for _, c := range []struct {
		label, activation, loss string
		predictions             int
	}{
		{"side", "tanh", "hinge", 2},
		{"size", "linear", "mse", 1},
	} {
		if _, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "rows", Output: c.label + "_packed", Dependent: c.label, Independent: "features"}); err != nil {
			t.Fatal(err)
		}
		if _, err := Fit(t.Context(), env, FitOptions{
			Source: c.label + "_packed", Model: c.label + "_model", Arch: oneLayer(1, c.activation), Iterations: 2, Compile: "optimizer='adam', loss='" + c.loss + "'",
		}); err != nil {
			t.Fatal(err)
		}
		res, err := Predict(t.Context(), env, PredictOptions{Model: c.label + "_model", Test: "rows", Output: c.label + "_predicted", IDColumn: "id"})
		if err != nil || res.Predictions != int64(40*c.predictions) {
			t.Errorf("%s: %+v, %v", c.label, res, err)
		}
		d, err := Report(t.Context(), env, ReportOptions{Model: c.label + "_model"})
		if err != nil {
			t.Fatal(err)
		}
		out := d.Rows.Outputs[0]
		if classes := out.Confusion != nil; classes != (c.predictions == 2) || len(out.Worst) != 12 || !classes && out.Errors == nil {
			t.Errorf("%s: %+v", c.label, out)
		}
	}
}

// TestPredictFromLogits: a model that was fitted with a loss of logits predicts probabilities: a cross-entropy looks through a sigmoid, so
// that from_logits changes nothing; the logits of several units are turned into their softmax. Labels that are one-hot arrays of two elements have
// two classes, also where the output has one unit.
func TestPredictFromLogits(t *testing.T) {
	store := fileStore(t)
	env := Env{Store: store}
	answers(t, store, "answers", 60)
	predicted := func(model, label, labelType, arch, loss string) (classes []string, probs []float64) {
		t.Helper()
		opt := PreprocessOptions{Source: "answers", Output: model + "_packed", Dependent: label, Independent: "features", LabelTypes: []string{labelType}}
		if _, err := Preprocess(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		if _, err := Fit(t.Context(), env, FitOptions{Source: opt.Output, Model: model, Arch: []byte(arch), Iterations: 2, Compile: "loss=" + loss + ", optimizer='Adam(learning_rate=0.3)'", Fit: "batch_size=8, epochs=4"}); err != nil {
			t.Fatal(err)
		}
		if _, err := Predict(t.Context(), env, PredictOptions{Model: model, Test: "answers", Output: model + "_predicted", IDColumn: "id"}); err != nil {
			t.Fatal(err)
		}
		if _, err := Report(t.Context(), env, ReportOptions{Model: model}); err != nil {
			t.Error(err)
		}
		b := readTable(t, store, model+"_predicted")
		return b.Col("class_value").Strings, b.Col("prob").Float64s
	}
	sigmoid, linear := string(oneLayer(1, "sigmoid")), string(oneLayer(1, "linear"))
	classes, probs := predicted("plain", "word", "class", sigmoid, "'binary_crossentropy'")
	for _, c := range []struct{ model, label, arch, loss string }{
		{"logits", "word", sigmoid, "BinaryCrossentropy(from_logits=True)"},
		{"hot", "hot", sigmoid, "'binary_crossentropy'"},
		{"number", "numbers", sigmoid, "'binary_crossentropy'"},
		{"linear", "hot", linear, "BinaryCrossentropy(from_logits=True)"},
	} {
		gotClasses, gotProbs := predicted(c.model, c.label, "class", c.arch, c.loss)
		for i := range classes {
			class := gotClasses[i]
			if c.label != "word" {
				class = map[string]string{"0": "no", "1": "yes"}[class]
			}
			if class != classes[i] || math.Abs(gotProbs[i]-probs[i]) > 1e-6 {
				t.Fatalf("%s: row %d has %s with %v, expected %s with %v", c.model, i, gotClasses[i], gotProbs[i], classes[i], probs[i])
			}
		}
	}
	softmax, logits := string(oneLayer(2, "softmax")), string(oneLayer(2, "linear"))
	classes, probs = predicted("softmax", "word", "class", softmax, "'sparse_categorical_crossentropy'")
	for _, c := range []struct{ model, label, labelType string }{{"units", "word", "class"}, {"numbers", "numbers", "numeric"}} {
		gotClasses, gotProbs := predicted(c.model, c.label, c.labelType, logits, "SparseCategoricalCrossentropy(from_logits=True)")
		for i := range classes {
			class := gotClasses[i]
			if c.label != "word" {
				class = map[string]string{"0": "no", "1": "yes"}[class]
			}
			if class != classes[i] || math.Abs(gotProbs[i]-probs[i]) > 1e-6 {
				t.Fatalf("%s: row %d has %s with %v, expected %s with %v", c.model, i, gotClasses[i], gotProbs[i], classes[i], probs[i])
			}
		}
	}
}
