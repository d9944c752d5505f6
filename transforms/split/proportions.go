package split

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// Proportions say how many rows are drawn. The numbers are exactly MADlib's, with the noise of its double arithmetic: 10 rows
// of a group split 0.7 to 1 - 0.7 = 0.30000000000000004 give 4 test rows.
type Proportions struct {
	// Train and Test are the proportions, each between 0 and 1; their sum is at most 1.
	Train, Test float64
	// Strata tells that groups are sampled, WithReplacement that a row may be drawn several times.
	Strata, WithReplacement bool
}

// Drawn is the number of rows drawn from a group of n, and Test how many of them are for testing.
func (p Proportions) Count(n int64) (drawn, test int64) {
	sum := p.Train + p.Test
	if p.WithReplacement {
		drawn = withReplacement(n, sum)
	} else {
		drawn = p.sample(n, sum)
	}
	return drawn, p.sample(drawn, p.Test/sum)
}

// sample is the size of a sample without replacement: of a group, at least one row and rounded up; of a table, rounded half
// away from zero.
func (p Proportions) sample(n int64, proportion float64) int64 {
	switch {
	case n == 0:
		return 0
	case p.Strata:
		return min(n, max(1, int64(math.Ceil(proportion*float64(n)))))
	}
	return min(n, int64(math.Round(float64(n)*proportion)))
}

// withReplacement is the number of draws: round(n * proportion - 1) + 1, in decimal arithmetic on the text of the
// proportion, halves away from zero.
func withReplacement(n int64, proportion float64) int64 {
	x, ok := new(big.Rat).SetString(strconv.FormatFloat(proportion, 'g', -1, 64))
	if !ok {
		panic(fmt.Sprintf("split: proportion %v", proportion))
	}
	x.Mul(x, new(big.Rat).SetInt64(n))
	x.Sub(x, big.NewRat(1, 1))
	half := big.NewRat(1, 2)
	if x.Sign() < 0 {
		half.Neg(half)
	}
	x.Add(x, half)
	rounded := new(big.Int).Quo(x.Num(), x.Denom()) // truncates
	return rounded.Int64() + 1
}
