package split

import (
	"math"

	"github.com/beamfit/beamfit/transforms/permute"
)

// A choice says how often each row of a group is in the training and in the test set.
type choice struct {
	// Without replacement: places are those of a permutation of the group's ordinals, of which the first test are for
	// testing, those before drawn for training.
	places      *permute.Permutation
	drawn, test int64

	// With replacement: the draws that hit the rows of interest, by ordinal; nil without.
	hits map[int64]hits
}

// hits counts the draws of one row.
type hits struct{ train, test int64 }

// choose makes the choice for a group of n rows with that key. Only ordinals from first to last-1 will be asked for.
func (p Proportions) choose(seed uint64, key string, n, first, last int64) *choice {
	c := &choice{}
	c.drawn, c.test = p.Count(n)
	if !p.WithReplacement {
		c.places = permute.New(n, seed, "split "+key)
		return c
	}
	c.hits = map[int64]hits{}
	draws := permute.Seed(seed, "draw "+key)
	places := permute.New(c.drawn, seed, "split "+key)
	for i := range c.drawn {
		at := drawRow(uniform(draws, i), n)
		if at < first || at >= last {
			continue
		}
		h := c.hits[at]
		if places.At(i) < c.test {
			h.test++
		} else {
			h.train++
		}
		c.hits[at] = h
	}
	return c
}

// of is how often the row of an ordinal is in the two sets.
func (c *choice) of(ordinal int64) hits {
	if c.places == nil {
		return c.hits[ordinal]
	}
	switch at := c.places.At(ordinal); {
	case at < c.test:
		return hits{test: 1}
	case at < c.drawn:
		return hits{train: 1}
	}
	return hits{}
}

// TestRows is a function that tells whether a row of a table of n rows is in the test set, without strata and replacement. It is for one
// goroutine, and for rows that follow each other.
func (p Proportions) TestRows(n int64, seed uint64) func(row int64) bool {
	p.Strata, p.WithReplacement = false, false
	c := p.choose(seed, "", n, 0, n)
	places := c.places.Sequence()
	return func(row int64) bool { return places.At(row) < c.test }
}

// drawRow is MADlib's formula for the row, from 0, that a random number 0 <= u < 1 draws from n: the first and the last are
// half as likely as the others. Halves are rounded to even, as PostgreSQL's cast of a float8 does.
func drawRow(u float64, n int64) int64 {
	return int64(math.RoundToEven(u*float64(n-1)+1)) - 1
}

// uniform is random number i of a seed: 0 <= u < 1.
func uniform(seed uint64, i int64) float64 {
	return float64(permute.Number(seed, i)>>11) / (1 << 53)
}
