package pipelines

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
)

// rowsOfModel are what Predict of a Model says of rows, as the rows of the job's output, sorted.
func rowsOfModel(t *testing.T, m *Model, ids []int, inputs ...[][]float32) []string {
	t.Helper()
	predicted, err := m.Predict(t.Context(), inputs...)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i, row := range predicted {
		for _, p := range row {
			if p.Classes == nil {
				out = append(out, fmt.Sprintf("%d|%s|%s|NULL|1", ids[i], p.Output, *p.Label))
			}
			for rank, c := range p.Classes {
				value := "NULL"
				if c.Value != nil {
					value = *c.Value
				}
				out = append(out, fmt.Sprintf("%d|%s|%s|%s|%d", ids[i], p.Output, value, table.FloatText(c.Prob, 64), rank+1))
			}
		}
	}
	slices.Sort(out)
	return out
}

// features are the attributes of examples as Go rows, and their ids.
func featuresOf(rows []example) (ids []int, x [][]float32) {
	for _, r := range rows {
		ids = append(ids, r.id)
		var f []float32
		for _, a := range r.attributes {
			f = append(f, float32(a))
		}
		x = append(x, f)
	}
	return ids, x
}

// A model predicts rows in memory with the very numbers of the job, at another normalizing constant than 1 and with padding.
func TestModelPredictsAsTheJob(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		rows := iris(t)
		irisTable(t, store, "iris", rows)
		loadIris(t, store)
		constant := 3.3
		if _, err := Preprocess(t.Context(), env, PreprocessOptions{
			Source: "iris", Output: "iris_train_packed", Dependent: "class_text", Independent: "attributes", Normalize: &constant,
		}); err != nil {
			t.Fatal(err)
		}
		opt := irisFit()
		opt.Iterations = 3
		if _, err := Fit(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		if _, err := Predict(t.Context(), env, PredictOptions{Model: opt.Model, Test: "iris", Output: "out", IDColumn: "id", Independent: "attributes"}); err != nil {
			t.Fatal(err)
		}
		m, err := OpenModel(t.Context(), store, opt.Model)
		if err != nil {
			t.Fatal(err)
		}
		if m.Normalize != 3.3 {
			t.Errorf("normalizing constant %v", m.Normalize)
		}
		want := predictions(t, store, "out")
		ids, x := featuresOf(rows)
		if d := cmp.Diff(want, rowsOfModel(t, m, ids, x)); d != "" || len(want) != 450 {
			t.Error(len(want), d)
		}
		// Values are the network's own, and do not depend on the other rows.
		for i := range x[:5] {
			p, err := m.Predict(t.Context(), x[i:i+1])
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(rowsOfModel(t, m, ids[i:i+1], x[i:i+1]), slices.DeleteFunc(slices.Clone(want), func(s string) bool { return !strings.HasPrefix(s, fmt.Sprint(ids[i], "|")) })); d != "" {
				t.Error(d)
			}
			if best := p[0][0].Classes[0]; p[0][0].Label != best.Value || float32(best.Prob) != slices.Max(p[0][0].Values) {
				t.Errorf("%+v", p[0][0])
			}
		}
	})
}

// What a model was made from and how it was trained comes back as Fit had it.
func TestOpenModel(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		opt := irisFit()
		opt.Validation, opt.MetricsEvery = "iris_test_packed", 4
		opt.Compile = "loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy','mse']"
		name := "a name"
		opt.Name = &name
		var reports []IterationReport
		result, err := Fit(t.Context(), Env{Store: store, Progress: func(e Event) {
			if e.Iteration != nil {
				reports = append(reports, *e.Iteration)
			}
		}}, opt)
		if err != nil {
			t.Fatal(err)
		}
		m, err := OpenModel(t.Context(), store, `"iris_model"`)
		if err != nil {
			t.Fatal(err)
		}
		if string(m.Arch) != string(irisJSON(t)) || m.Compile != opt.Compile || m.Fit != opt.Fit || *m.Name != name || m.Description != nil {
			t.Errorf("%+v", m)
		}
		var all []float32
		var shapes []string
		for _, w := range m.Weights {
			all = append(all, w.Values...)
			shapes = append(shapes, fmt.Sprint(w.Layer, " ", w.Name, w.Shape))
		}
		if d := cmp.Diff(modelWeights(t, store, "iris_model"), weights.Encode(all)); d != "" {
			t.Error(d)
		}
		if got := strings.Join(shapes, ", "); got != "dense_1 kernel[4 10], dense_1 bias[10], dense_2 kernel[10 10], dense_2 bias[10], dense_3 kernel[10 3], dense_3 bias[3]" {
			t.Error(got)
		}
		class := func(i int) *string { return &irisClasses[i] }
		wantOut := []ModelVariable{{Tensor: "dense_3", Column: "class_text", Shape: []int{3}, Classes: []*string{class(0), class(1), class(2)}}}
		if d := cmp.Diff(wantOut, m.Outputs); d != "" {
			t.Error(d)
		}
		if len(m.Inputs) != 1 || m.Inputs[0].Column != "attributes" || !slices.Equal(m.Inputs[0].Shape, []int{4}) {
			t.Errorf("%+v", m.Inputs)
		}
		last := m.History[len(m.History)-1]
		if len(m.History) != 3 || last.Iteration != 10 || last.TrainingLoss != result.TrainingLoss || *last.ValidationLoss != *result.ValidationLoss {
			t.Errorf("%+v", m.History)
		}
		if d := cmp.Diff(result.TrainingMetrics, last.TrainingMetrics) + cmp.Diff(result.ValidationMetrics, last.ValidationMetrics); d != "" {
			t.Error(d)
		}
		var before time.Duration
		for i, h := range m.History {
			r := reports[slices.IndexFunc(reports, func(r IterationReport) bool { return r.Iteration == h.Iteration })]
			if h.Elapsed <= before || h.TrainingLoss != r.TrainingLoss || !slices.Equal(h.ValidationMetrics, r.ValidationMetrics) {
				t.Errorf("entry %d: %+v, Fit reported %+v", i, h, r)
			}
			before = h.Elapsed
		}

		// One metric, and no validation.
		opt.Validation, opt.Compile, opt.Model = "", irisCompile, "plain"
		if result, err = Fit(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
		if m, err = OpenModel(t.Context(), store, "plain"); err != nil {
			t.Fatal(err)
		}
		last = m.History[len(m.History)-1]
		if d := cmp.Diff(result.TrainingMetrics, last.TrainingMetrics); d != "" || last.ValidationLoss != nil || last.ValidationMetrics != nil {
			t.Errorf("%+v %s", last, d)
		}
	})
}

