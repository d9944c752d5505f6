package loss

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// TestValues compares losses of small rows with values worked out by hand from the formulas.
func TestValues(t *testing.T) {
	ln := math.Log
	tests := []struct {
		name   string
		logits bool
		p, y   []float32
		want   float64
	}{
		{"mse", false, []float32{1, 2}, []float32{0, 4}, (1.0 + 4) / 2},
		{"mae", false, []float32{1, 2}, []float32{0, 4}, (1.0 + 2) / 2},
		{"categorical_crossentropy", false, []float32{0.2, 0.3, 0.5}, []float32{0, 1, 0}, -ln(0.3)},
		{"categorical_crossentropy", false, []float32{0.4, 0.6, 1}, []float32{0, 1, 0}, -ln(0.3)}, // normalised
		{"categorical_crossentropy", false, []float32{1, 0, 0}, []float32{0, 1, 0}, -ln(1e-7)},    // clipped
		{"categorical_crossentropy", true, []float32{1, 2, 3}, []float32{0, 0, 1}, ln(1 + math.Exp(-1) + math.Exp(-2))},
		{"categorical_crossentropy", true, []float32{1000, 0, 0}, []float32{0, 1, 0}, 1000}, // exact where clipping was not
		{"binary_crossentropy", false, []float32{0.25, 0.5}, []float32{1, 0}, (-ln(0.25) - ln(0.5)) / 2},
		{"binary_crossentropy", false, []float32{0}, []float32{1}, -ln(1e-7)},
		{"binary_crossentropy", true, []float32{0}, []float32{1}, ln(2)},
		{"binary_crossentropy", true, []float32{-800}, []float32{1}, 800},
	}
	for _, tt := range tests {
		l, ok := ByName(tt.name)
		if !ok {
			t.Fatalf("no loss %s", tt.name)
		}
		f := l.Output
		if tt.logits {
			f = *l.Logits
		}
		got := make([]float32, 1)
		f.Rows(1, len(tt.p), tt.p, tt.y, got)
		if d := math.Abs(float64(got[0]) - tt.want); !(d <= 1e-6*max(1, math.Abs(tt.want))) {
			t.Errorf("%s(%v, %v), logits %v: %v, want %v", tt.name, tt.p, tt.y, tt.logits, got[0], tt.want)
		}
	}
}

// TestClippedGradientIsZero: where a prediction is outside of the clip, its gradient is the clip's: none.
func TestClippedGradientIsZero(t *testing.T) {
	dp := make([]float32, 2)
	binaryCrossentropy.Output.Grad(1, 2, []float32{0, 1}, []float32{1, 1}, []float32{1}, dp)
	if dp[0] != 0 || dp[1] != 0 {
		t.Errorf("binary: %v", dp)
	}
	categoricalCrossentropy.Output.Grad(1, 2, []float32{0, 1}, []float32{1, 0}, []float32{1}, dp)
	if dp[0] != 0 || dp[1] != 0 {
		t.Errorf("categorical: %v", dp)
	}
}

// TestGradInPlace: every gradient gives the same bits when it overwrites the predictions.
func TestGradInPlace(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const rows, n = 7, 5
	for _, l := range table {
		forms := map[string]Func{"output": l.Output}
		if l.Logits != nil {
			forms["logits"] = *l.Logits
		}
		for form, f := range forms {
			p, y, scale := make([]float32, rows*n), make([]float32, rows*n), make([]float32, rows)
			for i := range p {
				p[i] = rng.Float32()
			}
			for r := range scale {
				scale[r] = rng.Float32()
				y[r*n+rng.IntN(n)] = 1
			}
			apart := make([]float32, rows*n)
			f.Grad(rows, n, p, y, scale, apart)
			f.Grad(rows, n, p, y, scale, p)
			if !slices.Equal(apart, p) {
				t.Errorf("%s from %s: gradient in place differs", l.Name, form)
			}
		}
	}
}

func TestNaNStays(t *testing.T) {
	nan := float32(math.NaN())
	for _, l := range table {
		got, dp := make([]float32, 1), make([]float32, 2)
		l.Output.Rows(1, 2, []float32{nan, 0.5}, []float32{1, 0}, got)
		if got[0] == got[0] {
			t.Errorf("%s of NaN is %v", l.Name, got[0])
		}
		l.Output.Grad(1, 2, []float32{nan, 0.5}, []float32{1, 0}, []float32{1}, dp)
		if dp[0] == dp[0] {
			t.Errorf("%s: gradient of NaN is %v", l.Name, dp[0])
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{
		"categorical_crossentropy", "CategoricalCrossentropy", "binary_crossentropy", "BinaryCrossentropy",
		"mean_squared_error", "mse", "MSE", "MeanSquaredError", "mean_absolute_error", "mae", "MAE", "MeanAbsoluteError",
	} {
		if _, err := New(params.Call{Name: name}); err != nil {
			t.Error(err)
		}
	}
	seen := map[string]bool{}
	for _, l := range table {
		for _, name := range append(l.Aliases, l.Name) {
			if seen[name] {
				t.Errorf("two losses are called %s", name)
			}
			seen[name] = true
		}
	}
}

func TestRefused(t *testing.T) {
	_, err := New(params.Call{Name: "Mse"})
	if err == nil || !strings.Contains(err.Error(), `"Mse"`) || !strings.Contains(err.Error(), "mean_squared_error") {
		t.Errorf("unknown loss: %v", err)
	}
	_, err = New(params.Call{Name: "mse", Args: map[string]params.Value{"reduction": "sum"}})
	if err == nil || !strings.Contains(err.Error(), "reduction") {
		t.Errorf("unknown argument: %v", err)
	}
}
