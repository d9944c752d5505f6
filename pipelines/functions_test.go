package pipelines

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

const (
	focalText = "def focal(y_true, y_pred, gamma=2.0):\n    p = K.clip(y_pred, K.epsilon(), 1 - K.epsilon())\n" +
		"    return -K.sum(K.pow(1 - p, gamma) * y_true * K.log(p), axis=-1)\n"
	rmseText = "sqrt(mean(square(y_true - y_pred), axis=-1))"
)

// loadFunctions makes an object table with the two functions above.
func loadFunctions(t *testing.T, store table.Store, name string) {
	t.Helper()
	for function, text := range map[string]string{"focal": focalText, "rmse": rmseText} {
		if _, err := LoadFunction(t.Context(), Env{Store: store}, LoadFunctionOptions{Table: name, Text: text, Name: function}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoadFunction(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		load := func(opt LoadFunctionOptions) error {
			opt.Table = `"My functions"`
			_, err := LoadFunction(t.Context(), env, opt)
			return err
		}
		for i, opt := range []LoadFunctionOptions{
			{Name: "focal", Text: focalText, Description: ptr("It's focal")}, {Name: "Größe_2", Text: rmseText},
		} {
			opt.Table = `"My functions"`
			if id, err := LoadFunction(t.Context(), env, opt); err != nil || id != i+1 {
				t.Fatal(id, err)
			}
		}
		if name, err := LoadTopK(t.Context(), env, LoadTopKOptions{Table: `"My functions"`, K: 3}); name != "top_3_accuracy" || err != nil {
			t.Error(name, err)
		}
		b := readTable(t, store, `"My functions"`)
		if d := cmp.Diff(tables.ObjectSchema, b.Schema); d != "" {
			t.Error(d)
		}
		if b.Rows != 3 || string(b.Col("object").Bytes[0]) != focalText || b.Col("description").Strings[0] != "It's focal" ||
			!b.Col("description").IsNull(1) || b.Col("description").Strings[2] != "returns top_3_accuracy" || b.Col("name").Strings[2] != "top_3_accuracy" {
			t.Error(tableText(t, store, `"My functions"`))
		}

		wantError(t, load(LoadFunctionOptions{Name: "focal", Text: rmseText}), `"My functions"`, "the function focal already exists")
		_, err := LoadTopK(t.Context(), env, LoadTopKOptions{Table: `"My functions"`, K: 3})
		wantError(t, err, "top_3_accuracy already exists")

		again, err := LoadFunction(t.Context(), env, LoadFunctionOptions{Table: `"My functions"`, Name: "focal", Text: rmseText, Replace: true})
		if again != 1 || err != nil {
			t.Error(again, err)
		}
		if _, err := LoadTopK(t.Context(), env, LoadTopKOptions{Table: `"My functions"`, K: 3, Replace: true}); err != nil {
			t.Error(err)
		}
		if text := tableText(t, store, `"My functions"`); strings.Count(text, "focal") != 1 || strings.Count(text, "top_3_accuracy") != 2 || strings.Contains(text, "It's focal") {
			t.Errorf("after replacing two of three functions:\n%s", text)
		}
		for opt, want := range map[LoadFunctionOptions]string{
			{Name: "", Text: "y_pred"}:                       "the name of the function is empty",
			{Name: "a b", Text: "y_pred"}:                    `letters, digits and _, and not begin with a digit, found "a b"`,
			{Name: "2a", Text: "y_pred"}:                     "not begin with a digit",
			{Name: "MSE", Text: "y_pred"}:                    "the name MSE is one of Keras' losses and metrics",
			{Name: "Categorical_Accuracy", Text: "y_pred"}:   "one of Keras' losses and metrics",
			{Name: "acc", Text: "y_pred"}:                    "one of Keras' losses and metrics",
			{Name: "get", Text: "y_pred"}:                    "one of Keras' losses and metrics",
			{Name: "x", Text: "y_pred +"}:                    "function x, position 9: expected a value",
			{Name: "x", Text: "sum(y_pred, axis=3)"}:         "the axis 3 of an array of 2 dimensions",
			{Name: "x", Text: "\x80\x04\x95\x00K\x01."}:      "function x: the object is a Python pickle",
			{Name: "x", Text: ""}:                            "the text is empty",
			{Name: "x", Text: "import os\ndef x(a, b): 1\n"}: "the module os is not read",
		} {
			err := load(opt)
			wantError(t, err, want)
			if wrong := (*argument.Error)(nil); !errors.As(err, &wrong) {
				t.Errorf("%v is no ArgumentError", err)
			}
		}
		if _, err := LoadTopK(t.Context(), env, LoadTopKOptions{Table: "t", K: 0}); err == nil {
			t.Error("K = 0 is taken")
		}

		remove := func(opt DeleteFunctionOptions) error {
			opt.Table = `"My functions"`
			return DeleteFunction(t.Context(), env, opt)
		}
		wantError(t, remove(DeleteFunctionOptions{Name: "fokal"}), "there is no function fokal; known: Größe_2, focal, top_3_accuracy")
		wantError(t, remove(DeleteFunctionOptions{ID: 9}), "no function has the id 9; known: 2, 1, 3")
		wantError(t, remove(DeleteFunctionOptions{ID: 1, Name: "focal"}), "given twice")
		for _, opt := range []DeleteFunctionOptions{{Name: "focal"}, {ID: 3}, {Name: "Größe_2"}} {
			if err := remove(opt); err != nil {
				t.Fatal(err)
			}
		}
		if tables := tablesOf(t, store); len(tables) != 0 {
			t.Errorf("tables %q are left", tables)
		}
		if err := remove(DeleteFunctionOptions{ID: 1}); !errors.Is(err, table.ErrNotExist) {
			t.Errorf("%v is not ErrNotExist", err)
		}
		writeTable(t, store, "other", table.Schema{{Name: "id", Type: table.Int32Type}}, []any{1})
		_, err = LoadFunction(t.Context(), env, LoadFunctionOptions{Table: "other", Name: "x", Text: "y_pred"})
		wantError(t, err, "other", `"name"`)
		wantError(t, DeleteFunction(t.Context(), env, DeleteFunctionOptions{Table: "other", ID: 1}), `"name"`)
	})
}

// TestFitWithFunctions: the functions are found by training, evaluation and a warm start, on every runner to the same bits.
func TestFitWithFunctions(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		loadFunctions(t, store, "functions")
		info, err := store.Lookup(t.Context(), mustName(t, "functions"))
		if err != nil {
			t.Fatal(err)
		}
		recorded := "object_table text | " + info.Name.String() + "\n" // with the schema, where the store has schemas
		opt := irisFit()
		opt.Compile, opt.Functions, opt.Validation = "loss='focal(gamma=1.5)', optimizer='adam', metrics=['rmse', 'focal', 'accuracy']", "functions", "iris_test_packed"
		var bits []byte
		for _, runner := range jobtest.Runners() {
			env := Env{Store: store, Runner: runner}
			opt.Model, opt.Iterations = "own_"+runner, 3
			result, err := Fit(t.Context(), env, opt)
			if err != nil {
				t.Fatal(runner, err)
			}
			if w := modelWeights(t, store, opt.Model); bits == nil {
				bits = w
			} else if !bytes.Equal(bits, w) {
				t.Errorf("%s gives other weights", runner)
			}
			evaluated, err := Evaluate(t.Context(), env, EvaluateOptions{Model: opt.Model, Test: "iris_test_packed", Output: "scores_" + runner})
			if err != nil {
				t.Fatal(runner, err)
			}
			if evaluated.Loss != *result.ValidationLoss {
				t.Errorf("%s: loss %v in training, %v in evaluation", runner, *result.ValidationLoss, evaluated.Loss)
			}
			if d := cmp.Diff(result.ValidationMetrics, evaluated.Metrics); d != "" {
				t.Error(runner, d)
			}
			if m := evaluated.Metrics; m[0].Name != "rmse" || !(m[0].Value > 0 && m[0].Value < 1) || m[1].Value >= evaluated.Loss {
				t.Errorf("%s: loss %v, metrics %v", runner, evaluated.Loss, m)
			}
		}
		if text := tableText(t, store, "own_direct_summary"); !strings.Contains(text, recorded) {
			t.Error(text)
		}

		// a warm start has them from the summary
		warm := opt
		warm.Model, warm.WarmStart, warm.Functions = "own_direct", true, ""
		before := modelWeights(t, store, "own_direct")
		if _, err := Fit(t.Context(), Env{Store: store}, warm); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(before, modelWeights(t, store, "own_direct")) {
			t.Error("the warm start trained nothing")
		}
		if text := tableText(t, store, "own_direct_summary"); !strings.Contains(text, recorded) {
			t.Error(text)
		}

		// evaluate says what is missing
		dropTable(t, store, "functions")
		_, err = Evaluate(t.Context(), Env{Store: store}, EvaluateOptions{Model: "own_direct", Test: "iris_test_packed", Output: "x"})
		wantError(t, err, "functions", "does not exist")
		// a model needs them for no prediction
		if _, err := OpenModel(t.Context(), store, "own_direct"); err != nil {
			t.Error(err)
		}
	})
}

