package keras

import (
	"maps"
	"math"
	"slices"
)

// windows are the window functions of a Fourier transform by their names in scipy.signal.windows: the coefficients a of
// Σ a[k]·cos(k·x), x evenly from -π to π.
//
// Source: scipy/signal/windows/_windows.py.
var windows = map[string][]float64{
	"boxcar":         {1},
	"hann":           {0.5, 0.5},
	"hamming":        {0.54, 0.46},
	"blackman":       {0.42, 0.5, 0.08},
	"blackmanharris": {0.35875, 0.48829, 0.14128, 0.01168},
	"nuttall":        {0.3635819, 0.4891775, 0.1365995, 0.0106411},
	"flattop":        {0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368},
}

// windowNames are the known windows, the default first.
func windowNames() []string {
	return slices.Compact(append([]string{"hann"}, slices.Sorted(maps.Keys(windows))...))
}

// Window is a window function at n places; periodic leaves out the last of n+1. name is that of an Initializer that was
// read; "" gives 1 everywhere.
func Window(name string, n int, periodic bool) []float64 {
	if name == "" {
		name = "boxcar"
	}
	intervals := n - 1
	if periodic {
		intervals = n
	}
	values := make([]float64, n)
	for i := range values {
		x := 0.0
		if n > 1 {
			x = math.Pi * (2*float64(i)/float64(intervals) - 1)
		}
		for k, a := range windows[name] {
			values[i] += float64(a * math.Cos(float64(k)*x))
		}
	}
	return values
}
