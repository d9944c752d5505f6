package trainer

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// predictAll runs Predict on all rows of a dataset at once.
func predictAll(t testing.TB, m *Model, b Buffer, weights []float32) [][]float32 {
	t.Helper()
	var out [][]float32
	for _, k := range m.outWidth {
		out = append(out, make([]float32, b.N*k))
	}
	if err := m.Predict(context.Background(), b.Inputs, b.N, weights, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPredictRowByRow: a row's prediction does not depend on how many rows are predicted with it.
func TestPredictRowByRow(t *testing.T) {
	m := newModel(t, twoJSON, compileWith("adam", "mse"))
	weights := weightsFor(m, 1)
	data := dataFor(m, 2, 300)[0]
	all := predictAll(t, m, data, weights)
	for _, r := range []int{0, 1, 128, 255, 256, 299} {
		one := Buffer{N: 1}
		for i, d := range m.inWidth {
			one.Inputs = append(one.Inputs, data.Inputs[i][r*d:(r+1)*d])
		}
		for i, p := range predictAll(t, m, one, weights) {
			for j, v := range p {
				if w := all[i][r*len(p)+j]; math.Abs(float64(v-w)) > 1e-6 {
					t.Errorf("row %d, output %d: %v alone, %v among others", r, i, v, w)
				}
			}
		}
	}
	for r := range data.N {
		p := all[0][r*3 : r*3+3]
		if s := float64(p[0]) + float64(p[1]) + float64(p[2]); math.Abs(s-1) > 1e-5 {
			t.Errorf("row %d: probabilities sum to %v", r, s)
		}
	}
	predictAll(t, m, Buffer{Inputs: [][]float32{nil, nil}}, weights) // no rows
}

// TestPredictOnly: without compile parameters a model predicts, and does nothing else.
func TestPredictOnly(t *testing.T) {
	full := newModel(t, irisJSON, compileWith("adam", "mse"))
	m, err := New(Config{Spec: full.spec})
	if err != nil {
		t.Fatal(err)
	}
	data, weights := dataFor(full, 1, 9), weightsFor(full, 1)
	if got, want := predictAll(t, m, data[0], weights), predictAll(t, full, data[0], weights); !slices.Equal(got[0], want[0]) {
		t.Error("predictions differ")
	}
	if _, err := m.Evaluate(context.Background(), data, weights); err == nil {
		t.Error("evaluated without a loss")
	}
	if _, err := m.Train(context.Background(), TrainInput{Data: data, Weights: weights}); err == nil {
		t.Error("trained without an optimizer")
	}
}

// TestEvaluateAgainstPredictions works loss and metrics out from the predictions in float64.
func TestEvaluateAgainstPredictions(t *testing.T) {
	c := compileWith("adam", "mse", "accuracy", "mae")
	c.LossWeights = []float64{0.5, 3}
	m := newModel(t, twoJSON, c)
	weights := weightsFor(m, 1)
	data := dataFor(m, 2, 100, 100, 61)
	all := joined(data)[0]
	s := evaluate(t, m, data, weights)
	var loss float64
	var want []MetricValue
	for i, p := range predictAll(t, m, all, weights) {
		k := m.outWidth[i]
		var squares, absolute, hits float64
		for r := range all.N {
			best, label := 0, 0
			for j := range k {
				d := float64(p[r*k+j]) - float64(all.Labels[i][r*k+j])
				squares += d * d / float64(k)
				absolute += math.Abs(d) / float64(k)
				if p[r*k+j] > p[r*k+best] {
					best = j
				}
				if all.Labels[i][r*k+j] == 1 {
					label = j
				}
			}
			if best == label {
				hits++
			}
		}
		n := float64(all.N)
		loss += c.LossWeights[i] * squares / n
		want = append(want, MetricValue{m.outNames[i], "accuracy", hits / n}, MetricValue{m.outNames[i], "mae", absolute / n})
	}
	if math.Abs(s.Loss()-loss) > 1e-6 || s.Rows() != all.N {
		t.Errorf("loss %v of %d rows, want %v of %d", s.Loss(), s.Rows(), loss, all.N)
	}
	got := m.Metrics(s)
	if len(got) != len(want) {
		t.Fatalf("%d metrics, want %d", len(got), len(want))
	}
	for i, w := range want {
		if got[i].Output != w.Output || got[i].Name != w.Name || math.Abs(got[i].Value-w.Value) > 1e-6 {
			t.Errorf("metric %d is %v, want %v", i, got[i], w)
		}
	}
}

// TestScoreOfLogits: the loss from logits is the one from the outputs, where these are not clipped.
func TestScoreOfLogits(t *testing.T) {
	c := compileWith("adam", "categorical_crossentropy", "categorical_crossentropy")
	m := newModel(t, irisJSON, c)
	s := evaluate(t, m, dataFor(m, 1, 50), weightsFor(m, 1))
	if a, b := s.Loss(), m.Metrics(s)[0].Value; math.Abs(a-b) > 1e-6*a {
		t.Errorf("from logits %v, from outputs %v", a, b)
	}
}

// TestLogitsBehindLinear: a linear Activation or an Identity at the end of a model changes nothing, the logits that the loss takes neither.
func TestLogitsBehindLinear(t *testing.T) {
	const dense = `{"class_name": "Dense", "config": {"name": "d", "units": 1, "activation": "sigmoid", "batch_input_shape": [null, 2]}}`
	for _, loss := range []string{"binary_crossentropy", "BinaryCrossentropy(from_logits=True)"} {
		var want TrainResult
		for i, more := range []string{"", `, {"class_name": "Activation", "config": {"name": "a", "activation": "linear"}}`, `, {"class_name": "Identity", "config": {"name": "a"}}`} {
			m := newModel(t, `{"class_name": "Sequential", "config": {"name": "m", "layers": [`+dense+more+`]}}`, compiled(t, "optimizer=sgd, loss="+loss))
			got := train(t, m, TrainInput{Data: dataFor(m, 1, 50), Weights: weightsFor(m, 1), State: m.NewState(), Fit: params.Fit{BatchSize: 10, Epochs: 1}})
			if i == 0 {
				want = got
			} else if !slices.Equal(got.Weights, want.Weights) {
				t.Errorf("%s: weights %v with%s, %v without", loss, got.Weights, more, want.Weights)
			}
		}
	}
}

// TestScoresMerge in any order, through bytes, to the bytes of the whole.
func TestScoresMerge(t *testing.T) {
	m := newModel(t, twoJSON, compileWith("adam", "categorical_crossentropy", "accuracy", "mse"))
	weights := weightsFor(m, 1)
	data := dataFor(m, 2, 31, 32, 0, 33, 1)
	var parts []Score
	for i := range data {
		parts = append(parts, evaluate(t, m, data[i:i+1], weights))
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var want []byte
	for range 10 {
		rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		var merged Score
		for _, p := range parts {
			bytes, err := p.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			var back Score
			if err := back.UnmarshalBinary(bytes); err != nil {
				t.Fatal(err)
			}
			if merged, err = merged.Merge(back); err != nil {
				t.Fatal(err)
			}
		}
		bytes, _ := merged.MarshalBinary()
		if want == nil {
			want = bytes
		}
		if !slices.Equal(bytes, want) || merged.Rows() != 97 {
			t.Fatal("merged scores depend on the order")
		}
	}
	before, _ := parts[0].MarshalBinary()
	if _, err := parts[0].Merge(parts[1]); err != nil {
		t.Fatal(err)
	}
	if after, _ := parts[0].MarshalBinary(); !slices.Equal(before, after) {
		t.Error("merging changed its operand")
	}
	other := evaluate(t, newModel(t, irisJSON, compileWith("adam", "mse")), Buffers{}, make([]float32, 193))
	if _, err := parts[0].Merge(other); err == nil {
		t.Error("scores of two models were merged")
	}
}

// TestInferenceIgnoresDropout and uses moving statistics: scoring twice gives the same.
func TestInferenceIgnoresDropout(t *testing.T) {
	m := newModel(t, twoJSON, compileWith("adam", "mse"))
	data, weights := dataFor(m, 1, 40), weightsFor(m, 1)
	a, _ := evaluate(t, m, data, weights).MarshalBinary()
	b, _ := evaluate(t, m, data, weights).MarshalBinary()
	if !slices.Equal(a, b) {
		t.Error("two scores of the same rows differ")
	}
}

func FuzzScore(f *testing.F) {
	m := newModel(f, twoJSON, compileWith("adam", "mse", "accuracy"))
	seed, _ := evaluate(f, m, dataFor(m, 1, 3), weightsFor(m, 1)).MarshalBinary()
	f.Add(seed)
	f.Add(seed[:len(seed)-1])
	f.Add([]byte{scoreVersion, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Score
		if s.UnmarshalBinary(b) != nil {
			return
		}
		for i := range s.outputs {
			if math.IsNaN(s.outputs[i].lossWeight) {
				return // equal to nothing, so that nothing merges with it
			}
		}
		if _, err := s.Merge(s); err != nil {
			t.Error(err)
		}
		_ = s.Loss()
	})
}

func FuzzState(f *testing.F) {
	seed, _ := State{Steps: 3, Slots: []float32{1, 2}}.MarshalBinary()
	f.Add(seed)
	f.Add(seed[:8])
	f.Fuzz(func(t *testing.T, b []byte) {
		var s State
		if s.UnmarshalBinary(b) != nil {
			return
		}
		if back, _ := s.MarshalBinary(); !slices.Equal(back, b) {
			t.Errorf("%x read and written gives %x", b, back)
		}
	})
}