// TestPlanOfFunctions: the plan of a step has the operations of a function.
func TestPlanOfFunctions(t *testing.T) {
	store := fileStore(t)
	loadIris(t, store)
	loadFunctions(t, store, "functions")
	opt := PlanOptions{ArchTable: "arch", ID: 1, Step: PlanFit, Batch: 5, Compile: "loss='focal(gamma=1.5)', optimizer='sgd'", Functions: "functions"}
	r, err := Plan(t.Context(), Env{Store: store}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Calls, func(c plan.Call) bool { return strings.HasPrefix(c.Operation, "power") }) {
		t.Errorf("calls %v", r.Calls)
	}
	opt.Functions = ""
	_, err = Plan(t.Context(), Env{Store: store}, opt)
	wantError(t, err, `unknown loss "focal"`)
}

// TestTopK is the metric of Keras.
func TestTopK(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	if _, err := LoadTopK(t.Context(), Env{Store: store}, LoadTopKOptions{Table: "functions", K: 2}); err != nil {
		t.Fatal(err)
	}
	opt := irisFit()
	opt.Iterations, opt.Functions = 1, "functions"
	opt.Compile = "loss='mse', optimizer='sgd', metrics=['top_2_accuracy', 'TopKCategoricalAccuracy(k=2)', 'accuracy']"
	r, err := Fit(t.Context(), Env{Store: store}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if m := r.TrainingMetrics; m[0].Value != m[1].Value || m[0].Value == m[2].Value || math.IsNaN(m[0].Value) {
		t.Errorf("metrics %v", m)
	}
}

// TestFunctionsThatFitRefuses: before any work, with the way out.
func TestFunctionsThatFitRefuses(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	loadFunctions(t, store, "functions")
	writeTable(
		t, store, "others", tables.ObjectSchema, []any{1, "pickled", nil, []byte("\x80\x04\x95\x12\x00.")}, []any{2, "binary", nil, []byte{0xff, 0xfe}},
		[]any{3, "nothing", nil, nil}, []any{4, "wrong", nil, []byte("y_pred +")}, []any{5, "twice", nil, []byte("y_pred")},
		[]any{6, "twice", nil, []byte("y_true")}, []any{7, "good", nil, []byte(rmseText)}, []any{8, "third", nil, []byte("y_pred[:, 5]")},
		[]any{9, "hits", nil, []byte("argmax(y_true) == argmax(y_pred)")}, []any{10, "of_all", nil, []byte("sum(y_pred)")},
	)
	writeTable(t, store, "empty", tables.ObjectSchema)
	before := tablesOf(t, store)
	for _, tt := range []struct{ functions, loss, metric, want string }{
		{"", "focal", "accuracy", `unknown loss "focal"; the nearest of 22 known: `},
		{"", "mse", "rmse", `unknown metric "rmse"; the nearest of`},
		{"", "mse", "rmse", "A function of your own needs the object table"},
		{"functions", "vocal", "rmse", "object table: table functions: there is no function vocal, which compile_params name; known: "},
		{"functions", "focal(beta=1)", "rmse", "argument beta is not supported (known: gamma)"},
		{"missing", "focal", "rmse", "table missing: does not exist"},
		{"missing", "mse", "accuracy", "object table: table missing: does not exist"},
		{"empty", "mse", "accuracy", "has no rows"},
		{"iris_test", "mse", "accuracy", "object table: table iris_test"},
		{"empty", "focal", "rmse", "has no rows"},
		{"iris_test", "focal", "rmse", "iris_test"},
		{"others", "pickled", "accuracy", "function pickled: the object is a Python pickle, which only Python can read, and by running it: write the function as text"},
		{"others", "binary", "accuracy", "function binary: the object is no text in UTF-8"},
		{"others", "nothing", "accuracy", `function nothing: column "object"`},
		{"others", "wrong", "accuracy", "function wrong, position 9: expected a value"},
		{"others", "twice", "accuracy", "the function twice stands in it twice"},
		{"others", "third", "accuracy", `loss third for output "dense_3": function third, position 11: the index 5:6 of an array of shape (rows, 3)`},
		{"others", "hits", "accuracy", "has no gradient"},
		{"others", "mse", "of_all", "function of_all gives one value for all rows of a batch"},
	} {
		opt := irisFit()
		opt.Functions, opt.Iterations = tt.functions, 1
		opt.Compile = "loss='" + tt.loss + "', optimizer='adam', metrics=['" + tt.metric + "']"
		_, err := Fit(t.Context(), Env{Store: store}, opt)
		wantError(t, err, tt.want)
	}
	if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
		t.Error(d)
	}
	opt := irisFit()
	opt.Compile, opt.Functions, opt.Iterations, opt.Model = "loss='good', optimizer='sgd'", "others", 1, "others"
	_, err := Fit(t.Context(), Env{Store: store}, opt)
	wantError(t, err, "others")
	opt.Replace = true
	_, err = Fit(t.Context(), Env{Store: store}, opt)
	wantError(t, err, "others")
}

