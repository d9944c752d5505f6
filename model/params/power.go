package params

import (
	"math"
	"math/big"
)

// power is a to the power of b, rounded once, as the C library's pow under Python is but for the rarest ties. math.Pow is up to some last digits off.
// The exponent is n/2^m, so that the power is the n-th one of m square roots.
func power(a, b float64) float64 {
	f := math.Pow(a, b)
	magnitude := math.Abs(b)
	switch {
	case f == 0 || a == 0 || b == 0 || a == 1 || math.IsInf(f, 0) || math.IsNaN(f):
		return f
	case magnitude < 0x1p-70: // nearer to 1 than any other float
		return 1
	}
	n, m := magnitude, 0
	for n != math.Trunc(n) {
		n *= 2
		m++
	}
	x := new(big.Float).SetPrec(512).SetFloat64(math.Abs(a))
	for range m {
		x.Sqrt(x)
	}
	result := new(big.Float).SetPrec(512).SetInt64(1)
	for whole, _ := new(big.Float).SetFloat64(n).Int(nil); whole.Sign() > 0; whole.Rsh(whole, 1) {
		if whole.Bit(0) == 1 {
			result.Mul(result, x)
		}
		x.Mul(x, x)
	}
	if b < 0 {
		result.Quo(big.NewFloat(1), result)
	}
	rounded, _ := result.Float64()
	return math.Copysign(rounded, f)
}
