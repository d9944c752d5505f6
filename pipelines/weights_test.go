package pipelines

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// weightedIris is the iris table with columns of weights: one is 1 everywhere, other depends on the class, bad is no weight in row 3.
func weightedIris(t *testing.T, store table.Store, bad any) {
	t.Helper()
	schema := table.Schema{
		{Name: "id", Type: table.Int32Type},
		{Name: "attributes", Type: table.Float64ArrayType},
		{Name: "class_text", Type: table.VarcharType},
		{Name: "one", Type: table.Int32Type},
		{Name: "other", Type: table.Float64Type},
		{Name: "bad", Type: table.Float64Type},
	}
	of := map[string]float64{"Iris-setosa": 1, "Iris-versicolor": 3, "Iris-virginica": 0.5}
	var rows [][]any
	for i, r := range iris(t) {
		row := []any{r.id, r.attributes, r.class, 1, of[r.class], 1.5}
		if i == 2 {
			row[5] = bad
		}
		rows = append(rows, row)
	}
	writeTable(t, store, "iris", schema, rows...)
	loadIris(t, store)
}

// Rows with the weights of their classes train as with class_weight, rows with weights of 1 as rows without; and the scores count them.
func TestRowWeights(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		weightedIris(t, store, 1.5)
		env := Env{Store: store}
		fit := func(weight, fit string) (FitResult, []byte) {
			t.Helper()
			_, err := Preprocess(t.Context(), env, PreprocessOptions{
				Source: "iris", Output: "packed", Dependent: "class_text", Independent: "attributes", Weight: weight, Shards: 3, Seed: 4, Replace: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			r, err := Fit(t.Context(), env, FitOptions{
				Source: "packed", Model: "model", ArchTable: "arch", ID: 1, Iterations: 2, Seed: 1, Replace: true,
				Compile: irisCompile + ", weighted_metrics=['categorical_accuracy']", Fit: "batch_size=5" + fit,
			})
			if err != nil {
				t.Fatal(err)
			}
			return r, modelWeights(t, store, "model")
		}
		plain, plainWeights := fit("", "")
		if b := readTable(t, store, "packed_summary"); b.Col("packed_format").Int32s[0] != 2 || b.Col("weight_varname") != nil {
			t.Error("a table without weights is of the format of those that have some")
		}
		ones, oneWeights := fit("one", "")
		if !bytes.Equal(plainWeights, oneWeights) || ones.TrainingLoss != plain.TrainingLoss {
			t.Error("weights of 1 change the model")
		}
		_, classWeights := fit("", ", class_weight={1: 3.0, 2: 0.5}")
		other, rowWeights := fit("other", "")
		if !bytes.Equal(classWeights, rowWeights) {
			t.Error("the weights of classes, given for each row, train otherwise than class_weight")
		}
		env.Memory = 1
		_, fromFiles := fit("other", "")
		env.Memory = 0
		if !bytes.Equal(fromFiles, rowWeights) {
			t.Error("rows that lie in files train otherwise")
		}
		if m := other.TrainingMetrics; len(m) != 2 || m[1].Name != "weighted_categorical_accuracy" || m[0].Value == m[1].Value {
			t.Errorf("metrics %v", m)
		}
		for _, name := range []string{"packed_summary", "model_summary"} {
			if b := readTable(t, store, name); b.Col("weight_varname").Strings[0] != "other" {
				t.Errorf("%s does not name the weights", name)
			}
		}
		r, err := Evaluate(t.Context(), env, EvaluateOptions{Model: "model", Test: "packed", Output: "evaluated"})
		if err != nil || r.Loss != other.TrainingLoss || r.Metrics[1] != other.TrainingMetrics[1] {
			t.Errorf("evaluated %+v, error %v, want the scores of fit %+v", r, err, other)
		}

		// Validation rows have the weights that are asked for, not those of the training table.
		_, err = Preprocess(t.Context(), env, PreprocessOptions{
			Source: "iris", Output: "validation", Dependent: "class_text", Independent: "attributes", Like: "packed",
		})
		if err != nil {
			t.Fatal(err)
		}
		v, err := Fit(t.Context(), env, FitOptions{
			Source: "packed", Model: "model", ArchTable: "arch", ID: 1, Iterations: 1, Replace: true, Compile: irisCompile, Validation: "validation",
		})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(*v.ValidationLoss-v.TrainingLoss) < 1e-3 || len(v.Warnings) != 1 ||
			v.Warnings[0] != "the weights of rows in the source table are other, those in the validation table are none" {
			t.Errorf("validation loss %v, training loss %v, warnings %q", *v.ValidationLoss, v.TrainingLoss, v.Warnings)
		}
		// class_weight multiplies them.
		both, err := Fit(t.Context(), env, FitOptions{
			Source: "packed", Model: "both", ArchTable: "arch", ID: 1, Iterations: 1, Compile: irisCompile, Fit: "class_weight={1: 2}",
		})
		if err != nil || both.TrainingLoss == v.TrainingLoss {
			t.Errorf("%+v, %v", both, err)
		}
	})
}

// The column of the weights is none of the features that * means.
func TestWeightIsNoFeature(t *testing.T) {
	store := fileStore(t)
	weightedIris(t, store, 1.5)
	_, err := Preprocess(t.Context(), Env{Store: store}, PreprocessOptions{
		Source: "iris", Output: "packed", Dependent: "class_text", Independent: "* EXCEPT (id, attributes, bad)", Weight: "other",
	})
	if err != nil {
		t.Fatal(err)
	}
	if shape := readTable(t, store, "packed").Col("features_shape").Int32s; shape[1] != 1 {
		t.Errorf("the features have shape %v", shape)
	}
	if b := readTable(t, store, "packed_summary"); b.Col("packed_format").Int32s[0] != 4 {
		t.Errorf("format %d", b.Col("packed_format").Int32s[0])
	}
}

func TestPreprocessRefusesWeights(t *testing.T) {
	for _, bad := range []any{-0.5, math.NaN(), nil} {
		store := fileStore(t)
		weightedIris(t, store, bad)
		try := func(weight string) error {
			_, err := Preprocess(t.Context(), Env{Store: store}, PreprocessOptions{
				Source: "iris", Output: "packed", Dependent: "class_text", Independent: "attributes", Weight: weight,
			})
			return err
		}
		var e *table.ValueError
		if err := try("bad"); !errors.As(err, &e) || e.Column != "bad" || e.Row != 3 {
			t.Errorf("%v: error %v", bad, err)
		}
		wantError(t, try("class_text"), `column "class_text" has type character varying; the weight variable must be a number`)
		wantError(t, try("attributes"), "the weight variable must be a number")
		wantError(t, try("one, other"), "the weight of a row is one column, found 2")
		wantError(t, try("missing"), "weight variables", "missing")
		if names := strings.Join(tablesOf(t, store), " "); names != "arch iris" {
			t.Errorf("tables %s", names)
		}
	}
}