// TestCheckpointsOfFunctions: a fit goes on with the functions that it began with, or not at all.
func TestCheckpointsOfFunctions(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	loadFunctions(t, store, "functions")
	opt := checkpointed()
	opt.Compile, opt.Functions = "loss='focal', optimizer='adam', metrics=['rmse']", "functions"
	env := Env{Store: store}
	whole := opt
	whole.Model = "whole"
	if _, err := Fit(t.Context(), env, whole); err != nil {
		t.Fatal(err)
	}
	stopAfter(t, env, opt, 3)
	replace := func(name, text string) {
		if err := DeleteFunction(t.Context(), env, DeleteFunctionOptions{Table: "functions", Name: name}); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadFunction(t.Context(), env, LoadFunctionOptions{Table: "functions", Name: name, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	replace("focal", focalText+"\n")
	_, err := Fit(t.Context(), env, opt)
	wantError(t, err, "checkpoint", "of a fit with other arguments (functions)")
	replace("focal", focalText)
	r, err := Fit(t.Context(), env, opt)
	if err != nil || r.ResumedAfter != 2 {
		t.Fatal(r.ResumedAfter, err)
	}
	if !bytes.Equal(modelWeights(t, store, opt.Model), modelWeights(t, store, "whole")) {
		t.Error("the weights differ from those of a fit that was never stopped")
	}
}
