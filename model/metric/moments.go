package metric

import (
	"math"
	"math/big"
)

// covariance is Σab - Σa·Σb/rows, from exact sums and rounded once, so that it does not suffer from means that are large
// beside the spread.
func covariance(ab, a, b *Sum, rows uint64) float64 {
	for _, s := range []*Sum{ab, a, b} {
		if _, special := s.special(); special {
			return math.NaN()
		}
	}
	if rows == 0 {
		return math.NaN()
	}
	// In units of the last bits: Σab counts 2^e, Σa·Σb counts 2^2e.
	product := new(big.Rat).SetFrac(new(big.Int).Mul(a.units(), b.units()), new(big.Int).SetUint64(rows))
	whole := new(big.Int).Lsh(ab.units(), -sumExponent)
	difference := new(big.Rat).Sub(new(big.Rat).SetInt(whole), product)
	scaled := new(big.Float).SetPrec(128).SetRat(difference)
	f, _ := scaled.SetMantExp(scaled, 2*sumExponent).Float64()
	return f
}
