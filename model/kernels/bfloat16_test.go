package kernels

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"testing"
)

// nearestBfloat16 is the definition: of the two neighbours among bfloat16 numbers the nearer one, of equally near ones the even one,
// found in double precision, in which they and their middle are exact. x is no NaN.
func nearestBfloat16(x float32) float32 {
	if math.IsInf(float64(x), 0) {
		return x
	}
	lower := math.Float32frombits(math.Float32bits(x) & 0xffff0000) // towards zero
	bits := math.Float32bits(lower)
	upper := float64(math.Float32frombits(bits + 1<<16)) // away from zero
	if math.IsInf(upper, 0) {
		upper = math.Copysign(0x1p128, upper)
	}
	middle := (float64(lower) + upper) / 2
	switch d := math.Abs(float64(x)) - math.Abs(middle); {
	case d < 0, d == 0 && bits>>16&1 == 0:
		return lower
	}
	return float32(upper) // infinite at 2¹²⁸
}

func TestRoundBfloat16(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(16)
		values := append([]float32{}, specials...)
		for range 1 << 12 { // every exponent, ties and their neighbours among them
			bits := uint32(d.bits())
			values = append(values, math.Float32frombits(bits))
			for _, low := range []uint32{0, 1, 0x7fff, 0x8000, 0x8001, 0xffff} {
				values = append(values, math.Float32frombits(bits&0xffff0000|low))
			}
		}
		for _, bits := range []uint32{0x7f7f7fff, 0x7f7f8000, 0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff, 0x00007fff, 0x00008000, 0x00018000, 0x807f8000} {
			values = append(values, math.Float32frombits(bits))
		}
		dst := make([]float32, len(values))
		RoundBfloat16(values, dst)
		for i, v := range values {
			got := math.Float32bits(dst[i])
			want := math.Float32bits(nearestBfloat16(v))
			if v != v {
				want = math.Float32bits(v)&0xffff0000 | 0x00400000
			}
			if got != want {
				t.Fatalf("%08x becomes %08x, want %08x", math.Float32bits(v), got, want)
			}
		}
		for n := range 150 {
			var g guards
			x, dst := g.input("x", values[n:2*n], d.intn(9)), g.output("dst", n, d.intn(9))
			RoundBfloat16(x, dst)
			g.intact(t, fmt.Sprintf("RoundBfloat16 of %d", n))
			again := append([]float32{}, x...)
			RoundBfloat16(again, again)
			for i := range dst {
				if math.Float32bits(again[i]) != math.Float32bits(dst[i]) {
					t.Fatalf("RoundBfloat16 of %d in place: element %d is %v, want %v", n, i, again[i], dst[i])
				}
			}
		}
	})
}

// TestRoundBfloat16Bits: the bits are the same on every processor and in every variant.
func TestRoundBfloat16Bits(t *testing.T) {
	const want = "f79b658639a2336bcc7d726159b0add285ba4eb3725a1c9835eb571d58911219"
	eachVariant(t, func(t *testing.T) {
		d := draw(5)
		h := sha256.New()
		x := make([]float32, 1<<14)
		for range 4 {
			for i := range x {
				x[i] = math.Float32frombits(uint32(d.bits()))
			}
			RoundBfloat16(x, x)
			for _, v := range x {
				_ = binary.Write(h, binary.LittleEndian, v)
			}
		}
		if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
			t.Errorf("the SHA-256 is %s", got)
		}
	})
}

// FuzzRoundBfloat16 compares all variants with the definition in every bit.
func FuzzRoundBfloat16(f *testing.F) {
	f.Add(uint32(0x3f808000), uint32(0x7fffffff))
	f.Add(uint32(0x00008000), uint32(0xff7fffff))
	f.Fuzz(func(t *testing.T, a, b uint32) {
		x := make([]float32, 37)
		for i := range x {
			x[i] = math.Float32frombits(a + uint32(i)*b)
		}
		want := make([]float32, len(x))
		roundBfloat16Go(x, want)
		eachVariant(t, func(t *testing.T) {
			got := make([]float32, len(x))
			RoundBfloat16(x, got)
			for i := range x {
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
					t.Fatalf("%08x becomes %08x, want %08x", math.Float32bits(x[i]), math.Float32bits(got[i]), math.Float32bits(want[i]))
				}
			}
		})
	})
}
