package initializer

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
)

// stftSpec is a model with a kernel (5, channels, filters).
func stftSpec(config string, channels, filters int) (*keras.Spec, error) {
	return keras.Parse(fmt.Appendf(nil, `{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, 8, %d]}},
		{"class_name": "Conv1D", "config": {"name": "conv", "filters": %d, "kernel_size": 5, "use_bias": false,
			"kernel_initializer": {"module": "keras.initializers", "class_name": "STFT", "config": {%s}, "registered_name": null}}}]}}`,
		channels, filters, config))
}

// The values are those of Keras 3.15.1 with SciPy 1.x: keras.initializers.STFT(...)((5, 1, 3)).
func TestSTFT(t *testing.T) {
	for config, want := range map[string][]float64{
		``: {0, 0, 0, 0.4082483, 0, -0.4082483, 0.8164966, -0.8164966, 0.8164966, 0.4082483, 0, -0.4082483, 0, 0, 0},
		`"side": "imag", "window": "hamming", "periodic": true, "scaling": "spectrum"`: {
			0, 0, 0, 0, -0.1473527, 0, 0, 0, 0, 0, 0.3378325, 0, 0, 0, 0,
		},
		`"window": null, "scaling": "density"`: {1, 1, 1, 1, 0, -1, 1, -1, 1, 1, 0, -1, 1, 1, 1},
		`"side": "imag", "window": "flattop", "scaling": null`: {
			0, 0, 0, 0, 0.05473684, 0, 0, 0, 0, 0, -0.05473684, 0, 0, 0, 0,
		},
		`"side": "real", "window": "nuttall"`: {
			0.0003454388, 0.0003454388, 0.0003454388, 0.2161206, 0, -0.2161206, 0.9521468, -0.9521468,
			0.9521468, 0.2161206, 0, -0.2161206, 0.0003454388, 0.0003454388, 0.0003454388,
		},
		`"window": "blackmanharris", "periodic": true`: {
			5.30006e-05, 5.30006e-05, 5.30006e-05, 0.09099451, 0, -0.09099451, 0.7012275, -0.7012275,
			0.7012275, 0.7012275, 0, -0.7012275, 0.09099451, 0.09099451, 0.09099451,
		},
		`"window": "blackman", "scaling": "spectrum"`: {0, 0, 0, 0.2023809, 0, -0.2023809, 0.5952381, -0.5952381, 0.5952381, 0.2023809, 0, -0.2023809, 0, 0, 0},
	} {
		spec, err := stftSpec(config, 1, 3)
		if err != nil {
			t.Errorf("%s: %v", config, err)
			continue
		}
		for i, got := range Fill(spec, 1) {
			if math.Abs(float64(got)-want[i]) > 2e-7 {
				t.Errorf("%s: element %d is %v, Keras has %v", config, i, got, want[i])
			}
		}
	}
}

func TestSTFTRefused(t *testing.T) {
	for _, c := range []struct {
		config            string
		channels, filters int
		want              string
	}{
		{`"window": "chebwin"`, 1, 3, `window "chebwin"`},
		{`"side": "both"`, 1, 3, `side "both"`},
		{`"scaling": "power"`, 1, 3, `scaling "power"`},
		{``, 2, 3, "kernels of one channel"},
		{``, 1, 1, "at least 2"},
	} {
		if _, err := stftSpec(c.config, c.channels, c.filters); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %d channels and %d filters: %v, want %q", c.config, c.channels, c.filters, err, c.want)
		}
	}
}
