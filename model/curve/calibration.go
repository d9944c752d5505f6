package curve

import (
	"errors"
	"fmt"
	"math"
	"sort"
)

// A Bin has the rows whose probability lies in a stretch from 0 to 1.
type Bin struct {
	From, To float64 // the bin has To, and From in the first bin only
	Rows     int64
	// Predicted is the mean probability of the rows, Observed the share of them that are positive.
	Predicted, Observed float64
}

// A Reliability says how far probabilities are what they say.
type Reliability struct {
	Bins []Bin // those with rows, by rising probability
	// Brier is the mean of (probability - 1 or 0)²; 0 is perfect.
	Brier float64
	// ECE is the expected calibration error, the mean over the rows of |Predicted - Observed| of their bin.
	ECE float64
}

// Calibration is the reliability of probabilities, in bins of equal width.
//
// Source: sklearn.calibration.calibration_curve (strategy='uniform'), sklearn.metrics.brier_score_loss. Guo et al., On Calibration of
// Modern Neural Networks (2017), equation 3, for ECE, of the positive class here.
func Calibration(rows []Row, bins int) (Reliability, error) {
	if len(rows) == 0 {
		return Reliability{}, errors.New("no rows")
	}
	if bins < 1 {
		return Reliability{}, fmt.Errorf("the number of bins must be at least 1, found %d", bins)
	}
	sorted, err := byScore(rows)
	if err != nil {
		return Reliability{}, err
	}
	for _, r := range []Row{sorted[0], sorted[len(sorted)-1]} {
		if r.Score < 0 || r.Score > 1 {
			return Reliability{}, fmt.Errorf("the score %v is no probability: it must lie from 0 to 1", r.Score)
		}
	}
	width := 1 / float64(bins)
	edge := func(i int) float64 { return min(1, float64(i)*width) } // the bits of numpy.linspace
	var rel Reliability
	all := make([]Bin, bins)
	for _, r := range sorted {
		bin := &all[sort.Search(bins-1, func(i int) bool { return r.Score <= edge(i+1) })]
		bin.Rows++
		bin.Predicted += r.Score
		label := 0.0
		if r.Positive {
			label = 1
		}
		bin.Observed += label
		rel.Brier += (r.Score - label) * (r.Score - label)
	}
	for i, bin := range all {
		if bin.Rows == 0 {
			continue
		}
		rel.ECE += math.Abs(bin.Predicted - bin.Observed)
		bin.From, bin.To = edge(i), edge(i+1)
		bin.Predicted /= float64(bin.Rows)
		bin.Observed /= float64(bin.Rows)
		rel.Bins = append(rel.Bins, bin)
	}
	rel.Brier /= float64(len(rows))
	rel.ECE /= float64(len(rows))
	return rel, nil
}