func TestModelRefuses(t *testing.T) {
	store := fileStore(t)
	trained(t, store)
	m, err := OpenModel(t.Context(), store, "iris_model")
	if err != nil {
		t.Fatal(err)
	}
	good := []float32{1, 2, 3, 4}
	for name, c := range map[string]struct {
		inputs [][][]float32
		want   string
	}{
		"no input":   {nil, "rows of 0 inputs for a model with 1 input"},
		"two inputs": {[][][]float32{{good}, {good}}, "rows of 2 inputs for a model with 1 input"},
		"short":      {[][][]float32{{good, good[:3]}}, "input 1, row 2: 3 features, the model's input has shape [4]"},
		"NaN":        {[][][]float32{{{1, float32(math.NaN()), 3, 4}}}, "input 1, row 1: element 2 is NaN"},
		"infinite":   {[][][]float32{{{1, 2, 3, float32(math.Inf(-1))}}}, "element 4 is -Infinity"},
	} {
		_, err := m.Predict(t.Context(), c.inputs...)
		var wrong *argument.Error
		if !errors.As(err, &wrong) {
			t.Errorf("%s: error %v is no ArgumentError", name, err)
		}
		wantError(t, err, c.want)
	}
	if p, err := m.Predict(t.Context(), nil); err != nil || len(p) != 0 {
		t.Error(p, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Predict(ctx, [][]float32{good}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}

	var wrong *argument.Error
	if _, err := OpenModel(t.Context(), store, "a.b.c"); !errors.As(err, &wrong) {
		t.Error(err)
	}
	if _, err := OpenModel(t.Context(), nil, "iris_model"); !errors.As(err, &wrong) {
		t.Error(err)
	}
	if _, err := OpenModel(t.Context(), store, "nowhere"); !errors.Is(err, table.ErrNotExist) || errors.As(err, &wrong) {
		t.Error(err)
	}
	// A history that does not fit together.
	b := readTable(t, store, "iris_model_summary")
	row := make([]any, len(b.Cols))
	for i := range row {
		row[i] = b.Cols[i].Value(0)
	}
	row[b.Schema.Index("training_loss")] = []float64{1, 2, 3}
	dropTable(t, store, "iris_model_summary")
	writeTable(t, store, "iris_model_summary", b.Schema, row)
	_, err = OpenModel(t.Context(), store, "iris_model")
	wantError(t, err, `table iris_model_summary, column "training_loss", row 1: found 3 elements, expected 1 as metrics_iters has 1`)
}

// A network that is in no table trains to the same bits, and the summary has no table of it.
func TestFitWithoutArchitectureTable(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		trained(t, store)
		opt := irisFit()
		opt.Model, opt.ArchTable, opt.ID, opt.Arch = "own", "", 0, irisJSON(t)
		if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(modelWeights(t, store, "own"), modelWeights(t, store, "iris_model")) {
			t.Error("the weights differ")
		}
		b := readTable(t, store, "own_summary")
		if !b.Col("model_arch_table").IsNull(0) || !b.Col("model_id").IsNull(0) {
			t.Error("the summary names an architecture table")
		}
		if b = readTable(t, store, "iris_model_summary"); b.Col("model_arch_table").Strings[0] != "arch" || b.Col("model_id").Int32s[0] != 1 {
			t.Error("the summary names no architecture table")
		}
		// Evaluate and a warm start work with such a model.
		if _, err := Evaluate(t.Context(), Env{Store: store}, EvaluateOptions{Model: "own", Test: "iris_test_packed", Output: "evaluated"}); err != nil {
			t.Error(err)
		}
		opt.WarmStart, opt.Iterations = true, 1
		if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
			t.Error(err)
		}
	})
}
