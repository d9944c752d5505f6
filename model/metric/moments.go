package metric

import (
	"math"
	"math/big"
)

// rat is the sum as a fraction; nil where a number was not finite.
func (s *Sum) rat() *big.Rat {
	if _, special := s.special(); special {
		return nil
	}
	return new(big.Rat).SetFrac(s.units(), new(big.Int).Lsh(big.NewInt(1), -sumExponent))
}

// covariance is Σab - Σa·Σb/rows, from exact sums and rounded once, so that it does not suffer from means that are large
// beside the spread. rows is a number of rows, or the sum of their weights; nil: that is not finite.
func covariance(ab, a, b *Sum, rows *big.Rat) float64 {
	for _, s := range []*Sum{ab, a, b} {
		if _, special := s.special(); special {
			return math.NaN()
		}
	}
	if rows == nil || rows.Sign() == 0 {
		return math.NaN()
	}
	// In units of the last bits: Σab counts 2^e, Σa·Σb counts 2^2e.
	product := new(big.Rat).SetInt(new(big.Int).Mul(a.units(), b.units()))
	product.Quo(product, rows)
	whole := new(big.Int).Lsh(ab.units(), -sumExponent)
	difference := new(big.Rat).Sub(new(big.Rat).SetInt(whole), product)
	scaled := new(big.Float).SetPrec(128).SetRat(difference)
	f, _ := scaled.SetMantExp(scaled, 2*sumExponent).Float64()
	return f
}
