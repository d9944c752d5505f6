package trainer

import (
	"math"
	"strings"
	"testing"
)

// TestPenaltyInLoss: the loss of parts of the data, merged, has the penalty of the weights once and the mean penalty of the
// rows; frozen weights have none.
func TestPenaltyInLoss(t *testing.T) {
	const l2 = `{"class_name":"L2","config":{"l2":0.5}}`
	plain := newModel(t, linearJSON, compileWith("sgd", "mse"))
	data, weights := dataFor(plain, 2, 7, 20), weightsFor(plain, 1)
	base := evaluate(t, plain, data, weights).Loss()

	var squares float64
	for _, v := range weights[:6] { // the kernel
		squares += float64(v) * float64(v)
	}
	out := make([]float32, 27*2)
	var activity float64
	at := 0
	for _, b := range data {
		if err := plain.Predict(t.Context(), b.Inputs, b.N, weights, [][]float32{out[at : at+2*b.N]}); err != nil {
			t.Fatal(err)
		}
		at += 2 * b.N
	}
	for _, v := range out {
		activity += float64(v) * float64(v) / 27
	}
	for _, tt := range []struct {
		arguments string
		want      float64
	}{
		{`"kernel_regularizer":` + l2, 0.5 * squares},
		{`"trainable":false,"kernel_regularizer":` + l2, 0},
		{`"activity_regularizer":` + l2, 0.5 * activity},
		{`"kernel_regularizer":` + l2 + `,"activity_regularizer":` + l2, 0.5 * (squares + activity)},
	} {
		m := newModel(t, strings.Replace(linearJSON, `"units":2`, `"units":2,`+tt.arguments, 1), compileWith("sgd", "mse"))
		merged, err := evaluate(t, m, data[:1], weights).Merge(evaluate(t, m, data[1:], weights))
		if err != nil {
			t.Fatal(err)
		}
		if got := merged.Loss() - base; math.Abs(got-tt.want) > 1e-6*(1+tt.want) {
			t.Errorf("%s: adds %v to the loss, want %v", tt.arguments, got, tt.want)
		}
	}
}
