// Package permute shuffles row numbers without a table of them: a seeded bijection of the numbers 0 to n-1 onto themselves,
// computed for one number at a time in constant memory.
//
// It is a Feistel network over an even number of bits, at least enough for n, and walks along its cycle until the number
// is below n again (cycle walking: J. Black and P. Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). The same n, seed
// and purpose give the same bijection on every machine; it is not meant to keep anything secret. Who asks for one number after the other
// does so through a Sequence, which takes less than half the time.
//
// Failure: a number that is not below n is a mistake of the caller and panics. Nothing else can fail.
package permute

import "math/bits"

const (
	// rounds of the network; four make a pseudorandom permutation of a good round function (M. Luby and C. Rackoff, 1988).
	// Small halves want more.
	rounds = 8
	// minHalf keeps the network's domain at 2^8 numbers or more: with few bits a round has too little to mix. Cycle walking
	// then takes 2^8/n steps on average.
	minHalf = 4
)

// A Permutation is a bijection of 0 to n-1. It may be used by several goroutines.
type Permutation struct {
	n    uint64
	half uint // bits of one half
	keys [rounds]uint64
}

// New is the permutation of n numbers for a seed. purpose tells apart the permutations that one seed is used for.
func New(n int64, seed uint64, purpose string) *Permutation {
	p := &Permutation{n: uint64(max(n, 0)), half: minHalf}
	if n > 1 {
		p.half = max(minHalf, uint(bits.Len64(p.n-1)+1)/2)
	}
	state := Seed(seed, purpose)
	for i := range p.keys {
		state += 0x9e3779b97f4a7c15
		p.keys[i] = mix(state)
	}
	return p
}

const outOfRange = "permute: number out of range"

// At is where number i, 0 <= i < n, goes.
func (p *Permutation) At(i int64) int64 {
	x := uint64(i)
	if x >= p.n {
		panic(outOfRange)
	}
	if p.n == 1 {
		return 0
	}
	mask := uint64(1)<<p.half - 1
	for {
		left, right := x>>p.half, x&mask
		for _, k := range p.keys {
			left, right = right, left^(mix(right^k)&mask)
		}
		if x = left<<p.half | right; x < p.n {
			return int64(x)
		}
	}
}

// Number is the i-th of the random numbers of a seed.
func Number(seed uint64, i int64) uint64 { return mix(seed + uint64(i)*0x9e3779b97f4a7c15) }

// Seed derives the seed of one purpose from a seed.
func Seed(seed uint64, purpose string) uint64 {
	h := mix(seed + 0x9e3779b97f4a7c15)
	for _, c := range []byte(purpose) {
		h = mix(h ^ uint64(c) + 0x9e3779b97f4a7c15)
	}
	return h
}

// mix is the finalizer of SplitMix64 (G. Steele, D. Lea and C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
