package pipelines

import (
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// tagged is a table of n sentences: five words, of which 0 is none, their tags as text, and whether each is a name. A row whose number is
// in short has four of them.
func tagged(t testing.TB, store table.Store, name string, n int, short ...int) {
	t.Helper()
	schema := table.Schema{
		{Name: "id", Type: table.Int32Type},
		{Name: "words", Type: table.Int32ArrayType},
		{Name: "tags", Type: table.TextArrayType},
		{Name: "named", Type: table.TextArrayType},
		{Name: "tag", Type: table.TextType},
	}
	var rows [][]any
	for i := range n {
		words, tags, named := make([]int, 5), make([]string, 5), make([]string, 5)
		for k := range words {
			words[k] = (i*7 + k*k + 3*k) % 9
			tags[k] = []string{"O", "B-PER", "I, PER"}[words[k]%3]
			named[k] = []string{"no", "yes", "yes"}[words[k]%3]
		}
		for _, s := range short {
			if s == i {
				tags = tags[:4]
			}
		}
		rows = append(rows, []any{i, words, tags, named, tags[0]})
	}
	writeTable(t, store, name, schema, rows...)
}

// namedJSON tells names from other words, by one number at each step.
var namedJSON = strings.Replace(taggerJSON, `"units": 3, "activation": "softmax"`, `"units": 1, "activation": "sigmoid"`, 1)

// TestClassesOfSteps fits arrays of text, one class list for all of their elements, and predicts them.
func TestClassesOfSteps(t *testing.T) {
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		defer dropTables(t, env.Store)
		tagged(t, env.Store, "sentences", 60)
		source := readTable(t, env.Store, "sentences")
		for _, column := range []string{"tags", "named"} {
			opt := PreprocessOptions{Source: "sentences", Output: column + "_packed", Dependent: column, Independent: "words", Seed: 3, Shards: 2}
			if _, err := Preprocess(t.Context(), env, opt); err != nil {
				t.Fatal(err)
			}
			opt = PreprocessOptions{Source: "sentences", Output: column + "_like", Dependent: column, Independent: "words", Like: column + "_packed"}
			if _, err := Preprocess(t.Context(), env, opt); err != nil {
				t.Fatal(err)
			}
		}
		summary := readTable(t, env.Store, "tags_packed_summary")
		if got := table.FormatArray(summary.Col("tags_class_values"), 0); got != `{B-PER,"I, PER",O}` {
			t.Errorf("classes %s", got)
		}
		for _, c := range []struct{ column, arch, loss string }{
			{"tags", taggerJSON, "sparse_categorical_crossentropy"},
			{"tags", taggerJSON, "categorical_crossentropy"},
			{"named", namedJSON, "binary_crossentropy"},
		} {
			model := c.column + "_" + c.loss
			_, err := Fit(t.Context(), env, FitOptions{
				Source: c.column + "_packed", Validation: c.column + "_like", Model: model, Arch: []byte(c.arch), Iterations: 4, Seed: 5,
				Compile: "loss='" + c.loss + "', optimizer='Adam(learning_rate=0.05)', metrics=['accuracy']", Fit: "batch_size=8, epochs=5",
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Evaluate(t.Context(), env, EvaluateOptions{Model: model, Test: c.column + "_like", Output: model + "_scores"}); err != nil {
				t.Fatal(err)
			}
			if score := readTable(t, env.Store, model+"_scores").Col("metric").Float64s[0]; score != 1 {
				t.Errorf("%s: accuracy %v", model, score)
			}
			opt := PredictOptions{Model: model, Test: "sentences", Output: model + "_predicted", IDColumn: "id", Independent: "words", Type: "response"}
			if _, err := Predict(t.Context(), env, opt); err != nil {
				t.Fatal(err)
			}
			want := map[int32]string{}
			for row := range source.Rows {
				want[source.Col("id").Int32s[row]] = table.FormatArray(source.Col(c.column), row)
			}
			b := readTable(t, env.Store, opt.Output)
			if b.Rows != 60 {
				t.Fatalf("%s: %d predictions", model, b.Rows)
			}
			for row, got := range b.Cols[2].Strings {
				if id := b.Cols[0].Int32s[row]; got != want[id] {
					t.Fatalf("%s: row %d has the tags %s, want %s", model, id, got, want[id])
				}
			}
		}
		given := PredictBYOMOptions{ArchTable: "byom_arch", ID: 1, Test: "sentences", Output: "byom", IDColumn: "id", Independent: "words", Type: "response"}
		if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "byom_arch", Arch: []byte(taggerJSON), WeightsFrom: "tags_categorical_crossentropy"}); err != nil {
			t.Fatal(err)
		}
		for _, like := range []string{"", "tags_packed"} {
			given.Like, given.Replace = like, true
			if given.Classes = nil; like == "" {
				b, i, o := "B-PER", "I, PER", "O"
				given.Classes = [][]*string{{&b, &i, &o}}
			}
			if _, err := PredictBYOM(t.Context(), env, given); err != nil {
				t.Fatal(err)
			}
			byom, fitted := readTable(t, env.Store, "byom"), readTable(t, env.Store, "tags_categorical_crossentropy_predicted")
			for row, got := range byom.Cols[2].Strings {
				if got != fitted.Cols[2].Strings[row] {
					t.Fatalf("byom like %q: row %d has the tags %s, want %s", like, row+1, got, fitted.Cols[2].Strings[row])
				}
			}
		}
	})
}

