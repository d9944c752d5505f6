package initializer

import (
	"math"
	"math/rand/v2"

	"github.com/beamfit/beamfit/model/keras"
)

// drawSTFT fills a kernel (T, 1, F) with a window over T times the cosines (Side "real") or sines ("imag") of the first F
// frequencies of a Fourier transform of length 2(F-1), so that a Conv1D computes it.
//
// Source: keras/src/initializers/constant_initializers.py, STFT.
func drawSTFT(i keras.Initializer, shape []int, _ *rand.Rand, out []float32) {
	frame, frequencies := shape[0], shape[2]
	window := keras.Window(i.Window, frame, i.Periodic)
	scale := 1.0
	switch i.Scaling {
	case "density":
		var sum float64
		for _, w := range window {
			sum += w * w
		}
		scale = math.Sqrt(sum)
	case "spectrum":
		var sum float64
		for _, w := range window {
			sum += math.Abs(w)
		}
		scale = sum
	}
	wave := math.Cos
	if i.Side == "imag" {
		wave = math.Sin
	}
	for t, w := range window {
		for f := range frequencies {
			angle := -2 * math.Pi * float64(t) * float64(f) / float64(2*(frequencies-1))
			out[t*frequencies+f] = float32(wave(angle) * w / scale)
		}
	}
}
