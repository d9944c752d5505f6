package pipelines

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

// A fit in mixed_bfloat16 gives one model on every runner, with every number of workers and with workers that know nothing of this process: another
// one than in float32, whose architecture has the policy, so that it is evaluated and predicts in it.
func TestFitPrecision(t *testing.T) {
	var first []byte
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		opt := irisFit()
		opt.Validation, opt.Iterations = "iris_test_packed", 3
		if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
		opt.Precision = "mixed_bfloat16"
		var fitted FitResult
		for _, runner := range jobtest.Runners() {
			for _, foreign := range []bool{false, true} {
				opt.Model = fmt.Sprintf("mixed_%s_%v", runner, foreign)
				var err error
				if fitted, err = Fit(t.Context(), Env{Store: store, Runner: runner, Workers: 2, strangers: strangersIf(foreign, runner)}, opt); err != nil {
					t.Fatal(err)
				}
				w := modelWeights(t, store, opt.Model)
				if first == nil {
					first = w
				}
				if !bytes.Equal(w, first) {
					t.Errorf("%s gives other weights", opt.Model)
				}
			}
		}
		if bytes.Equal(first, modelWeights(t, store, "iris_model")) {
			t.Error("the weights are those of float32")
		}
		if b := readTable(t, store, opt.Model+"_summary"); b.Col("precision") == nil || b.Col("precision").Strings[0] != "mixed_bfloat16" {
			t.Errorf("the summary has the columns %v", b.Schema.Names())
		}
		if b := readTable(t, store, "iris_model_summary"); b.Col("precision") != nil {
			t.Error("the summary of a fit without a precision has one")
		}
		m, err := ReadModel(t.Context(), store, opt.Model, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range m.Spec.Layers {
			if l.Class != "InputLayer" && l.Precision != keras.MixedBfloat16 {
				t.Errorf("layer %s has the precision %q", l.Name, l.Precision)
			}
		}
		evaluated := func(name, model, precision string) EvaluateResult {
			r, err := Evaluate(t.Context(), Env{Store: store}, EvaluateOptions{Model: model, Test: "iris_test_packed", Output: name, Precision: precision})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if d := cmp.Diff(EvaluateResult{Loss: *fitted.ValidationLoss, Metrics: fitted.ValidationMetrics}, evaluated("a", opt.Model, "")); d != "" {
			t.Errorf("evaluated in another precision than validated: %s", d)
		}
		if a, b := evaluated("b", opt.Model, "float32"), evaluated("c", opt.Model, "mixed_bfloat16"); a.Loss == b.Loss {
			t.Error("float32 and mixed_bfloat16 give the same loss")
		}
		predicted := func(name, precision string) string {
			_, err := Predict(t.Context(), Env{Store: store}, PredictOptions{
				Model: opt.Model, Test: "iris_test", Output: name, IDColumn: "id", Independent: "attributes", Precision: precision,
			})
			if err != nil {
				t.Fatal(err)
			}
			return tableText(t, store, name)
		}
		if own, mixed, float := predicted("p", ""), predicted("q", "mixed_bfloat16"), predicted("r", "float32"); own != mixed || own == float {
			t.Error("predictions are not those of the model's precision")
		}
	})
}

// A precision that is none is refused before anything is read.
func TestPrecisionIsRefused(t *testing.T) {
	env := Env{Store: fileStore(t)}
	opt := irisFit()
	opt.Precision = "bf16"
	_, err := Fit(t.Context(), env, opt)
	wantError(t, err, `precision "bf16" is not supported`, "mixed_bfloat16")
	_, err = Evaluate(t.Context(), env, EvaluateOptions{Model: "m", Test: "t", Output: "o", Precision: "bf16"})
	wantError(t, err, `precision "bf16"`)
	_, err = Predict(t.Context(), env, PredictOptions{Model: "m", Test: "t", Output: "o", Precision: "bf16"})
	wantError(t, err, `precision "bf16"`)
	_, err = PredictBYOM(t.Context(), env, PredictBYOMOptions{ArchTable: "a", ID: 1, Test: "t", Output: "o", Precision: "bf16"})
	wantError(t, err, `precision "bf16"`)
	_, err = Plan(t.Context(), env, PlanOptions{ArchTable: "a", ID: 1, Step: PlanPredict, Precision: "bf16"})
	wantError(t, err, `precision "bf16"`)
}
