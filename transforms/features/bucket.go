package features

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// bucket is the bucket of a category: that which scikit-learn's FeatureHasher has for it without alternating signs.
//
// Source: scikit-learn, sklearn/feature_extraction/_hashing_fast.pyx.
func bucket(category []byte, buckets int) int {
	h := int32(murmur3(category))
	if h == math.MinInt32 {
		return (math.MaxInt32 - (buckets - 1)) % buckets
	}
	if h < 0 {
		h = -h
	}
	return int(h) % buckets
}

// murmur3 is MurmurHash3 of 32 bits with seed 0.
//
// Source: A. Appleby, MurmurHash3_x86_32.
func murmur3(data []byte) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	mix := func(k uint32) uint32 { return bits.RotateLeft32(k*c1, 15) * c2 }
	var h uint32
	rest := data
	for ; len(rest) >= 4; rest = rest[4:] {
		h = bits.RotateLeft32(h^mix(binary.LittleEndian.Uint32(rest)), 13)*5 + 0xe6546b64
	}
	if len(rest) > 0 {
		var k uint32
		for i, c := range rest {
			k |= uint32(c) << (8 * i)
		}
		h ^= mix(k)
	}
	h ^= uint32(len(data))
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
