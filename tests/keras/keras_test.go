package keras

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// each runs a test on every network.
func each(t *testing.T, test func(t *testing.T, n *network)) {
	for _, n := range networks(t) {
		t.Run(n.Name, func(t *testing.T) { test(t, n) })
	}
}

// TestInference compares predictions with model(x, training=False).
func TestInference(t *testing.T) {
	each(t, func(t *testing.T, n *network) {
		m := n.model(t, "")
		var out [][]float32
		for _, y := range n.Inference {
			out = append(out, make([]float32, len(y.Values)))
		}
		if err := m.Predict(context.Background(), flatInputs(n), n.rows(), n.Weights.Values, out); err != nil {
			t.Fatal(err)
		}
		for i, y := range n.Inference {
			near(t, "output", out[i], y.Values, 2e-6, 0)
		}
	})
}

// TestGradients compares the gradients of the loss of all rows in training mode, and the moving statistics after it.
func TestGradients(t *testing.T) {
	each(t, func(t *testing.T, n *network) {
		for _, g := range n.Gradients {
			gradients, weights := trainingStep(t, n, g.Compile, 1)
			nearEach(t, g.Compile, n.spec(t), gradients, g.Gradients.Values, 1e-5)
			nearEach(t, "after a step", n.spec(t), weights, n.Training.Weights.Values, 2e-6)
		}
	})
}

// TestSlices compares the gradients and moving statistics of a batch that is cut into slices, but for losses that want it whole.
func TestSlices(t *testing.T) {
	each(t, func(t *testing.T, n *network) {
		for _, g := range n.Gradients {
			if losses := lossesOf(t, n, g.Compile); slices.ContainsFunc(losses, func(l *loss.Loss) bool { return l.WholeBatch }) {
				continue
			}
			gradients, weights := trainingStep(t, n, g.Compile, 3)
			nearEach(t, g.Compile, n.spec(t), gradients, g.Gradients.Values, 1e-5)
			nearEach(t, "after a step", n.spec(t), weights, n.Training.Weights.Values, 2e-6)
		}
	})
}

// TestEvaluations compares loss and metrics with model.evaluate.
func TestEvaluations(t *testing.T) {
	each(t, func(t *testing.T, n *network) {
		for _, e := range n.Evaluations {
			m := n.model(t, e.Compile)
			score, err := m.Evaluate(context.Background(), n.data(), n.Weights.Values)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]float64{"loss": score.Loss()}
			for _, v := range m.Metrics(score) {
				name, _, _ := strings.Cut(v.Name, "(")
				if len(n.Targets) > 1 {
					name = v.Output + "_" + name
				}
				got[name] = v.Value
			}
			for name, want := range e.Values {
				v, ok := got[name]
				if !ok && len(n.Targets) > 1 && strings.HasSuffix(name, "_loss") {
					continue // Keras also lists the loss of each output
				}
				if !ok || !(math.Abs(v-want) <= 1e-6*max(1, math.Abs(want))) {
					t.Errorf("%s: %s is %v, Keras has %v", e.Compile, name, v, want)
				}
			}
		}
	})
}

// TestRuns compares the weights after model.fit without shuffle.
func TestRuns(t *testing.T) {
	each(t, func(t *testing.T, n *network) {
		for _, r := range n.Runs {
			fit, err := params.ParseFit(r.Fit)
			if err != nil {
				t.Fatal(err)
			}
			m := n.model(t, r.Compile)
			result, err := m.Train(context.Background(), trainer.TrainInput{
				Data: n.data(), Weights: n.Weights.Values, State: m.NewState(), Fit: *fit,
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range n.spec(t).Weights {
				near(t, fmt.Sprintf("%s, %s: %s/%s", r.Compile, r.Fit, w.Layer, w.Name), of(w, result.Weights), of(w, r.Weights.Values), 1e-5, 0)
			}
		}
	})
}
