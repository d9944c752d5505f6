package pipelines

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

func TestEvaluate(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		opt := irisFit()
		opt.Iterations, opt.Validation = 3, "iris_test_packed"
		fitted, err := Fit(t.Context(), Env{Store: store}, opt)
		if err != nil {
			t.Fatal(err)
		}
		// The same rows under other names, in another number of shards and buffers.
		_, test := parted(iris(t))
		packIris(t, store, "other", test, packing{buffer: 7, x: "pixels", y: "label"})
		type evaluation struct{ test, runner, output string }
		evaluations := []evaluation{{"iris_test_packed", "direct", "a"}, {"other", "direct", "b"}}
		for _, runner := range jobtest.Runners() {
			evaluations = append(evaluations, evaluation{"iris_test_packed", runner, "on_" + runner})
		}
		for _, c := range evaluations {
			r, err := Evaluate(t.Context(), Env{Store: store, Runner: c.runner}, EvaluateOptions{Model: "iris_model", Test: c.test, Output: c.output})
			if err != nil {
				t.Fatal(err)
			}
			want := EvaluateResult{Loss: *fitted.ValidationLoss, Metrics: fitted.ValidationMetrics}
			if d := cmp.Diff(want, r); d != "" {
				t.Errorf("%v: %s", c, d)
			}
			if d := cmp.Diff(tableText(t, store, "a"), tableText(t, store, c.output)); d != "" {
				t.Errorf("%v: %s", c, d)
			}
		}
		b := readTable(t, store, "a")
		want := table.Schema{
			{Name: "loss", Type: table.Float64Type},
			{Name: "metric", Type: table.Float64Type},
			{Name: "metrics_type", Type: table.TextArrayType},
			{Name: "loss_type", Type: table.TextType},
		}
		if d := cmp.Diff(want, b.Schema); d != "" || b.Rows != 1 {
			t.Errorf("%d rows, %s", b.Rows, d)
		}
		if b.Cols[0].Float64s[0] != *fitted.ValidationLoss || b.Cols[1].Float64s[0] != fitted.ValidationMetrics[0].Value ||
			b.Cols[2].Strings[0] != "categorical_accuracy" || b.Cols[3].Strings[0] != "categorical_crossentropy" {
			t.Error(tableText(t, store, "a"))
		}
	})
}

// TestEvaluateWhole: metrics that are no means over rows are those of the table, bit by bit, however it is packed and run.
func TestEvaluateWhole(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	opt := irisFit()
	opt.Iterations, opt.Validation = 1, "iris_test_packed"
	opt.Compile = "loss=sparse_categorical_crossentropy, optimizer='adam', metrics=['acc', AUC(multi_label=True), F1Score(average='macro'), 'R2Score', Precision(top_k=1)]"
	fitted, err := Fit(t.Context(), Env{Store: store}, opt)
	if err != nil {
		t.Fatal(err)
	}
	_, test := parted(iris(t))
	packIris(t, store, "other", test, packing{buffer: 7})
	want := EvaluateResult{Loss: *fitted.ValidationLoss, Metrics: fitted.ValidationMetrics}
	for i, test := range []string{"iris_test_packed", "other"} {
		for _, runner := range jobtest.Runners() {
			for _, workers := range []int{1, 3} {
				var scored Event
				env := Env{Store: store, Runner: runner, Workers: workers, Progress: func(e Event) {
					if e.Stage == "scoring" {
						scored = e
					}
				}}
				r, err := Evaluate(t.Context(), env, EvaluateOptions{Model: "iris_model", Test: test, Output: fmt.Sprint("out_", runner, workers, i)})
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want, r); d != "" {
					t.Errorf("%s on %s: %s", test, runner, d)
				}
				if scored.Done == 0 || scored.Done != scored.Total || scored.Unit != "rows" {
					t.Errorf("%s on %s: the last report of scoring is %+v", test, runner, scored)
				}
			}
		}
	}
	if auc := want.Metrics[1]; auc.Name != "AUC(multi_label=True)" || !(auc.Value > 0 && auc.Value < 1) {
		t.Errorf("%+v", want.Metrics)
	}
	b := readTable(t, store, "iris_model_summary")
	if got := table.FormatArray(b.Col("metrics_type"), 0); got != `{acc,AUC(multi_label=True),F1Score(average='macro'),R2Score,Precision(top_k=1)}` {
		t.Errorf("metrics_type %s", got)
	}
}

func TestEvaluateWithoutMetric(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	opt := irisFit()
	opt.Compile, opt.Iterations = "loss=mse, optimizer=sgd()", 1
	if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
		t.Fatal(err)
	}
	if _, err := Evaluate(t.Context(), Env{Store: store}, EvaluateOptions{Model: "iris_model", Test: "iris_test_packed", Output: "out"}); err != nil {
		t.Fatal(err)
	}
	b := readTable(t, store, "out")
	if !b.Cols[1].IsNull(0) || !b.Cols[2].IsNull(0) || b.Cols[3].Strings[0] != "mse" {
		t.Error(tableText(t, store, "out"))
	}
}

// TestEvaluateOtherClasses: a table whose classes are others, or in another order, would be compared with the wrong ones.
func TestEvaluateOtherClasses(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	opt := irisFit()
	opt.Iterations = 1
	if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
		t.Fatal(err)
	}
	_, test := parted(iris(t))
	for name, c := range map[string]struct {
		classes []any
		want    string
	}{
		"turned": {[]any{"Iris-setosa", nil, "Iris-virginica"}, `have 3 classes, number 2 of which is NULL; those of class_text in the `},
		"other":  {[]any{"setosa", "Iris-versicolor", "Iris-virginica"}, `number 1 of which is "setosa"`},
	} {
		packIris(t, store, name, test, packing{classes: c.classes})
		_, err := Evaluate(t.Context(), Env{Store: store}, EvaluateOptions{Model: "iris_model", Test: name, Output: "out"})
		wantError(t, err, "test table", name, "the labels of class_text in it", c.want, "preprocess --like")
		opt.Model, opt.Validation = "another", name
		_, err = Fit(t.Context(), Env{Store: store}, opt)
		wantError(t, err, "validation table", name, c.want)
	}
	if tables := tablesOf(t, store); slices.Contains(tables, "out") || slices.Contains(tables, "another") {
		t.Errorf("tables %v", tables)
	}
}
