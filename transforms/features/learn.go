package features

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/beamfit/beamfit/io/table"
)

// Learn is the variables with what their steps learn from Stats of all rows of a table. They must have been collected with these variables.
func Learn(variables []Variable, s Stats, source table.Name) ([]Variable, error) {
	out := make([]Variable, len(variables))
	at := 0
	for i, v := range variables {
		out[i] = Variable{Name: v.Name, Columns: slices.Clone(v.Columns)}
		for k := range out[i].Columns {
			c := &out[i].Columns[k]
			c.Steps = slices.Clone(c.Steps)
			row, err := c.learn(&s.Columns[at])
			if err != nil {
				return nil, &table.ValueError{Table: source, Column: c.Name, Row: row, Err: err}
			}
			at++
		}
	}
	return out, nil
}

// missingError is a missing value where no step says what becomes of it.
func (c *Column) missingError() error {
	if c.has(look) {
		return errMissingText
	}
	name := table.Quote(c.Name)
	if formOf(c.typ()) == texts || c.last() != nil && functions[function(c.last().Function)].kind == encodes {
		return fmt.Errorf("the value is missing (NULL or NaN); category(%s) makes missing values a category", name)
	}
	return fmt.Errorf("the value is missing (NULL or NaN); mean(%s), median(%s) or zero(%s) fills missing values", name, name, name)
}

// TakesMissing tells whether missing values, or whole arrays, are no error: a step fills them, tells of them or makes them a category.
func (c *Column) TakesMissing() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool {
		k := functions[function(s.Function)].kind
		return k == fills || k == tells || s.Function == category
	})
}

// learn lets the steps learn; row is that of an error, counted from 1.
func (c *Column) learn(s *ColumnStats) (row int64, err error) {
	if s.FirstMissing >= 0 && !c.TakesMissing() {
		return s.FirstMissing + 1, c.missingError()
	}
	if collect(c).values > 0 {
		last := c.last()
		if len(s.Values) == 0 {
			return 0, errors.New("all values are missing: there are no categories")
		}
		for _, v := range s.Values.Sorted(c.typ()) {
			last.Categories = append(last.Categories, v.Pointer())
		}
		return 0, nil
	}
	for k := range s.Numbers {
		if err := c.learnNumbers(&s.Numbers[k], s.Missing[k]); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// learnNumbers lets the steps learn from one element: each appends to its lists.
func (c *Column) learnNumbers(s *numberStats, missing int64) error {
	if s.N == 0 && slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Function == mean || s.Function == median }) {
		return errors.New("all values are missing: there is nothing to fill them with")
	}
	var fill *float64 // what missing values have become
	logged := false
	offset, scale := 0.0, 1.0 // of present values
	for i := range c.Steps {
		step := &c.Steps[i]
		switch step.Function {
		case mean, median, zero:
			x := 0.0
			switch step.Function {
			case mean:
				x = (float(new(big.Rat).Quo(s.Fill.value(), ratio(s.N))) - offset) / scale
			case median:
				a, b := s.middle()
				if logged {
					a, b = math.Log1p(a), math.Log1p(b)
				}
				x = (a/2 + b/2 - offset) / scale
			}
			if fill = &x; step.Function != zero {
				step.Fill = append(step.Fill, x)
			}
		case log1p:
			logged = true
			if fill != nil {
				y, err := log(*fill)
				if err != nil {
					return fmt.Errorf("what fills missing values: %w", err)
				}
				fill = &y
			}
		case standardise, minMax:
			n := s.N
			if fill != nil {
				n += missing
			}
			if n == 0 {
				return fmt.Errorf("all values are missing: %s learns nothing", step.Function)
			}
			if step.Function == standardise {
				offset, scale = s.deviation(n, fill)
			} else {
				offset, scale = s.span(n > s.N, fill)
			}
			if math.IsInf(offset, 0) || math.IsInf(scale, 0) {
				return fmt.Errorf("the values are too far apart for %s", step.Function)
			}
			step.Offset, step.Scale = append(step.Offset, offset), append(step.Scale, scale)
			if fill != nil {
				y := (*fill - offset) / scale
				fill = &y
			}
		}
	}
	return nil
}

// deviation are the mean of n values, of which those beyond N are fill, and their standard deviation, or 1 where all are alike.
//
// Source: scikit-learn, sklearn/preprocessing/_data.py, StandardScaler: the variance over N, not N-1.
func (s *numberStats) deviation(n int64, fill *float64) (mean, deviation float64) {
	sum, squares := s.Sum.value(), s.Squares.value()
	if filled := n - s.N; filled > 0 {
		x := new(big.Rat).SetFloat64(*fill)
		more := new(big.Rat).Mul(ratio(filled), x)
		sum.Add(sum, more)
		squares.Add(squares, more.Mul(more, x))
	}
	// n²·variance = n·Σx² - (Σx)²
	count := ratio(n)
	variance := new(big.Rat).Mul(count, squares)
	variance.Sub(variance, new(big.Rat).Mul(sum, sum))
	variance.Quo(variance, new(big.Rat).Mul(count, count))
	mean = float(sum.Quo(sum, count))
	if deviation = math.Sqrt(float(variance)); deviation == 0 {
		deviation = 1
	}
	return mean, deviation
}

// span are the minimum and the distance of the maximum, or 1 where all values are alike; filled: some are fill.
func (s *numberStats) span(filled bool, fill *float64) (low, span float64) {
	low, high := s.Min, s.Max
	if filled {
		low, high = min(low, *fill), max(high, *fill)
	}
	if span = high - low; span == 0 {
		span = 1
	}
	return low, span
}

// middle are the two values in the middle of all, which are one where their number is odd.
func (s *numberStats) middle() (a, b float64) {
	type counted struct {
		x float64
		n int64
	}
	all := make([]counted, 0, len(s.Distinct))
	for x, n := range s.Distinct {
		all = append(all, counted{x, n})
	}
	slices.SortFunc(all, func(a, b counted) int { return cmp.Compare(a.x, b.x) })
	at := func(place int64) float64 {
		for _, c := range all {
			if place -= c.n; place < 0 {
				return c.x
			}
		}
		return 0
	}
	return at((s.N - 1) / 2), at(s.N / 2)
}

func ratio(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// float rounds to the nearest float64.
func float(r *big.Rat) float64 {
	x, _ := r.Float64()
	return x
}
