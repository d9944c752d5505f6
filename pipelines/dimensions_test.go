package pipelines

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// sentences is a table of n rows: five words, their tags (the word modulo 3) and an image of 2 x 2 pixels as a matrix, twice.
func sentences(t testing.TB, store table.Store, name string, n int) {
	t.Helper()
	schema := table.Schema{
		{Name: "id", Type: table.Int32Type},
		{Name: "words", Type: table.Int32ArrayType},
		{Name: "tags", Type: table.Int32ArrayType},
		{Name: "image", Type: table.Float32ArrayType},
		{Name: "target", Type: table.Float32ArrayType},
	}
	var rows [][]any
	for i := range n {
		words, tags := make([]int, 5), make([]int, 5)
		for k := range words {
			words[k] = (i*7 + k*k + 3*k) % 9
			tags[k] = words[k] % 3
		}
		image := table.Array{Elems: []any{float32(i%3) / 2, float32(0.5), float32(1), float32(i%2) / 4}, Shape: []int{2, 2}}
		rows = append(rows, []any{i, words, tags, image, image})
	}
	writeTable(t, store, name, schema, rows...)
}

// an open model of words, and one of images of one channel
const (
	taggerJSON = `{"class_name": "Sequential", "config": {"name": "t", "layers": [
		{"class_name": "Embedding", "config": {"name": "e", "input_dim": 9, "output_dim": 6, "batch_input_shape": [null, null]}},
		{"class_name": "Dense", "config": {"name": "d", "units": 3, "activation": "softmax"}}]}}`
	imagesJSON = `{"class_name": "Sequential", "config": {"name": "i", "layers": [
		{"class_name": "InputLayer", "config": {"name": "i", "batch_input_shape": [null, null, null, 1]}},
		{"class_name": "Conv2D", "config": {"name": "c", "filters": 3, "kernel_size": 1, "activation": "tanh"}},
		{"class_name": "Conv2D", "config": {"name": "o", "filters": 1, "kernel_size": 1, "activation": "sigmoid"}}]}}`
)

// maskedTaggerJSON leaves out the steps of word 0.
var maskedTaggerJSON = strings.Replace(taggerJSON, `"input_dim"`, `"mask_zero": true, "input_dim"`, 1)

