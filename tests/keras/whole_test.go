package keras

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// TestWhole trains whole networks as Keras did. The references are too large to be kept: scripts/keras-networks makes them and
// names their file in BEAMFIT_KERAS_WHOLE. BEAMFIT_UPDATE_GOLDEN=1 writes the deviations to docs/keras.md.
func TestWhole(t *testing.T) {
	file := os.Getenv("BEAMFIT_KERAS_WHOLE")
	if file == "" {
		t.Skip("scripts/keras-networks runs this test")
	}
	r := read(t, file)
	var table strings.Builder
	fmt.Fprintf(&table, "Largest deviations from Keras %s in float64:\n\n", r.Keras)
	table.WriteString("| network | weights | optimizer | predictions | weights after 20 steps | they moved by | loss, metrics after each epoch |\n|---|---|---|---|---|---|---|\n")
	for _, n := range r.Networks {
		t.Run(n.Name, func(t *testing.T) {
			predictions := predictionError(t, n)
			weights, scores := runError(t, n, n.Runs[0])
			moved := deviation(n.Runs[0].Weights.Values, n.Weights.Values)
			c, err := params.ParseCompile(n.Runs[0].Compile)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&table, "| %s | %d | %v | %.0e | %.0e | %.0e | %.0e |\n",
				n.Name, len(n.Weights.Values), c.Optimizer, predictions, weights, moved, scores)
			t.Logf("predictions %.2g, weights %.2g, moved by %.2g, scores %.2g", predictions, weights, moved, scores)
			if !(predictions <= 1e-5 && weights <= 1e-4 && scores <= 1e-4) {
				t.Errorf("deviates from Keras: predictions by %.2g, weights by %.2g, scores by %.2g", predictions, weights, scores)
			}
		})
	}
	if !t.Failed() && os.Getenv("BEAMFIT_UPDATE_GOLDEN") != "" {
		onPage(t, "whole", table.String())
	}
}

// predictionError is the largest deviation of a prediction.
func predictionError(t *testing.T, n *network) float64 {
	t.Helper()
	var out [][]float32
	for _, y := range n.Inference {
		out = append(out, make([]float32, len(y.Values)))
	}
	if err := n.model(t, "").Predict(context.Background(), flatInputs(n), n.rows(), n.Weights.Values, out); err != nil {
		t.Fatal(err)
	}
	worst := 0.0
	for i, y := range n.Inference {
		worst = max(worst, deviation(out[i], y.Values))
	}
	return worst
}

// runError trains epoch by epoch. It is the largest deviation of a weight at the end, and of a loss or metric after an epoch,
// over its value where that is above 1.
func runError(t *testing.T, n *network, r run) (weights, scores float64) {
	t.Helper()
	fit, err := params.ParseFit(r.Fit)
	if err != nil {
		t.Fatal(err)
	}
	fit.Epochs = 1
	m := n.model(t, r.Compile)
	now, state := n.Weights.Values, m.NewState()
	for epoch, history := range r.History {
		result, err := m.Train(context.Background(), trainer.TrainInput{
			Data: n.data(), Weights: now, State: state, Fit: *fit, Iteration: epoch,
		})
		if err != nil {
			t.Fatal(err)
		}
		now, state = result.Weights, result.State
		score, err := m.Evaluate(context.Background(), n.data(), now)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{"loss": score.Loss()}
		for _, v := range m.Metrics(score) {
			name := v.Name
			if len(n.Targets) > 1 {
				name = v.Output + "_" + name
			}
			got[name] = v.Value
		}
		for name, value := range got {
			want, ok := history[name]
			if !ok {
				t.Fatalf("Keras' history has no %s", name)
			}
			scores = max(scores, math.Abs(value-want)/max(1, math.Abs(want)))
		}
	}
	return deviation(now, r.Weights.Values), scores
}

// deviation is the largest difference, +Inf where one is not a number.
func deviation(got, want []float32) float64 {
	worst := 0.0
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) {
			d = math.Inf(1)
		}
		worst = max(worst, d)
	}
	return worst
}
