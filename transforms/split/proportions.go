package split

import (
	"fmt"
	"math/big"
	"strconv"
)

// Proportions say how many rows are drawn, by MADlib's rules. The arithmetic is exact on the decimal numbers that the proportions are
// written as: MADlib's is in double precision, where 10 rows of a group split 0.7 to 1 - 0.7 = 0.30000000000000004 give 4 test rows.
type Proportions struct {
	// Train and Test are the proportions, each between 0 and 1; their sum is at most 1.
	Train, Test float64
	// Strata tells that groups are sampled, WithReplacement that a row may be drawn several times.
	Strata, WithReplacement bool
}

// Count is the number of rows drawn from a group of n, and how many of them are for testing.
func (p Proportions) Count(n int64) (drawn, test int64) {
	share := decimal(p.Test)
	sum := new(big.Rat).Add(decimal(p.Train), share)
	if p.WithReplacement {
		drawn = withReplacement(n, sum)
	} else {
		drawn = p.sample(n, sum)
	}
	return drawn, p.sample(drawn, share.Quo(share, sum))
}

// Rest is what a proportion leaves of 1.
func Rest(proportion float64) float64 {
	rest, _ := new(big.Rat).Sub(big.NewRat(1, 1), decimal(proportion)).Float64()
	return rest
}

// decimal is the shortest decimal number that reads back as x.
func decimal(x float64) *big.Rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(x, 'g', -1, 64))
	if !ok {
		panic(fmt.Sprintf("split: proportion %v", x))
	}
	return r
}

// sample is the size of a sample without replacement: of a group, at least one row and rounded up; of a table, rounded half
// away from zero.
func (p Proportions) sample(n int64, proportion *big.Rat) int64 {
	if n == 0 {
		return 0
	}
	x := new(big.Rat).Mul(proportion, new(big.Rat).SetInt64(n))
	if p.Strata {
		up := new(big.Int).Add(x.Num(), new(big.Int).Sub(x.Denom(), big.NewInt(1)))
		return min(n, max(1, up.Quo(up, x.Denom()).Int64()))
	}
	return min(n, round(x))
}

// round rounds halves away from zero.
func round(x *big.Rat) int64 {
	half := big.NewRat(1, 2)
	if x.Sign() < 0 {
		half.Neg(half)
	}
	half.Add(half, x)
	return new(big.Int).Quo(half.Num(), half.Denom()).Int64() // truncates
}

// withReplacement is the number of draws: round(n * proportion - 1) + 1.
func withReplacement(n int64, proportion *big.Rat) int64 {
	x := new(big.Rat).Mul(proportion, new(big.Rat).SetInt64(n))
	return round(x.Sub(x, big.NewRat(1, 1))) + 1
}
