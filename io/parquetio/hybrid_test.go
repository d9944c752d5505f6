package parquetio

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
)

// unpack reads n numbers of a hybrid, as the format describes it.
func unpack(t *testing.T, data []byte, width uint, n int) (out []uint32) {
	t.Helper()
	for len(out) < n {
		head, size := binary.Uvarint(data)
		if size <= 0 {
			t.Fatalf("%d of %d numbers", len(out), n)
		}
		data = data[size:]
		if head&1 == 0 {
			bytes := int(width+7) / 8
			value := uint32(0)
			for i, b := range data[:bytes] {
				value |= uint32(b) << (8 * i)
			}
			data = data[bytes:]
			for range head >> 1 {
				out = append(out, value)
			}
			continue
		}
		for i := range uint(head>>1) * 8 {
			value := uint32(0)
			for bit := range width {
				at := i*width + bit
				value |= uint32(data[at/8]>>(at%8)&1) << bit
			}
			out = append(out, value)
		}
		data = data[uint(head>>1)*width:]
	}
	if len(data) > 0 || len(out) >= n+8 {
		t.Fatalf("%d bytes and %d numbers too many", len(data), len(out)-n)
	}
	return out[:n]
}

func TestHybrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var h hybrid
	for width := uint(1); width <= 20; width++ {
		for range 50 {
			h.begin(width)
			var want []uint32
			for range rng.IntN(200) {
				value, n := rng.Uint32N(1<<min(width, 1+rng.UintN(width))), 1
				if rng.IntN(4) == 0 {
					n = rng.IntN(40)
				}
				h.put(value, n)
				want = append(want, slices.Repeat([]uint32{value}, n)...)
			}
			if got := unpack(t, h.end(), width, len(want)); !slices.Equal(got, want) {
				t.Fatalf("width %d: got %v, want %v", width, got, want)
			}
		}
	}
}
