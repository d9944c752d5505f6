package pgio

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The sign words of a binary numeric.
const (
	numericPositive = 0x0000
	numericNegative = 0x4000
	numericNaN      = 0xC000
	numericPlusInf  = 0xD000
	numericMinusInf = 0xF000
)

// numericFloat32 rounds a numeric to the nearest float32, ties to even, as SQL's cast to real does. The binary form is the
// number of base-10000 digits, the weight of the first, the sign, the number of decimals shown, and the digits.
func numericFloat32(f []byte) (float32, error) {
	if len(f) < 8 {
		return 0, fmt.Errorf("a malformed binary numeric of %d bytes", len(f))
	}
	digits, weight, sign := int(int16(be16(f))), int(int16(be16(f[2:]))), be16(f[4:])
	if digits < 0 || len(f) != 8+2*digits {
		return 0, fmt.Errorf("a malformed binary numeric of %d bytes", len(f))
	}
	switch sign {
	case numericNaN:
		return float32(math.NaN()), nil
	case numericPlusInf:
		return float32(math.Inf(1)), nil
	case numericMinusInf:
		return float32(math.Inf(-1)), nil
	case numericPositive, numericNegative:
	default:
		return 0, fmt.Errorf("a malformed binary numeric with sign %#x", sign)
	}
	if digits == 0 {
		return 0, nil
	}
	for i := range digits {
		if d := be16(f[8+2*i:]); d > 9999 {
			return 0, fmt.Errorf("a malformed binary numeric with digit %d", d)
		}
	}
	x, ok := numericShort(f[8:], digits, weight)
	if !ok {
		var err error
		if x, err = numericLong(f[8:], digits, weight); err != nil {
			return 0, err
		}
	}
	if sign == numericNegative {
		x = -x
	}
	return x, nil
}

// numericShort is exact and fast for numbers of up to three base-10000 digits (12 decimals), which float64 holds as the
// quotient of two exact numbers. The float64 is the correctly rounded quotient; rounding it again to float32 is right too
// unless it lies exactly between two float32s.
func numericShort(digits []byte, n, weight int) (float32, bool) {
	scale := n - 1 - weight // base-10000 places behind the point
	if n > 3 || scale > 3 || weight > 3 {
		return 0, false
	}
	m := uint64(0)
	for i := range n {
		m = m*10000 + uint64(be16(digits[2*i:]))
	}
	x := float64(m)
	switch {
	case scale > 0:
		x /= [...]float64{1, 1e4, 1e8, 1e12}[scale]
	case scale < 0:
		for range -scale {
			m *= 10000
		}
		if m > 1<<53 {
			return 0, false
		}
		x = float64(m)
	}
	const halfway, below = 1 << 28, 1<<29 - 1
	if math.Float64bits(x)&below == halfway {
		return 0, false
	}
	return float32(x), true
}

// numericLong goes through decimal text, for any number.
func numericLong(digits []byte, n, weight int) (float32, error) {
	var b strings.Builder
	b.WriteString("0.")
	for i := range n {
		fmt.Fprintf(&b, "%04d", be16(digits[2*i:]))
	}
	fmt.Fprintf(&b, "e%d", 4*(weight+1))
	x, err := strconv.ParseFloat(b.String(), 32)
	if err != nil || x == 0 {
		return 0, fmt.Errorf("the value is out of range for type real")
	}
	return float32(x), nil
}
