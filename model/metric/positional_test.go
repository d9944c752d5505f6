package metric

import (
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/params/paramstest"
)

// TestPositional: arguments without names are those of Keras' signatures.
func TestPositional(t *testing.T) {
	paramstest.Signatures(t, "signatures.txt", []string{"Mean", "MeanMetricWrapper", "Metric", "Sum"}, func(class string) ([]string, bool) {
		return order(find(class), params.Call{Name: class}), Known(class)
	})
	m, err := New(params.Call{Name: "BinaryCrossentropy", Called: true, Positional: []params.Value{"mine", nil, true}}, 1)
	if err != nil || m.Name != "mine" || m.LogName != "mine" {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := New(params.Call{Name: "AUC", Args: map[string]params.Value{"dtype": "float32", "name": nil}}, 1); err != nil {
		t.Error(err)
	}
	if _, err := New(params.Call{Name: "MeanSquaredError", Positional: []params.Value{"a", "b", "c"}}, 1); err == nil || !strings.Contains(err.Error(), "3 arguments, at most 2") {
		t.Error(err)
	}
}