// TestOutputsOfSeveralDimensions fits, evaluates and predicts with class numbers of every step, and with images as labels. The networks
// leave the length and the size open, and the rows of images have no dimension of channels.
func TestOutputsOfSeveralDimensions(t *testing.T) {
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		defer dropTables(t, env.Store)
		sentences(t, env.Store, "sentences", 60)
		for _, arch := range []string{taggerJSON, imagesJSON, maskedTaggerJSON} {
			if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: []byte(arch)}); err != nil {
				t.Fatal(err)
			}
		}
		for i, c := range []struct {
			model, dependent, independent, compile string
			want                                   func(class string) error
		}{
			{"tagger", "tags", "words", "loss='sparse_categorical_crossentropy', optimizer='Adam(learning_rate=0.05)', metrics=['accuracy']", func(class string) error { return nil }},
			{"images", "target", "image", "loss='mse', optimizer='Adam(learning_rate=0.05)', metrics=['mae']", func(class string) error {
				var v [4]float64
				if _, err := fmt.Sscanf(class, "{{{%f},{%f}},{{%f},{%f}}}", &v[0], &v[1], &v[2], &v[3]); err != nil {
					return fmt.Errorf("%s: %w", class, err)
				}
				return nil
			}},
			{"masked", "tags", "words", "loss='sparse_categorical_crossentropy', optimizer='Adam(learning_rate=0.05)', metrics=['accuracy']", func(class string) error { return nil }},
		} {
			for _, output := range []string{"", "_like"} {
				opt := PreprocessOptions{Source: "sentences", Output: c.model + "_packed" + output, Dependent: c.dependent, Independent: c.independent, Seed: 3}
				if output == "" {
					opt.LabelTypes, opt.Shards = []string{"numeric"}, 2
				} else {
					opt.Like = c.model + "_packed"
				}
				if _, err := Preprocess(t.Context(), env, opt); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Fit(t.Context(), env, FitOptions{
				Source: c.model + "_packed", Validation: c.model + "_packed_like", Model: c.model, ArchTable: "arch", ID: i + 1, Iterations: 4, Seed: 5,
				Compile: c.compile, Fit: "batch_size=8, epochs=5",
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Evaluate(t.Context(), env, EvaluateOptions{Model: c.model, Test: c.model + "_packed", Output: c.model + "_scores"}); err != nil {
				t.Fatal(err)
			}
			score := readTable(t, env.Store, c.model+"_scores").Col("metric").Float64s[0]
			if c.model != "images" && score != 1 || c.model == "images" && !(score < 0.3) {
				t.Errorf("%s: metric %v", c.model, score)
			}
			opt := PredictOptions{Model: c.model, Test: "sentences", Output: c.model + "_predicted", IDColumn: "id", Independent: c.independent, Type: "response"}
			if _, err := Predict(t.Context(), env, opt); err != nil {
				t.Fatal(err)
			}
			b := readTable(t, env.Store, opt.Output)
			if b.Rows != 60 {
				t.Fatalf("%s: %d predictions", c.model, b.Rows)
			}
			tags := map[int32]string{}
			source := readTable(t, env.Store, "sentences")
			for row := range source.Rows {
				tags[source.Col("id").Int32s[row]] = table.FormatArray(source.Col("tags"), row)
			}
			for row, class := range b.Cols[2].Strings {
				if err := c.want(class); err != nil {
					t.Fatal(err)
				}
				if c.model == "tagger" && class != tags[b.Cols[0].Int32s[row]] {
					t.Fatalf("row %d has the tags %s, want %s", row, class, tags[b.Cols[0].Int32s[row]])
				}
			}
			m, err := OpenModel(t.Context(), env.Store, c.model)
			if err != nil {
				t.Fatal(err)
			}
			if shape := m.Inputs[0].Shape; slices.Contains(shape, 0) {
				t.Errorf("%s: input of shape %v", c.model, shape)
			}
			rows, err := m.PredictRows(t.Context(), source)
			if err != nil {
				t.Fatal(err)
			}
			for row, class := range b.Cols[2].Strings {
				if got := *rows[b.Cols[0].Int32s[row]][0].Label; got != class {
					t.Fatalf("%s, row %d: %s in memory, %s in the table", c.model, row, got, class)
				}
			}
		}
		// An open model with weights takes the shape of the rows that it predicts.
		id, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: []byte(taggerJSON), WeightsFrom: "tagger"})
		if err != nil {
			t.Fatal(err)
		}
		byom := PredictBYOMOptions{ArchTable: "arch", ID: id, Test: "sentences", Output: "byom", IDColumn: "id", Independent: "words", Type: "response"}
		if _, err := PredictBYOM(t.Context(), env, byom); err != nil {
			t.Fatal(err)
		}
		got, want := readTable(t, env.Store, "byom"), readTable(t, env.Store, "tagger_predicted")
		if !slices.Equal(got.Cols[2].Strings, want.Cols[2].Strings) {
			t.Error("byom predicts other tags")
		}
		byom.Output, byom.Independent, byom.Like = "byom_like", "", "tagger"
		if _, err := PredictBYOM(t.Context(), env, byom); err != nil {
			t.Errorf("like its training rows: %v", err)
		}
		byom.Output, byom.Independent, byom.Like = "byom_id", "id", ""
		if _, err := PredictBYOM(t.Context(), env, byom); err == nil || !strings.Contains(err.Error(), `column "id" has type integer; the model's input needs an array of numbers`) {
			t.Errorf("a column of no arrays: %v", err)
		}
	})
}

func TestSeveralDimensionsRefused(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		sentences(t, store, "refused_dims", 12)
		pack := func(dependent string, types ...string) (string, error) {
			opt := PreprocessOptions{Source: "refused_dims", Output: "refused_" + dependent + strings.Join(types, ""), Dependent: dependent, Independent: "words", LabelTypes: types}
			_, err := Preprocess(t.Context(), env, opt)
			return opt.Output, err
		}
		if _, err := pack("target"); err == nil || !strings.Contains(err.Error(), "label type numeric takes any") {
			t.Errorf("images as classes: %v", err)
		}
		tags, err := pack("tags", "numeric")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ arch, compile, fit, want string }{
			{taggerJSON, "loss='mse', optimizer='adam'", "", "arrays of 15 elements, as the output of shape [5 3], or of 5 class numbers with a loss such as sparse_categorical_crossentropy"},
			{taggerJSON, "loss='sparse_categorical_crossentropy', optimizer='adam'", "class_weight={0: 2}", "one class per row"},
			{maskedTaggerJSON, "loss=SparseCategoricalCrossentropy(ignore_class=0), optimizer='adam'", "", "ignore_class is supported for outputs of one dimension"},
			{taggerJSON, "loss=SparseCategoricalCrossentropy(ignore_class=0), optimizer='adam'", "", "ignore_class is supported for outputs of one dimension"},
		} {
			_, err := Fit(t.Context(), env, FitOptions{Source: tags, Model: "refused_model", Arch: []byte(c.arch), Iterations: 1, Compile: c.compile, Fit: c.fit})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v, want one with %q", c.compile, err, c.want)
			}
		}
		_, err = Fit(t.Context(), env, FitOptions{Source: tags, Model: "refused_model", Arch: []byte(imagesJSON), Iterations: 1, Compile: "loss='mse', optimizer='adam'"})
		if err == nil || !strings.Contains(err.Error(), `input "i": shape (5), expected (None, None, 1)`) {
			t.Errorf("words for images: %v", err)
		}
	})
}
