package metric

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
)

func TestMetrics(t *testing.T) {
	inf := float32(math.Inf(1))
	with := func(name string, args map[string]params.Value) params.Call {
		return params.Call{Name: name, Args: args}
	}
	tests := []struct {
		call params.Call
		n    int
		p, y []float32
		want []float32
	}{
		{with("accuracy", nil), 3, []float32{0.1, 0.6, 0.3, 0.5, 0.5, 0, 0, 0, 0}, []float32{0, 1, 0, 0, 1, 0, 1, 0, 0}, []float32{1, 0, 1}},
		{with("acc", nil), 1, []float32{0.4, 0.6, 0.5}, []float32{0, 1, 1}, []float32{1, 1, 0}},
		{with("categorical_accuracy", nil), 1, []float32{0.4}, []float32{1}, []float32{1}},
		{with("binary_accuracy", nil), 4, []float32{0.4, 0.6, 0.6, 0.1}, []float32{0, 1, 0, 0}, []float32{0.75}},
		{with("BinaryAccuracy", map[string]params.Value{"threshold": 0.7}), 2, []float32{0.6, 0.8}, []float32{0, 1}, []float32{1}},
		{with("top_k_categorical_accuracy", nil), 6, []float32{1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1}, []float32{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, []float32{1, 0}},
		{with("TopKCategoricalAccuracy", map[string]params.Value{"k": int64(2)}), 3, []float32{5, 5, 5, 3, 2, 1, 1, inf, 2}, []float32{0, 0, 1, 0, 0, 1, 0, 1, 0}, []float32{1, 0, 0}},
		{with("mse", nil), 2, []float32{1, 2}, []float32{0, 4}, []float32{2.5}},
		{with("mae", nil), 2, []float32{1, 2}, []float32{0, 4}, []float32{1.5}},
		{with("cosine_similarity", nil), 2, []float32{3, 4, 0, 0}, []float32{0, 2, 1, 0}, []float32{0.8, 0}},
		{with("crossentropy", nil), 2, []float32{0.5, 0.5}, []float32{0, 1}, []float32{math.Ln2}},
		{with("ce", nil), 1, []float32{0.25}, []float32{1}, []float32{2 * math.Ln2}},
	}
	for _, tt := range tests {
		m, err := New(tt.call, tt.n)
		if err != nil {
			t.Error(err)
			continue
		}
		if m.Name != tt.call.Name {
			t.Errorf("%s is called %s", tt.call.Name, m.Name)
		}
		got := make([]float32, len(tt.p)/tt.n)
		rows := m.Rows
		if m.Loss != nil {
			rows = m.Loss.Output.Rows
		}
		rows(len(got), tt.n, tt.p, tt.y, got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s(%v, %v) = %v, want %v", tt.call.Name, tt.p, tt.y, got, tt.want)
		}
	}
}

// TestEveryLossIsAMetric by its name.
func TestEveryLossIsAMetric(t *testing.T) {
	for _, name := range loss.Names() {
		call := params.Call{Name: name}
		if name == "dice" || name == "tversky" {
			call.Args = map[string]params.Value{"axis": int64(-1)}
		}
		if _, err := New(call, 3); err != nil {
			t.Error(err)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		call params.Call
		want string
	}{
		{params.Call{Name: "AUC"}, "categorical_accuracy"},
		{params.Call{Name: "Accuracy"}, `"Accuracy"`},
		{params.Call{Name: "accuracy", Args: map[string]params.Value{"k": int64(3)}}, "argument k"},
		{params.Call{Name: "TopKCategoricalAccuracy", Args: map[string]params.Value{"k": int64(0)}}, "at least 1"},
		{params.Call{Name: "TopKCategoricalAccuracy", Args: map[string]params.Value{"k": 2.5}}, "whole number"},
		{params.Call{Name: "BinaryAccuracy", Args: map[string]params.Value{"threshold": "a"}}, "must be a number"},
		{params.Call{Name: "mse", Args: map[string]params.Value{"k": int64(3)}}, "argument k"},
	}
	for _, tt := range tests {
		if _, err := New(tt.call, 3); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want one with %q", tt.call, err, tt.want)
		}
	}
}
