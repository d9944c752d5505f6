package keras

import (
	"context"
	"math"
	"testing"

	spec "github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// TestMixed compares networks of the policy mixed_bfloat16 with Keras, which TensorFlow computes in bfloat16: predictions, the gradients of a
// step and what training changes, array by array, as a share of the array's length. Float32 stands for what is exact.
//
// Rounding to bfloat16 moves a number by up to 2⁻⁹ of it. A layer rounds its inputs, weights and results, with those of a fused activation four numbers
// at the most: 2⁻⁷ per layer with weights, where errors did not average out, and forward and back twice that. A ReLU or a maximum that falls to
// the other side moves more, for which gradients have another factor of two. Keras rounds sums and the gradients of weights besides, so beamfit must be nearer
// to what is exact, or as near within a half; its predictions are within the bound of Keras' too.
func TestMixed(t *testing.T) {
	for _, n := range read(t, "testdata/mixed/networks.json").Networks {
		t.Run(n.Name, func(t *testing.T) {
			exact := *n
			var err error
			if exact.Architecture, err = spec.SetPrecision(n.Architecture, spec.Float32); err != nil {
				t.Fatal(err)
			}
			s, depth := n.spec(t), 0
			for _, l := range s.Layers {
				if len(l.Weights) > 0 {
					depth++
				}
			}
			bound := float64(depth) / 128
			for i, out := range predicted(t, n) {
				keras := n.Inference[i].Values
				compareMixed(t, "output", bound, out, keras, predicted(t, &exact)[i])
				if d := distance(out, keras); !(d <= bound) {
					t.Errorf("output: %.4f from Keras, bound %.4f", d, bound)
				}
			}
			each := func(what string, bound float64, got, keras, exact []float32) {
				for _, w := range s.Weights {
					if length(of(w, exact)) > length(exact)/1024 { // else it is what rounding makes of zero
						compareMixed(t, what+" "+w.Layer+"/"+w.Name, bound, of(w, got), of(w, keras), of(w, exact))
					}
				}
			}
			for _, g := range n.Gradients {
				gradients, _ := trainingStep(t, n, g.Compile, 1)
				wanted, _ := trainingStep(t, &exact, g.Compile, 1)
				each("gradient of", 4*bound, gradients, g.Gradients.Values, wanted)
			}
			for _, r := range n.Runs { // steps add up
				each("change of", 1, changes(n, ran(t, n, r)), changes(n, r.Weights.Values), changes(n, ran(t, &exact, r)))
			}
		})
	}
}

// compareMixed compares an array with what is exact, and with how far Keras is from it.
func compareMixed(t *testing.T, what string, bound float64, got, keras, exact []float32) {
	t.Helper()
	ours, theirs := distance(got, exact), distance(keras, exact)
	if !(ours <= bound) || !(ours <= 1.5*theirs) {
		t.Errorf("%s: %.4f from what is exact, bound %.4f; Keras is %.4f from it", what, ours, bound, theirs)
	}
	if ours == 0 {
		t.Errorf("%s: nothing is rounded", what)
	}
}

// distance is that of two arrays as a share of the length of the second.
func distance(got, want []float32) float64 {
	d := make([]float32, len(want))
	for i := range want {
		d[i] = got[i] - want[i]
	}
	return length(d) / length(want)
}

func length(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

func predicted(t *testing.T, n *network) (out [][]float32) {
	t.Helper()
	for _, y := range n.Inference {
		out = append(out, make([]float32, len(y.Values)))
	}
	if err := n.model(t, "").Predict(context.Background(), flatInputs(n), n.rows(), n.Weights.Values, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// ran are the weights after a run.
func ran(t *testing.T, n *network, r run) []float32 {
	t.Helper()
	fit, err := params.ParseFit(r.Fit)
	if err != nil {
		t.Fatal(err)
	}
	m := n.model(t, r.Compile)
	result, err := m.Train(context.Background(), trainer.TrainInput{Data: n.data(), Weights: n.Weights.Values, State: m.NewState(), Fit: *fit})
	if err != nil {
		t.Fatal(err)
	}
	return result.Weights
}

// changes is what a run has added to a network's weights.
func changes(n *network, weights []float32) []float32 {
	d := make([]float32, len(weights))
	for i, w := range weights {
		d[i] = w - n.Weights.Values[i]
	}
	return d
}
