package curve

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// A Row is what a row scores for the positive class, and whether it is of that class.
type Row struct {
	Score    float64
	Positive bool
}

// ErrOneKind is the error of rows that are all positive, or none of which is.
var ErrOneKind = errors.New("a curve needs rows of the class and rows of others")

// A tally counts the rows whose score is at least a threshold.
type tally struct {
	threshold          float64
	positive, negative int64
}

// tallies are those of all different scores, by falling score, after one of no rows whose threshold is infinite.
func tallies(rows []Row) ([]tally, error) {
	sorted, err := byScore(rows)
	if err != nil {
		return nil, err
	}
	out := []tally{{threshold: math.Inf(1)}}
	for _, r := range slices.Backward(sorted) {
		last := &out[len(out)-1]
		if r.Score != last.threshold {
			out = append(out, tally{r.Score, last.positive, last.negative})
			last = &out[len(out)-1]
		}
		if r.Positive {
			last.positive++
		} else {
			last.negative++
		}
	}
	if all := out[len(out)-1]; all.positive == 0 || all.negative == 0 {
		return nil, fmt.Errorf("%w; of %d rows %d are of the class", ErrOneKind, len(rows), all.positive)
	}
	return out, nil
}

// byScore are the rows by rising score, those of equal scores with the positive ones last, so that no result depends on the order given.
func byScore(rows []Row) ([]Row, error) {
	for i, r := range rows {
		if math.IsNaN(r.Score) || math.IsInf(r.Score, 0) {
			return nil, fmt.Errorf("row %d: the score %v is not finite", i+1, r.Score)
		}
	}
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(a, b Row) int {
		if c := cmp.Compare(a.Score, b.Score); c != 0 || a.Positive == b.Positive {
			return c
		} else if a.Positive {
			return 1
		}
		return -1
	})
	return sorted, nil
}
