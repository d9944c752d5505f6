package tfevents

import (
	"encoding/binary"
	"math"
)

// numBuckets is TensorBoard's default.
const numBuckets = 30

// A bucket counts the values from an edge to another one.
type bucket struct{ left, right, count float64 }

// bucketsOf counts values. Where all are one value it is in the last bucket; where there are none all buckets are zero.
func bucketsOf(values []float32) []bucket {
	buckets := make([]bucket, numBuckets)
	least, largest, n := math.Inf(1), math.Inf(-1), 0
	for _, v := range values {
		if v := float64(v); !math.IsNaN(v) && !math.IsInf(v, 0) {
			least, largest = min(least, v), max(largest, v)
			n++
		}
	}
	if n == 0 {
		return buckets
	}
	width := (largest - least) / numBuckets
	for i := range buckets {
		buckets[i].left, buckets[i].right = least+float64(i)*width, least+float64(i+1)*width
	}
	buckets[numBuckets-1].right = largest
	if width == 0 {
		buckets[numBuckets-1].count = float64(n)
		return buckets
	}
	for _, v := range values {
		if v := float64(v); !math.IsNaN(v) && !math.IsInf(v, 0) {
			buckets[min(int((v-least)/width), numBuckets-1)].count++
		}
	}
	return buckets
}

// contentOf are the bytes of buckets as a tensor.
func contentOf(buckets []bucket) (b []byte) {
	for _, x := range buckets {
		for _, v := range []float64{x.left, x.right, x.count} {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return b
}
