package pipelines

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/picture"
	"github.com/beamfit/beamfit/pipelines/report"
)

// fitted fits iris, scored every second iteration, and predicts the test rows.
func fitted(t *testing.T, store table.Store) {
	t.Helper()
	withIris(t, store)
	env := Env{Store: store}
	opt := irisFit()
	opt.Validation, opt.MetricsEvery = "iris_test_packed", 2
	if _, err := Fit(t.Context(), env, opt); err != nil {
		t.Fatal(err)
	}
	if _, err := Predict(t.Context(), env, PredictOptions{Model: "iris_model", Test: "iris_test", Output: "predicted", IDColumn: "id"}); err != nil {
		t.Fatal(err)
	}
}

func svg(t *testing.T, f *picture.Figure) string {
	t.Helper()
	text, err := f.Inline()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestPlot draws a fitted model and its predictions; what the pictures say is what evaluate computes.
func TestPlot(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		fitted(t, store)
		for _, by := range []picture.Axis{picture.ByIteration, picture.ByTime} {
			res, err := Plot(t.Context(), store, PlotOptions{Kind: PlotHistory, Models: []string{"iris_model", "IRIS_model"}, By: by})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{"iris_model: 5 iterations scored", "iris_model: 5 iterations scored"}, res.Notes); d != "" {
				t.Error(d)
			}
			for _, want := range []string{">loss<", ">categorical_accuracy<", ">iris_model, validation<"} {
				if !strings.Contains(svg(t, res.Figure), want) {
					t.Errorf("the picture has no text %s", want)
				}
			}
		}
		scored, err := Evaluate(t.Context(), Env{Store: store}, EvaluateOptions{Model: "iris_model", Test: "iris_test_packed", Output: "scored"})
		if err != nil {
			t.Fatal(err)
		}
		right := fmt.Sprintf("%.0f of 30", scored.Metrics[0].Value*30)
		res, err := Plot(t.Context(), store, PlotOptions{Kind: PlotConfusion, Predictions: "predicted", Truth: "iris_test.class_text"})
		if err != nil {
			t.Fatal(err)
		}
		if res.Notes[0] != right+" right" || !strings.Contains(svg(t, res.Figure), ">"+right+" rows right") {
			t.Errorf("%q, evaluate has %s", res.Notes, right)
		}
		for _, kind := range []PlotKind{PlotROC, PlotPrecisionRecall, PlotCalibration} {
			res, err := Plot(t.Context(), store, PlotOptions{Kind: kind, Predictions: "predicted", Truth: "iris_test.class_text"})
			if err != nil {
				t.Fatal(err)
			}
			if text := svg(t, res.Figure); len(res.Notes) != 4 || !strings.Contains(text, ">Iris-virginica, ") {
				t.Errorf("%s: %q", kind, res.Notes)
			}
		}
	})
}

func TestPlotRefuses(t *testing.T) {
	store := fileStore(t)
	fitted(t, store)
	for _, c := range []struct {
		opt  PlotOptions
		want string
	}{
		{PlotOptions{Kind: PlotHistory}, "no model is given"},
		{PlotOptions{Kind: PlotHistory, Models: []string{"iris_model"}, By: "day"}, `losses are drawn by iteration or by time, found "day"`},
		{PlotOptions{Kind: PlotHistory, Models: []string{"gone"}, By: picture.ByTime}, "model summary table: table gone_summary: does not exist"},
		{PlotOptions{Kind: "pie"}, `the kind "pie" of a picture is not known`},
		{PlotOptions{Kind: PlotROC, Predictions: "predicted", Truth: "class_text"}, `truth: column "class_text": expected table.column or schema.table.column, found 1 parts`},
		{PlotOptions{Kind: PlotROC, Predictions: "iris_test", Truth: "iris_test.class_text"}, `predictions: table iris_test: column "class_name" does not exist; the columns are id, attributes, class_text; predict writes it`},
		{PlotOptions{Kind: PlotROC, Predictions: "", Truth: "a.b"}, "the name of the predictions table is empty"},
	} {
		if _, err := Plot(t.Context(), store, c.opt); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.opt, err, c.want)
		}
	}
	if _, err := Plot(t.Context(), nil, PlotOptions{}); !errors.Is(err, argument.ErrNoStore) {
		t.Error(err)
	}
}

func facts(all []report.Fact) map[string]string {
	out := map[string]string{}
	for _, f := range all {
		out[f.Name] = f.Value
	}
	return out
}

