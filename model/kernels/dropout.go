package kernels

import "fmt"

// A Drop is a dropout: the stream of random numbers that it decides with and the probability of an element to be dropped, in
// [0, 1). The zero value drops nothing.
type Drop struct {
	Seed, Counter uint64
	Rate          float32
}

// Dropout zeroes each element with probability d.Rate and scales the others by 1/(1-d.Rate); y may alias x. The decision
// for an element depends on d and the element's index alone, so the mask is never stored: the gradient is the same call on
// dy. Equal in all variants:
//
//	for i := range x {
//		y[i] = 0
//		if hash(d.Seed, d.Counter, i) >= d.Rate·2³² { // as 32-bit numbers
//			y[i] = x[i] · 1/(1-d.Rate)
//		}
//	}
//
// A dropped element is zero even if x is infinite or NaN. At most 2³² elements.
func Dropout(d Drop, x, y []float32) {
	d.check("Dropout", len(x))
	exactly("Dropout", "y", len(y), len(x))
	m := d.mask()
	dropout(&m, 0, x, y)
}

func (d Drop) check(kernel string, n int) {
	dropoutScale(kernel, d.Rate)
	if uint64(n) > 1<<32 {
		panic(fmt.Sprintf("kernels: %s: %d elements, want at most 2^32", kernel, n))
	}
}

// A dropMask is a Drop as the loops want it.
type dropMask struct {
	key0, key1 uint32 // of the hash
	threshold  uint32 // of the hash from which on an element is kept
	scale      float32
}

func (d Drop) mask() dropMask {
	key0, key1 := dropoutKeys(d.Seed, d.Counter)
	return dropMask{key0, key1, uint32(float64(d.Rate) * (1 << 32)), dropoutScale("Dropout", d.Rate)}
}

// dropoutScale is the factor of the elements that are kept.
func dropoutScale(kernel string, rate float32) float32 {
	if !(rate >= 0 && rate < 1) {
		panic(fmt.Sprintf("kernels: %s: rate %v, want one in [0, 1)", kernel, rate))
	}
	return float32(1 / (1 - float64(rate)))
}

// ReLUDropoutGrad computes the gradient of a ReLU with a Dropout behind it from their output y, in one sweep and without the
// hash: an element is 0 where either cut it off. dx may alias y or dy. A gradient that is cut off is zero even if dy is
// infinite or NaN.
//
//	for i := range y {
//		dx[i] = 0
//		if y[i] > 0 {
//			dx[i] = dy[i] · 1/(1-rate)
//		}
//	}
func ReLUDropoutGrad(rate float32, y, dy, dx []float32) {
	scale := dropoutScale("ReLUDropoutGrad", rate)
	exactly("ReLUDropoutGrad", "dy", len(dy), len(y))
	exactly("ReLUDropoutGrad", "dx", len(dx), len(y))
	reluDropoutGrad(scale, y, dy, dx)
}

// reluDropoutGradGo is the loop of ReLUDropoutGrad.
func reluDropoutGradGo(scale float32, y, dy, dx []float32) {
	for i, v := range y {
		d := float32(0)
		if v > 0 {
			d = dy[i] * scale
		}
		dx[i] = d
	}
}

// dropoutGo is the loop of Dropout for elements whose indexes begin with first.
func dropoutGo(m *dropMask, first int, x, y []float32) {
	for i, v := range x {
		if dropoutHash(m.key0, m.key1, uint32(first+i)) < m.threshold {
			v = 0
		} else {
			v *= m.scale
		}
		y[i] = v
	}
}

// dropoutHash mixes an index with two keys. Without key1 it is the 32-bit finaliser "lowbias32" of C. Wellons' hash
// prospector; key1 enters between the multiplications, so that two streams are not shifts of one sequence.
func dropoutHash(key0, key1, i uint32) uint32 {
	h := i ^ key0
	h ^= h >> 16
	h *= 0x7feb352d
	h ^= h >> 15
	h += key1
	h *= 0x846ca68b
	h ^= h >> 16
	return h
}

// dropoutKeys derives the keys of a stream by two rounds of SplitMix64 (Steele, Lea, Flood 2014).
func dropoutKeys(seed, counter uint64) (key0, key1 uint32) {
	z := splitMix(splitMix(seed) + counter)
	return uint32(z), uint32(z >> 32)
}

func splitMix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