func TestClassesOfStepsRefused(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		tagged(t, store, "refused_steps", 12)
		tagged(t, store, "refused_short", 12, 3)
		writeTable(t, store, "refused_null", table.Schema{{Name: "words", Type: table.Int32ArrayType}, {Name: "tags", Type: table.TextArrayType}},
			[]any{[]int{1, 2}, []string{"a", "b"}}, []any{[]int{1, 2}, table.Array{Elems: []any{"b", nil}}})
		nulls := []any{[]int{1, 2}, table.Array{Elems: []any{nil, nil}}}
		writeTable(t, store, "refused_nulls", table.Schema{{Name: "words", Type: table.Int32ArrayType}, {Name: "tags", Type: table.TextArrayType}}, nulls, nulls)
		pack := func(source, dependent, like string) error {
			opt := PreprocessOptions{Source: source, Output: source + "_" + dependent + like, Dependent: dependent, Independent: "words", Like: like}
			_, err := Preprocess(t.Context(), env, opt)
			return err
		}
		for _, dependent := range []string{"tags", "named", "tag"} {
			if err := pack("refused_steps", dependent, ""); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct{ source, dependent, like, want string }{
			{"refused_short", "tags", "", `column "tags", row 4: the array has shape [4], that of the first row has shape [5]`},
			{"refused_null", "tags", "", `column "tags", row 2: element 2 is NULL`},
			{"refused_nulls", "tags", "", `refused_nulls: column "tags": all elements of its arrays are NULL, which is no class`},
			{"refused_steps", "named", "refused_steps_tags", `"no" is none of the classes of the training data`},
			{"refused_steps", "tag", "refused_steps_tags", "has arrays of classes of shape [5]"},
			{"refused_steps", "tags", "refused_steps_tag", "has classes of type text"},
		} {
			if err := pack(c.source, c.dependent, c.like); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v: error %v", c, err)
			}
		}
		for _, c := range []struct{ source, arch, compile, fit, want string }{
			{"refused_steps_tags", namedJSON, "loss='binary_crossentropy', optimizer='adam'", "", "have 3 classes at each of 5 steps, the output has shape [5 1]"},
			{"refused_steps_tag", taggerJSON, "loss='categorical_crossentropy', optimizer='adam'", "", "expected arrays of classes"},
			{"refused_steps_tags", taggerJSON, "loss='categorical_crossentropy', optimizer='adam'", "class_weight={'O': 2}", "one class per row"},
		} {
			_, err := Fit(t.Context(), env, FitOptions{Source: c.source, Model: "refused_model", Arch: []byte(c.arch), Iterations: 1, Compile: c.compile, Fit: c.fit})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v, want one with %q", c.source, err, c.want)
			}
		}
	})
}
