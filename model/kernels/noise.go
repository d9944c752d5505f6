package kernels

import "math"

// AddNoise computes y[i] = x[i] + n(i), and MultiplyNoise y[i] = x[i]·(1 + n(i)), with normally distributed numbers n of mean
// 0 and the given standard deviation. A number depends on seed, counter and the element's index alone, so that the gradient
// of MultiplyNoise is the same call on dy:
//
//	u := (hash(seed, counter, 2i) + 1) / 2³²  // in (0, 1]
//	v := hash(seed, counter, 2i+1) / 2³²
//	n(i) = stddev · √(-2·ln u) · cos(2π·v)    // Box and Muller, 1958
//
// y may alias x; at most 2³¹ elements.
func AddNoise(seed, counter uint64, stddev float32, x, y []float32) {
	exactly("AddNoise", "y", len(y), len(x))
	draw := newNoise(seed, counter, stddev)
	for i, v := range x {
		y[i] = v + draw.at(i)
	}
}

// MultiplyNoise is described at AddNoise.
func MultiplyNoise(seed, counter uint64, stddev float32, x, y []float32) {
	exactly("MultiplyNoise", "y", len(y), len(x))
	draw := newNoise(seed, counter, stddev)
	for i, v := range x {
		y[i] = v * (1 + draw.at(i))
	}
}

// A noise is a stream of normally distributed numbers.
type noise struct {
	key0, key1 uint32
	stddev     float64
}

func newNoise(seed, counter uint64, stddev float32) noise {
	key0, key1 := dropoutKeys(seed, counter)
	return noise{key0, key1, float64(stddev)}
}

func (n noise) at(i int) float32 {
	u := (float64(dropoutHash(n.key0, n.key1, uint32(2*i))) + 1) / (1 << 32)
	v := float64(dropoutHash(n.key0, n.key1, uint32(2*i+1))) / (1 << 32)
	return float32(n.stddev * math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v))
}
