package trainer

// mix joins numbers into one seed; every order and number of them gives another one. It is a chain of SplitMix64
// finalisers (Steele, Lea, Flood 2014).
func mix(numbers ...uint64) uint64 {
	z := uint64(0x9e3779b97f4a7c15)
	for _, n := range numbers {
		z = finalise(z + n + 0x9e3779b97f4a7c15)
	}
	return z
}

func finalise(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Purposes of random numbers: each has its own sequence under one seed.
const (
	forShuffle = iota
	forSteps
)
