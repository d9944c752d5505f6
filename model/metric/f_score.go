package metric

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// f1Score is the F-score with beta 1.
//
// Source: keras/src/metrics/f_score_metrics.py, F1Score.
func f1Score(a *params.Args, n int) *Metric {
	return fScore(a, n, 1)
}

// fBetaScore is the F-score (1+beta²)·precision·recall / (beta²·precision + recall), over all classes ('micro'), or the mean
// of the classes' ('macro'; 'weighted' by the numbers of their labels). A class is predicted where its prediction is a row's
// highest, or above threshold.
//
// Arguments: average, which must be given unless the output has width 1: Keras' default is one value per class; beta 1;
// threshold none.
//
// Source: keras/src/metrics/f_score_metrics.py, FBetaScore.
func fBetaScore(a *params.Args, n int) *Metric {
	beta := a.Float(1, "beta")
	if !(beta > 0) {
		a.Failf("argument beta must be positive, found %v", beta)
	}
	return fScore(a, n, beta)
}

// Per class, the State of an F-score has the sum of the labels that are predicted, that of the other labels, and the number of predictions.
func fScore(a *params.Args, n int, beta float64) *Metric {
	average := a.Choice("", "average", "micro", "macro", "weighted")
	if average == "" && n > 1 {
		a.Failf("argument average is missing: one value per class is no metric here; give average='micro', 'macro' or 'weighted'")
	}
	threshold := math.NaN() // none: a row's highest
	if a.Has("threshold") {
		threshold = float64(float32(a.Float(0, "threshold")))
		if !(threshold > 0 && threshold <= 1) {
			a.Failf("argument threshold must be above 0 and at most 1, found %v", threshold)
		}
	}
	return fMetric(n, average, beta*beta, threshold, tally{})
}

func fMetric(n int, average string, beta2, threshold float64, predictions tally) *Metric {
	counts, sums := predictions.room(n)
	predictions.first = sums * 2
	return &Metric{
		counts: counts, sums: 2*n + sums,
		weigh: func() *Metric { return fMetric(n, average, beta2, threshold, tally{weighted: true}) },
		add: func(s *State, r Rows) {
			for row := range len(r.Values) {
				p, y, weight := r.p(row), r.y(row), r.weight(row)
				top := p[argmax(p)]
				for j, v := range p {
					predicted := float64(v) > threshold
					if math.IsNaN(threshold) {
						predicted = v >= top && math.Abs(float64(v)) > 1e-9
					}
					if predicted {
						predictions.add(s, j, weight)
						s.sums[2*j].Add(float64(y[j]) * weight)
					} else {
						s.sums[2*j+1].Add(float64(y[j]) * weight)
					}
				}
			}
		},
		value: func(s *State) float64 { return fValue(s, predictions, n, average, beta2) },
	}
}

// fValue is the F-score; beta2 is beta².
func fValue(s *State, predictions tally, n int, average string, beta2 float64) float64 {
	var all confusion
	var sum, weighted, labels float64
	for j := range n {
		tp, fn := s.sums[2*j].Float64(), s.sums[2*j+1].Float64()
		c := confusion{tp: tp, fp: predictions.at(s, j) - tp, fn: fn}
		all.tp, all.fp, all.fn = all.tp+c.tp, all.fp+c.fp, all.fn+c.fn
		score := c.fScore(beta2)
		sum += score
		weighted += score * (tp + fn)
		labels += tp + fn
	}
	switch average {
	case "micro":
		return all.fScore(beta2)
	case "weighted":
		return weighted / (labels + epsilon)
	}
	return sum / float64(n)
}

func (c confusion) fScore(beta2 float64) float64 {
	precision, recall := c.tp/(c.tp+c.fp+epsilon), c.tp/(c.tp+c.fn+epsilon)
	return (1 + beta2) * precision * recall / (beta2*precision + recall + epsilon)
}
