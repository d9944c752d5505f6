package split

import (
	"fmt"
	"testing"
)

func TestCount(t *testing.T) {
	null := func(train float64) Proportions { return Proportions{Train: train, Test: Rest(train)} }
	both := func(train, test float64) Proportions { return Proportions{Train: train, Test: test} }
	strata := func(p Proportions) Proportions { p.Strata = true; return p }
	replaced := func(p Proportions) Proportions { p.WithReplacement = true; return p }
	for _, c := range []struct {
		p           Proportions
		n           int64
		train, test int64
	}{
		// What MADlib 2.1.0 gave, but for the noise of doubles: 6 and 4 of 10 rows of a stratum split 0.7 to the rest, 24 and 11
		// of 50 rows split 0.5 to 0.2.
		{null(0.8), 150, 120, 30},
		{both(0.4, 0.3), 10, 4, 3},
		{null(0.5), 1, 0, 1},
		{both(0.2, 0.2), 1, 0, 0},
		{null(0.5), 5, 2, 3},
		{strata(null(0.7)), 10, 7, 3},
		{strata(both(0.7, 0.3)), 10, 7, 3},
		{strata(both(0.5, 0.2)), 50, 25, 10},
		// What follows from its rules.
		{strata(both(0.1, 0.1)), 1, 0, 1},
		{strata(both(0.1, 0.7)), 10, 1, 7}, // 0.1 + 0.7 is below 0.8 in doubles
		{replaced(null(0.5)), 10, 5, 5},
		{replaced(both(0.2, 0.2)), 1, 0, 0},   // round(0.4 - 1) + 1 = 0
		{replaced(both(0.25, 0.25)), 1, 0, 0}, // round(0.5 - 1) is -1
		{replaced(both(0.25, 0.25)), 3, 1, 1}, // round(0.5) + 1 = 2
		{replaced(both(0.4, 0.3)), 5, 2, 2},   // 3.5: round(2.5) + 1 = 4; 4 * 0.4285714285714286 = 1.71
		{strata(replaced(both(0.2, 0.2))), 1, 0, 0},
		{strata(replaced(both(0.5, 0.2))), 50, 25, 10},
	} {
		drawn, test := c.p.Count(c.n)
		if got, want := fmt.Sprint(drawn-test, test), fmt.Sprint(c.train, c.test); got != want {
			t.Errorf("%+v of %d rows: train and test %s, want %s", c.p, c.n, got, want)
		}
	}
}
