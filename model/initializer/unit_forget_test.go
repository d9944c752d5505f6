package initializer

import (
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
)

// TestUnitForget: the bias of an LSTM is 1 for its forget gates, the second of four, whatever its initializer draws for the
// others.
func TestUnitForget(t *testing.T) {
	for initializer, others := range map[string]float32{"zeros": 0, "ones": 1} {
		spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": [{"class_name": "LSTM", "config": {"name": "l",
			"batch_input_shape": [null, 2, 3], "units": 2, "bias_initializer": "` + initializer + `"}}]}`))
		if err != nil {
			t.Fatal(err)
		}
		bias := spec.Weights[2]
		got := Fill(spec, 1)[bias.Offset:]
		if want := []float32{others, others, 1, 1, others, others, others, others}; !slices.Equal(got, want) {
			t.Errorf("%s: bias %v, want %v", initializer, got, want)
		}
	}
}