// TestReport compares a report with what the job Predict and evaluate say of the same rows.
func TestReport(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		fitted(t, store)
		var events []Event
		env := Env{Store: store, Progress: func(e Event) { events = append(events, e) }}
		d, err := Report(t.Context(), env, ReportOptions{Model: "Iris_Model"})
		if err != nil {
			t.Fatal(err)
		}
		if last := events[len(events)-1]; last.Job != "report" || last.Done != 30 || last.Total != 30 {
			t.Errorf("the last event is %+v", last)
		}
		if d.Name != "iris_model" || len(d.Notes) > 0 || len(d.History.Iterations) != 5 {
			t.Errorf("%q, %q, %v", d.Name, d.Notes, d.History.Iterations)
		}
		if got := facts(d.Arguments); got["compile_params"] != irisCompile || got["num_iterations"] != "10" || got["validation_table"] != "iris_test_packed" {
			t.Errorf("%v", got)
		}
		if d.Network.Parameters != 193 || d.Network.Trainable != 193 || len(d.Network.Layers) != 3 || d.Network.Branches() {
			t.Errorf("%+v", d.Network)
		}
		confusion, err := Plot(t.Context(), store, PlotOptions{Kind: PlotConfusion, Predictions: "predicted", Truth: "iris_test.class_text"})
		if err != nil {
			t.Fatal(err)
		}
		out := d.Rows.Outputs[0]
		right, rows := out.Confusion.Total()
		if d.Rows.Kind != "validation" || !strings.HasSuffix(d.Rows.Table, "iris_test_packed") || rows != 30 || d.Rows.Count != 30 || confusion.Notes[0] != fmt.Sprintf("%d of 30 right", right) {
			t.Errorf("%+v: %d of %d right, by the predictions %q", d.Rows, right, rows, confusion.Notes)
		}
		if got, want := facts(d.Results)["validation categorical_accuracy"], fmt.Sprintf("%.5g", float32(right)/30); got != want {
			t.Errorf("accuracy %s, by the matrix %s", got, want)
		}
		// The rows that are predicted worst are those whose class gets the least probability, the wrong ones first.
		if len(out.Worst) != 12 {
			t.Fatalf("%d rows", len(out.Worst))
		}
		for i, row := range out.Worst {
			wrong := row.Truth != row.Predicted
			if wrong != (i < int(rows-right)) {
				t.Errorf("row %d of the worst: %+v, %d are wrong", i, row, rows-right)
			}
			if i > 0 && wrong == (out.Worst[i-1].Truth != out.Worst[i-1].Predicted) && out.Worst[i-1].TruthProb > row.TruthProb {
				t.Errorf("row %d of the worst is worse than the one before", i)
			}
		}
		if f := strings.Split(out.Worst[0].Features, ", "); len(f) != 4 {
			t.Errorf("features %q", f)
		}
		again, err := Report(t.Context(), Env{Store: store, Workers: 1}, ReportOptions{Model: "iris_model"})
		if err != nil {
			t.Fatal(err)
		}
		var a, b bytes.Buffer
		if err := errors.Join(d.Write(&a), again.Write(&b)); err != nil {
			t.Fatal(err)
		}
		if a.Len() == 0 || a.String() != b.String() {
			t.Error("another number of workers makes another page")
		}
		if _, err := Report(t.Context(), env, ReportOptions{Model: "iris_model", Test: "iris_test"}); err == nil || !strings.Contains(err.Error(), "is not packed") {
			t.Error(err)
		}
		if _, err := Report(t.Context(), env, ReportOptions{Model: "iris_test"}); err == nil {
			t.Error("a report of a table that is no model")
		}
	})
}

