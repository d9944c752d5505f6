//go:build !gpu

package recipe

import (
	"errors"
	"testing"

	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/model/trainer"
)

// A model on GPUs is made, and answers what steps ask that read rows or find states, where there are none; it fails when it computes.
func TestGPUsWhenComputing(t *testing.T) {
	m, err := Model{
		Arch:    []byte(`{"class_name":"Sequential","config":[{"class_name":"Dense","config":{"name":"d","units":2,"activation":"softmax","batch_input_shape":[null,3]}}]}`),
		Compile: "loss='categorical_crossentropy', optimizer='adam'", Fit: "batch_size=2", GPUs: true, OneGPU: true, Shards: 2,
	}.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	state := m.NewState()
	if err := m.CheckState(state); err != nil {
		t.Error(err)
	}
	b := trainer.Buffer{N: 2, Inputs: [][]float32{{1, 2, 3, 4, 5, 6}}, Labels: [][]int16{{0, 1, 1, 0}}}
	if err := m.CheckBuffer(b); err != nil {
		t.Error(err)
	}
	w := make([]float32, m.Spec.NumWeights)
	if _, err := m.Train(t.Context(), trainer.TrainInput{Data: trainer.Buffers{b}, Weights: w, State: state, Fit: *m.Fit}); !errors.Is(err, cuda.ErrNotBuilt) {
		t.Errorf("training without GPUs: %v", err)
	}
	if _, err := m.Evaluate(t.Context(), trainer.Buffers{b}, w); !errors.Is(err, cuda.ErrNotBuilt) {
		t.Errorf("evaluating without GPUs: %v", err)
	}
	if err := m.Predict(t.Context(), b.Inputs, 2, w, [][]float32{make([]float32, 4)}); !errors.Is(err, cuda.ErrNotBuilt) {
		t.Errorf("predicting without GPUs: %v", err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}
