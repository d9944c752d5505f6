package kernels

import "math"

// RoundBfloat16 rounds every element of x to the nearest bfloat16, ties to even, and leaves it in dst as a float32: the lower 16 bits
// are zero. Numbers above the largest bfloat16 become infinite, subnormal ones are rounded like all others, and a NaN stays one, quiet, with its
// sign and the upper bits of its payload. All variants give the same bits. dst may alias x.
//
// The product of two such numbers is exact in float32, so the kernels of float32, given rounded operands, compute products of bfloat16
// with sums of float32.
func RoundBfloat16(x, dst []float32) {
	exactly("RoundBfloat16", "dst", len(dst), len(x))
	roundBfloat16(x, dst)
}

// The bits of a float32 that RoundBfloat16 works with: those that a bfloat16 has, the one that makes a NaN quiet, and what is added to those
// that go, less the lowest that stays, so that a carry rounds.
const (
	bfloat16Bits  = 0xffff0000
	quietNaN      = 0x00400000
	bfloat16Carry = 0x7fff
)

func roundBfloat16Go(x, dst []float32) {
	for i, v := range x {
		bits := math.Float32bits(v)
		if v != v {
			dst[i] = math.Float32frombits((bits | quietNaN) & bfloat16Bits)
			continue
		}
		dst[i] = math.Float32frombits((bits + bfloat16Carry + bits>>16&1) & bfloat16Bits)
	}
}
