package plantest

import (
	"testing"

	"github.com/beamfit/beamfit/model/keras"
)

// MixedModels are Models whose layers have the policy mixed_bfloat16.
func MixedModels(t testing.TB) []Model {
	t.Helper()
	models := Models()
	for i, m := range models {
		text, err := keras.SetPrecision([]byte(m.JSON), keras.MixedBfloat16)
		if err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		models[i].Name, models[i].JSON = "mixed "+m.Name, string(text)
	}
	return models
}
