package loss

import (
	"math"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// TestIgnoreClassOfProbabilities: with ignore_class the loss is that of the output, clipped as Keras clips it, even where the
// output is a softmax.
func TestIgnoreClassOfProbabilities(t *testing.T) {
	l, err := New(params.Call{Name: "SparseCategoricalCrossentropy", Args: map[string]params.Value{"ignore_class": int64(2)}})
	if err != nil {
		t.Fatal(err)
	}
	if l.Logits != nil || l.SoftmaxLogits != nil {
		t.Error("the loss has a form of logits")
	}
	p := []float32{1e-9, 1 - 1e-9, 0, 0.2, 0.3, 0.5}
	y := []float32{1, 0, 0, 0, 0, 1}
	losses, dp := make([]float32, 2), make([]float32, 6)
	output := l.Output.(computed)
	output.Rows(2, 3, p, y, losses)
	output.Grad(2, 3, p, y, []float32{1, 1}, dp)
	if want := -math.Log(1e-7); math.Abs(float64(losses[0])-want) > 1e-6*want || losses[1] != 0 {
		t.Errorf("losses are %v, want %v and 0", losses, want)
	}
	for j, d := range dp {
		if d != 0 {
			t.Errorf("gradient %d is %v, want 0: the clip holds the first row, the second does not count", j, d)
		}
	}
}
