package split

import (
	"context"
	"math"
	"slices"
	"sort"

	"github.com/beamfit/beamfit/transforms/permute"
)

// A choice says how often each row of a group is in the training and in the test set.
type choice struct {
	// Without replacement: places are those of a permutation of the group's ordinals, of which the first test are for
	// testing, those before drawn for training.
	places      *permute.Permutation
	drawn, test int64

	// With replacement: the draws that hit the rows of interest and are not asked for yet, in order: twice the ordinal, and 1 more where the draw
	// is for testing.
	hits []uint64
}

// hits counts the draws of one row.
type hits struct{ train, test int64 }

// choose makes the choice for a group of n rows with that key. Only ordinals from first to last-1 will be asked for, in their order.
func (p Proportions) choose(ctx context.Context, seed uint64, key string, n, first, last int64) (*choice, error) {
	if p.WithReplacement {
		return p.draw(ctx, seed, key, n, first, last)
	}
	return p.permuted(seed, key, n), nil
}

// permuted is the choice without replacement.
func (p Proportions) permuted(seed uint64, key string, n int64) *choice {
	c := &choice{places: permute.New(n, seed, "split "+key)}
	c.drawn, c.test = p.Count(n)
	return c
}

// drawsAtOnce is how many draws are looked at, in some milliseconds, before somebody who wants to stop is asked for.
const drawsAtOnce = 1 << 22

// draw is the choice with replacement. It looks at every draw, of which there may be as many as the table has rows, so those of other rows cost no
// more than their random number: the numbers that draw the rows from first to last-1 follow each other.
func (p Proportions) draw(ctx context.Context, seed uint64, key string, n, first, last int64) (*choice, error) {
	c := &choice{}
	c.drawn, c.test = p.Count(n)
	draws := permute.Seed(seed, "draw "+key)
	places := permute.New(c.drawn, seed, "split "+key)
	low := firstDraw(first, n)
	width := firstDraw(last, n) - low
	for from := int64(0); from < c.drawn; from += drawsAtOnce {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		to := min(from+drawsAtOnce, c.drawn)
		for i := from; i < to; i++ {
			x := number(draws, i)
			if x-low >= width {
				continue
			}
			hit := uint64(drawRow(x, n)) << 1
			if places.At(i) < c.test {
				hit++
			}
			c.hits = append(c.hits, hit)
		}
	}
	slices.Sort(c.hits)
	return c, nil
}

// of is how often the row of an ordinal is in the two sets.
func (c *choice) of(ordinal int64) hits {
	if c.places == nil {
		return c.take(ordinal)
	}
	switch at := c.places.At(ordinal); {
	case at < c.test:
		return hits{test: 1}
	case at < c.drawn:
		return hits{train: 1}
	}
	return hits{}
}

// take is how often the row of an ordinal was drawn. Draws of rows before are passed over.
func (c *choice) take(ordinal int64) (h hits) {
	for ; len(c.hits) > 0 && int64(c.hits[0]>>1) <= ordinal; c.hits = c.hits[1:] {
		switch {
		case int64(c.hits[0]>>1) < ordinal:
		case c.hits[0]&1 == 1:
			h.test++
		default:
			h.train++
		}
	}
	return h
}

// TestRows is a function that tells whether a row of a table of n rows is in the test set, without strata and replacement. It is for one
// goroutine, and for rows that follow each other.
func (p Proportions) TestRows(n int64, seed uint64) func(row int64) bool {
	p.Strata, p.WithReplacement = false, false
	c := p.permuted(seed, "", n)
	places := c.places.Sequence()
	return func(row int64) bool { return places.At(row) < c.test }
}

// numbers is how many random numbers there are: x stands for x/numbers, 0 <= x/numbers < 1.
const numbers = 1 << 53

// number is random number i of a seed.
func number(seed uint64, i int64) uint64 { return permute.Number(seed, i) >> 11 }

// drawRow is MADlib's formula for the row, from 0, that a random number u = x/numbers draws from n: the first and the last are
// half as likely as the others. Halves are rounded to even, as PostgreSQL's cast of a float8 does.
func drawRow(x uint64, n int64) int64 {
	return int64(math.RoundToEven(float64(x)/numbers*float64(n-1)+1)) - 1
}

// firstDraw is the first number that draws a row from that one on: the larger the number, the later the row, since every operation of the formula
// keeps the order. Where there is none it is numbers.
func firstDraw(row, n int64) uint64 {
	return uint64(sort.Search(numbers, func(x int) bool { return drawRow(uint64(x), n) >= row }))
}
