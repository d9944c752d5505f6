package keras

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cpu"
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
			gradients, weights := trainingStep(t, n, g.Compile)
			nearEach(t, g.Compile, n.spec(t), gradients, g.Gradients.Values, 1e-5)
			nearEach(t, "after a step", n.spec(t), weights, n.Training.Weights.Values, 2e-6)
		}
	})
}

// trainingStep runs the training plan of all rows up to the gradients. It returns the gradients, zero for weights that are
// not trained, and the weights, in which only moving statistics change; both are in the order of the weights.
func trainingStep(t *testing.T, n *network, compile string) (gradients, weights []float32) {
	t.Helper()
	c, err := params.ParseCompile(compile)
	if err != nil {
		t.Fatal(err)
	}
	s := n.spec(t)
	factors := c.LossWeights
	var losses []*loss.Loss
	for i := range n.Targets {
		l, err := loss.New(c.Loss[min(i, len(c.Loss)-1)])
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, l)
	}
	if factors == nil {
		factors = slices.Repeat([]float64{1}, len(losses))
	}
	g, err := graph.Build(s, graph.Options{Batch: n.rows(), Training: true, Losses: losses})
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Compile(g, cpu.Device{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mem, err := cpu.Device{}.NewMemory(p.Sizes)
	if err != nil {
		t.Fatal(err)
	}
	place := plan.Ref{Space: plan.Weights, Len: s.NumWeights}
	copy(mem.Host(place), n.Weights.Values)
	for i, r := range p.Inputs {
		copy(mem.Host(r), n.Inputs[i].Values)
	}
	for i, r := range p.Labels {
		copy(mem.Host(r), n.Targets[i].Values)
		for j := range mem.Host(p.Scales[i]) {
			mem.Host(p.Scales[i])[j] = float32(factors[i] / float64(n.rows()))
		}
	}
	program, err := cpu.Device{}.Bind(p, mem)
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Run(&plan.Step{}); err != nil {
		t.Fatal(err)
	}
	gradients = make([]float32, s.NumWeights)
	runs, _ := plan.TrainableRuns(s)
	for _, r := range runs {
		copy(gradients[r.Weight:r.Weight+r.Len], mem.Host(plan.Ref{Space: plan.Grads, Off: r.Compact, Len: r.Len}))
	}
	return gradients, mem.Host(place)
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
				got[name] = v.Value
			}
			for name, want := range e.Values {
				if v, ok := got[name]; !ok && len(n.Targets) > 1 {
					continue // Keras also lists the loss of each output
				} else if !(math.Abs(v-want) <= 1e-6*max(1, math.Abs(want))) {
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
