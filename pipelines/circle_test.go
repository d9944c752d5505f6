package pipelines

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// onCircle is a network from two numbers to a point of the unit circle.
const onCircle = `{"class_name": "Sequential", "config": {"name": "m", "layers": [
	{"class_name": "Dense", "config": {"name": "a", "units": 8, "activation": "tanh", "batch_input_shape": [null, 2]}},
	{"class_name": "Dense", "config": {"name": "d", "units": 2}},
	{"class_name": "UnitNormalization", "config": {"name": "u", "axis": -1}}]}}`

// TestCircle trains places of rows on a circle, which are compared with each other: classes as one-hot labels and as numbers, on one
// core and on several, give the same; predict gives the places.
func TestCircle(t *testing.T) {
	store := fileStore(t)
	houses(t, store, "houses", 150)
	loadArch(t, store, []byte(onCircle))
	type result struct{ start, end, evaluated float64 }
	var first result
	for i, kind := range []string{"class", "numeric", "class"} {
		env := Env{Store: store, Workers: 1 + i}
		name := kind + strconv.Itoa(i)
		opt := packHouses("houses", "kind")
		opt.Output, opt.LabelTypes, opt.BufferSize = name+"_packed", []string{kind}, ptr(20)
		if _, err := Preprocess(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		fitted, err := Fit(t.Context(), env, FitOptions{
			Source: opt.Output, Model: name, ArchTable: "arch", ID: 1, Iterations: 3, MetricsEvery: 1, Validation: opt.Output,
			Compile: "loss=Circle(gamma=8.0), optimizer=Adam(learning_rate=0.03)", Fit: "batch_size=16, epochs=6",
		})
		if err != nil {
			t.Fatal(err)
		}
		evaluated, err := Evaluate(t.Context(), env, EvaluateOptions{Model: name, Test: opt.Output, Output: name + "_scores"})
		if err != nil {
			t.Fatal(err)
		}
		losses := readTable(t, store, name+"_summary").Col("training_loss").Float64s
		got := result{losses[0], losses[2], evaluated.Loss}
		if i == 0 {
			first = got
		}
		if got != first || got.evaluated != got.end || !(got.end < got.start) || *fitted.ValidationLoss != got.end {
			t.Errorf("%s labels on %d cores give %+v, before %+v", kind, env.Workers, got, first)
		}
		out := name + "_places"
		if _, err := Predict(t.Context(), env, PredictOptions{Model: name, Test: "houses", Output: out, IDColumn: "id", Independent: "features"}); err != nil {
			t.Fatal(err)
		}
		places := readTable(t, store, out)
		if places.Rows != 150 {
			t.Errorf("%d places", places.Rows)
		}
		for r := range places.Rows {
			var squares float64
			text := strings.Trim(places.Col("class_value").Strings[r], "{}")
			for _, number := range strings.Split(text, ",") {
				x, err := strconv.ParseFloat(number, 64)
				if err != nil {
					t.Fatal(err)
				}
				squares += x * x
			}
			if math.Abs(squares-1) > 1e-5 || !places.Col("prob").IsNull(r) {
				t.Fatalf("row %d is at %s", r, text)
			}
		}
	}
}