// TestReportWithoutTables: the packed tables of a model may be gone.
func TestReportWithoutTables(t *testing.T) {
	store := fileStore(t)
	fitted(t, store)
	dropTable(t, store, "iris_test_packed")
	d, err := Report(t.Context(), Env{Store: store}, ReportOptions{Model: "iris_model"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"No rows are predicted: the validation table iris_test_packed does not exist any more. --test names another packed table."}
	if diff := cmp.Diff(want, d.Notes); diff != "" || d.Rows != nil {
		t.Error(diff)
	}
	if d, err = Report(t.Context(), Env{Store: store}, ReportOptions{Model: "iris_model", Test: "iris_train_packed"}); err != nil || d.Rows.Count != 120 || d.Rows.Kind != "test" {
		t.Errorf("%v, %v", d, err)
	}
}

// TestReportOfNumbers: errors of numeric labels, against those of evaluate.
func TestReportOfNumbers(t *testing.T) {
	store := fileStore(t)
	env := Env{Store: store}
	houses(t, store, "houses", 100)
	size := 30
	if _, err := Preprocess(t.Context(), env, PreprocessOptions{
		Source: "houses", Output: "packed", Dependent: "price", Independent: "features", LabelTypes: []string{"numeric"}, BufferSize: &size,
	}); err != nil {
		t.Fatal(err)
	}
	res, err := Fit(t.Context(), env, FitOptions{
		Source: "packed", Model: "m", Arch: oneLayer(1, "linear"), Iterations: 2, Seed: 3,
		Compile: "loss='mse', optimizer='sgd', metrics=['mae', 'RootMeanSquaredError()']",
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := Report(t.Context(), env, ReportOptions{Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	got := facts(d.Rows.Outputs[0].Errors)
	for i, name := range []string{"mean absolute error", "root mean squared error"} {
		var x float64
		if _, err := fmt.Sscan(got[name], &x); err != nil || math.Abs(x-res.TrainingMetrics[i].Value) > 1e-4*x {
			t.Errorf("%s %s, fit has %v", name, got[name], res.TrainingMetrics[i])
		}
	}
	if d.Rows.Kind != "training" || len(d.Rows.Outputs[0].Worst) != 12 || d.Rows.Outputs[0].Confusion != nil {
		t.Errorf("%+v", d.Rows)
	}
	if want := "One iteration was scored; fit --metrics-every 1 scores all of them."; len(d.Notes) != 1 || d.Notes[0] != want {
		t.Errorf("%q", d.Notes)
	}
}

// TestReportOfIgnoredClass: rows of the class that the loss ignores are in the fit, and in nothing that the report compares.
func TestReportOfIgnoredClass(t *testing.T) {
	store := fileStore(t)
	var rows [][]any
	for i := range 40 { // every fourth row has no class
		rows = append(rows, []any{i, []float64{float64(i % 4), 1}, float64(i%4 - 1)})
	}
	writeTable(t, store, "rows", table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "x", Type: table.Float64ArrayType}, {Name: "y", Type: table.Float64Type}}, rows...)
	env := Env{Store: store}
	if _, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "rows", Output: "packed", Dependent: "y", Independent: "x", LabelTypes: []string{"numeric"}}); err != nil {
		t.Fatal(err)
	}
	arch := []byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "Dense", "config": {"name": "d", "units": 3, "activation": "softmax", "batch_input_shape": [null, 2]}}]}}`)
	if _, err := Fit(t.Context(), env, FitOptions{
		Source: "packed", Model: "m", Arch: arch, Iterations: 1, Compile: "loss=SparseCategoricalCrossentropy(ignore_class=-1), optimizer='sgd'",
	}); err != nil {
		t.Fatal(err)
	}
	d, err := Report(t.Context(), env, ReportOptions{Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	if _, compared := d.Rows.Outputs[0].Confusion.Total(); compared != 30 || d.Rows.Count != 40 {
		t.Errorf("%d of %d rows are compared", compared, d.Rows.Count)
	}
	if want := "10 rows of y are not compared: they are of the class -1, which the loss ignores."; !slices.Contains(d.Notes, want) {
		t.Errorf("%q", d.Notes)
	}
}

// TestReportRuns: the runs that name the model, however it is written, and no others.
func TestReportRuns(t *testing.T) {
	store := fileStore(t)
	fitted(t, store)
	for _, args := range [][]string{{"iris_train_packed", "IRIS_MODEL", "--iterations=3"}, {"--model=iris_model", "other"}, {"iris_model", "iris_test", "out"}} {
		rec, err := store.Record(t.Context(), table.Run{ID: table.NewRunID(), Command: "fit", Args: args, Host: "db1", Process: os.Getpid()})
		if err != nil {
			t.Fatal(err)
		}
		if err := rec.End(t.Context(), table.RunStatus{}, table.RunDone, ""); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Report(t.Context(), Env{Store: store}, ReportOptions{Model: "iris_model"})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Runs) != 2 || d.Runs[0].Command[2] != "iris_train_packed" || d.Runs[1].State != "done" {
		t.Errorf("%+v", d.Runs)
	}
}

// TestReportOfImages: rows that the network makes images of are shown as such.
func TestReportOfImages(t *testing.T) {
	store := fileStore(t)
	var rows [][]any
	for i := range 20 {
		pixels := make([]float64, 64)
		pixels[i] = 255
		rows = append(rows, []any{i, pixels, i % 2})
	}
	writeTable(t, store, "pictures", table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "pixels", Type: table.Float64ArrayType}, {Name: "kind", Type: table.Int32Type}}, rows...)
	env, constant := Env{Store: store}, 255.
	if _, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "pictures", Output: "packed", Dependent: "kind", Independent: "pixels", Normalize: &constant}); err != nil {
		t.Fatal(err)
	}
	arch := []byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "Reshape", "config": {"name": "r", "target_shape": [8, 8, 1], "batch_input_shape": [null, 64]}},
		{"class_name": "Flatten", "config": {"name": "f"}}, {"class_name": "Dense", "config": {"name": "d", "units": 1, "activation": "sigmoid"}}]}}`)
	if _, err := Fit(t.Context(), env, FitOptions{Source: "packed", Model: "m", Arch: arch, Iterations: 1, Compile: "loss='binary_crossentropy', optimizer='sgd'"}); err != nil {
		t.Fatal(err)
	}
	d, err := Report(t.Context(), env, ReportOptions{Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	out := d.Rows.Outputs[0]
	if w := out.Worst[0]; w.Image.Width != 8 || w.Image.Height != 8 || w.Features != "" {
		t.Errorf("%+v", w)
	}
	// Of two classes there are ROC, precision over recall and a reliability curve of the second.
	if len(out.Curves) != 3 || len(out.Confusion.Classes) != 2 {
		t.Errorf("%d curves of %q", len(out.Curves), out.Confusion.Classes)
	}
}
