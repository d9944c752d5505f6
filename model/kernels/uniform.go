package kernels

// Uniform draws numbers from low up to high:
//
//	y[i] = low + (high-low)·hash(seed, counter, i)/2³²
//
// A number depends on seed, counter and its index alone; at most 2³² of them.
func Uniform(seed, counter uint64, low, high float64, y []float32) {
	key0, key1 := dropoutKeys(seed, counter)
	span := high - low
	for i := range y {
		u := float64(dropoutHash(key0, key1, uint32(i))) / (1 << 32)
		y[i] = float32(low + float64(span*u))
	}
}
