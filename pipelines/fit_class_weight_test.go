package pipelines

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// Classes may be named by their values, which is the same as by their numbers.
func TestFitClassWeightByValue(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	weights := func(fit string) []byte {
		t.Helper()
		opt := irisFit()
		opt.Fit, opt.Iterations, opt.Replace = "batch_size=5"+fit, 2, true
		if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
		return modelWeights(t, store, opt.Model)
	}
	byNumber, byValue := weights(", class_weight={1: 3.0, 2: 0.5}"), weights(", class_weight={'Iris-virginica': 0.5, 'Iris-versicolor': 3}")
	if !bytes.Equal(byNumber, byValue) || bytes.Equal(byNumber, weights("")) {
		t.Error("class weights by value are not those by number")
	}
	for fit, want := range map[string][]string{
		"class_weight={'Iris-setossa': 2}": {`column "class_text" has no class "Iris-setossa"; known: Iris-setosa, Iris-versicolor, Iris-virginica`},
		"class_weight={'0': 2}":            {`no class "0"`},
	} {
		opt := irisFit()
		opt.Model, opt.Fit = "refused", fit
		_, err := Fit(t.Context(), Env{Store: store}, opt)
		wantError(t, err, want...)
	}
}

// Numbers that are no class cannot be weighted by class: the error names the column and the row of the packed table.
func TestClassWeightOfNumbers(t *testing.T) {
	store := fileStore(t)
	schema := table.Schema{{Name: "x", Type: table.Float64ArrayType}, {Name: "y", Type: table.Float64Type}}
	writeTable(t, store, "numbers", schema, []any{[]float64{1, 2}, 0.}, []any{[]float64{2, 2}, 0.5}, []any{[]float64{3, 2}, 1.})
	env := Env{Store: store}
	if _, err := Preprocess(t.Context(), env, PreprocessOptions{Source: "numbers", Output: "packed", Dependent: "y", Independent: "x", LabelTypes: []string{"numeric"}}); err != nil {
		t.Fatal(err)
	}
	_, err := Fit(t.Context(), env, FitOptions{
		Source: "packed", Model: "m", Arch: oneLayer(1, "sigmoid"), Iterations: 1, Compile: "loss='binary_crossentropy', optimizer='adam'", Fit: "class_weight={1: 2.0}",
	})
	wantError(t, err, `table packed, column "y", row 1`, "0.5 is no class")
	var value *table.ValueError
	if !errors.As(err, &value) || value.Column != "y" {
		t.Errorf("%v is no ValueError of the column", err)
	}
}

// Arguments of Keras' fit that change nothing are accepted with a notice.
func TestFitNotices(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	opt := irisFit()
	opt.Fit, opt.Iterations = "batch_size=5, validation_batch_size=64, validation_split=0.0", 1
	opt.Compile = "model.compile(RMSprop(0.001, 0.9, 0.5), 'categorical_crossentropy');"
	r, err := Fit(t.Context(), Env{Store: store}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{
		"compile_params: arguments of RMSprop without names are taken as momentum=0.5; Keras 2.0 to 2.3 have epsilon, decay in these places: names tell them apart",
		"fit_params: validation_batch_size changes nothing: scores do not depend on batches",
	}; !slices.Equal(r.Warnings, want) {
		t.Errorf("warnings %q, want %q", r.Warnings, want)
	}
}
