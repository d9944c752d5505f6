package initializer

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/weights"
)

// chain is a model of Dense layers without bias, in wide each, with kernel initializers given as JSON.
func chain(t *testing.T, in int, initializers ...string) *keras.Spec {
	t.Helper()
	layers := fmt.Sprintf(`{"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, %d]}}`, in)
	for i, init := range initializers {
		layers += fmt.Sprintf(`, {"class_name": "Dense", "config": {"name": "l%d", "units": %d, "use_bias": false, "kernel_initializer": %s}}`, i, in, init)
	}
	spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [` + layers + `]}}`))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// moments are mean, standard deviation, excess kurtosis and range.
func moments(values []float32) (mean, stddev, kurtosis float64, low, high float32) {
	n := float64(len(values))
	for _, v := range values {
		mean += float64(v) / n
	}
	var m2, m4 float64
	for _, v := range values {
		d := float64(v) - mean
		m2 += d * d / n
		m4 += d * d * d * d / n
	}
	return mean, math.Sqrt(m2), m4/(m2*m2) - 3, slices.Min(values), slices.Max(values)
}

func TestDistributions(t *testing.T) {
	const width = 400 // 160,000 draws: the mean is known to 0.0025 stddev, the stddev to 0.2 %
	const normalKurtosis, uniformKurtosis, truncatedKurtosis = 0, -1.2, -0.6344
	tests := []struct {
		json           string
		mean, stddev   float64
		kurtosis       float64
		bound          float64 // |value - mean| stays below
		reachesToBound float64 // and comes this near, as a share
	}{
		{`{"class_name": "RandomNormal", "config": {"mean": 0.5, "stddev": 0.2}}`, 0.5, 0.2, normalKurtosis, 0.2 * 6, 0.65},
		{`{"class_name": "TruncatedNormal", "config": {"mean": -1, "stddev": 0.4}}`, -1, 0.4 * truncatedStddev, truncatedKurtosis, 0.8, 0.999},
		{`{"class_name": "RandomUniform", "config": {"minval": -0.3, "maxval": 0.6}}`, 0.15, 0.9 / math.Sqrt(12), uniformKurtosis, 0.45, 0.999},
		{`"glorot_uniform"`, 0, math.Sqrt(2.0 / 800), uniformKurtosis, math.Sqrt(6.0 / 800), 0.999},
		{`"glorot_normal"`, 0, math.Sqrt(2.0 / 800), truncatedKurtosis, 2 * math.Sqrt(2.0/800) / truncatedStddev, 0.999},
		{`"he_uniform"`, 0, math.Sqrt(2.0 / 400), uniformKurtosis, math.Sqrt(6.0 / 400), 0.999},
		{`"he_normal"`, 0, math.Sqrt(2.0 / 400), truncatedKurtosis, 2 * math.Sqrt(2.0/400) / truncatedStddev, 0.999},
		{`"lecun_uniform"`, 0, math.Sqrt(1.0 / 400), uniformKurtosis, math.Sqrt(3.0 / 400), 0.999},
		{`"lecun_normal"`, 0, math.Sqrt(1.0 / 400), truncatedKurtosis, 2 * math.Sqrt(1.0/400) / truncatedStddev, 0.999},
		{`{"class_name": "VarianceScaling", "config": {"scale": 3, "mode": "fan_out", "distribution": "untruncated_normal"}}`, 0, math.Sqrt(3.0 / 400), normalKurtosis, 6 * math.Sqrt(3.0/400), 0.65},
	}
	for i, tt := range tests {
		t.Run(tt.json, func(t *testing.T) {
			mean, stddev, kurtosis, low, high := moments(Fill(chain(t, width, tt.json), uint64(i)))
			if math.Abs(mean-tt.mean) > 0.01*tt.stddev { // four times the standard error
				t.Errorf("mean %v, want %v", mean, tt.mean)
			}
			if math.Abs(stddev/tt.stddev-1) > 0.008 {
				t.Errorf("stddev %v, want %v", stddev, tt.stddev)
			}
			if math.Abs(kurtosis-tt.kurtosis) > 0.05 {
				t.Errorf("excess kurtosis %v, want %v", kurtosis, tt.kurtosis)
			}
			for _, edge := range []float32{low, high} {
				share := math.Abs(float64(edge)-tt.mean) / tt.bound
				if share > 1+1e-6 || share < tt.reachesToBound {
					t.Errorf("reaches %v, %v of the bound", edge, share)
				}
			}
		})
	}
}

func TestConstants(t *testing.T) {
	spec := chain(t, 3, `"zeros"`, `"ones"`, `{"class_name": "Constant", "config": {"value": -0.25}}`)
	got := Fill(spec, 1)
	want := slices.Concat(slices.Repeat([]float32{0}, 9), slices.Repeat([]float32{1}, 9), slices.Repeat([]float32{-0.25}, 9))
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestFans(t *testing.T) {
	tests := []struct {
		shape   []int
		in, out float64
	}{
		{nil, 1, 1},
		{[]int{7}, 7, 7},
		{[]int{4, 10}, 4, 10},
		{[]int{5, 2, 3}, 10, 15},
		{[]int{3, 2, 16, 32}, 96, 192},
	}
	for _, tt := range tests {
		if in, out := fans(tt.shape); in != tt.in || out != tt.out {
			t.Errorf("fans(%v) = %v, %v, want %v, %v", tt.shape, in, out, tt.in, tt.out)
		}
	}
}

func TestStreams(t *testing.T) {
	const he = `"he_normal"`
	short, long := chain(t, 5, he, he), chain(t, 5, he, he, he)
	a, b := Fill(short, 7), Fill(long, 7)
	if !slices.Equal(a, b[:len(a)]) {
		t.Error("a layer at the end changes the weights of the others")
	}
	if slices.Equal(b[:25], b[25:50]) {
		t.Error("two layers draw the same numbers")
	}
	if slices.Equal(a, Fill(short, 8)) {
		t.Error("two seeds draw the same numbers")
	}
	if !slices.Equal(a, Fill(short, 7)) {
		t.Error("one seed draws different numbers")
	}
	const seeded = `{"class_name": "HeNormal", "config": {"seed": 3}}`
	c, d := Fill(chain(t, 5, seeded, he, seeded), 7), Fill(chain(t, 5, seeded), 8)
	if !slices.Equal(c[:25], c[50:]) || !slices.Equal(c[:25], d) {
		t.Error("an initializer's own seed must decide alone")
	}
	if slices.Equal(c[:25], c[25:50]) {
		t.Error("an initializer's own seed must give a stream of its own")
	}
}

// TestDrawsStayTheSame pins the numbers of a seed: a change here changes every user's results.
func TestDrawsStayTheSame(t *testing.T) {
	spec := chain(t, 20, `"random_normal"`, `"TruncatedNormal"`, `"random_uniform"`, `"glorot_uniform"`, `"he_normal"`)
	h := fnv.New64a()
	h.Write(weights.Encode(Fill(spec, 42)))
	if got := fmt.Sprintf("%016x", h.Sum64()); got != "7b90f153087e3b4f" {
		t.Errorf("hash of the weights is %s", got)
	}
}
