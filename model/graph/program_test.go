package graph

import (
	"fmt"
	"testing"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
)

// FuzzProgram: every function that can be bound becomes a graph, for a batch of any size, and is differentiated.
func FuzzProgram(f *testing.F) {
	for _, text := range []string{
		"-sum(y_true * log(clip(y_pred, epsilon, 1 - epsilon)), axis=-1)",
		"where(y_pred[:, 1:] > 0.5 and not (y_true[:, :3] == 1), y_pred[:, :-1] ** 2, -y_pred[..., 1:])",
		"max(expand_dims(y_pred, 0) - expand_dims(y_true, 1), axis=[0, 2])", "y_pred[:, 1] ** y_true[:, 0] + argmax(y_pred)",
		"softmax(y_pred, axis=0) * log_softmax(reshape(y_pred, (-1, 2, 2)), axis=1)[:, :, None, 0]", "sqrt(var(y_pred)) + std(flatten(y_pred))",
		"squeeze(mean(y_pred, axis=1, keepdims=True)) - stop_gradient(sum(y_pred)) / y_pred[:, 0]", "2 - y_pred / 0", "1 / y_pred * 3 ** y_pred",
		"mean(top_k_categorical_accuracy(y_true, y_pred, k=2)) + l2_normalize(y_pred)",
	} {
		f.Add(text)
	}
	spec, err := keras.Parse(fmt.Appendf(nil, `{"class_name":"Sequential","config":[{"class_name":"Dense","config":{"name":"d",
		"batch_input_shape":[null,2],"units":4,"activation":"softmax"}}]}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fn, err := expr.Parse("f", text)
		if err != nil {
			return
		}
		l, err := loss.Custom(fn, params.Call{Name: "f"}, []int{4})
		if err != nil {
			return
		}
		for _, batch := range []int{1, 3, 4} {
			o := Options{Batch: batch, Training: l.Program.Differentiable, Losses: []*loss.Loss{l}, Metrics: [][]*loss.Loss{{l}}}
			g, err := Build(spec, o)
			if err != nil {
				t.Fatalf("batch %d: %v", batch, err)
			}
			for _, n := range append(g.RowMetrics[0], g.RowLosses...) {
				if n.Shape().Dims() != 1 || n.Shape()[0] != batch {
					t.Errorf("batch %d: a result of shape %v", batch, n.Shape())
				}
			}
		}
	})
}
