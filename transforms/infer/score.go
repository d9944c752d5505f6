package infer

import "math"

// A Score is what a number of an output is that tells how probable a class is.
type Score int

const (
	// Probability: the probability itself, as of a sigmoid or a softmax.
	Probability Score = iota
	// Logit: the probability is the sigmoid of the number.
	Logit
	// LogitAmong: the probabilities are the softmax of the numbers of all classes.
	LogitAmong
	// Side: the number is from -1 (another class) to 1 (this one), as for hinge losses, and the probability goes with it.
	Side
)

// probabilities are those of the classes, of the output's values for one row. space is memory for them, which may grow; they may lie there or be
// the values.
func (o Output) probabilities(values []float32, space *[]float32) []float32 {
	if o.Score == Probability && !o.Second {
		return values
	}
	p := append((*space)[:0], values...)
	o.Score.toProbabilities(p)
	if o.Second {
		p = append(p[:0], 1-p[0], p[0])
	}
	*space = p
	return p
}

// sortable are the numbers that rank the classes of a row: the values, of which two may differ whose probabilities are both 1 or 0 in float32.
func (o Output) sortable(values, probabilities []float32) []float32 {
	if o.Second {
		return probabilities
	}
	return values
}

// toProbabilities replaces scores, in double precision.
func (s Score) toProbabilities(scores []float32) {
	switch s {
	case Logit:
		for i, x := range scores {
			scores[i] = float32(1 / (1 + math.Exp(-float64(x))))
		}
	case LogitAmong:
		softmax(scores)
	case Side:
		for i, x := range scores {
			scores[i] = float32(min(max((float64(x)+1)/2, 0), 1))
		}
	}
}

// softmax replaces logits by their softmax. They are taken from the largest of them, so that none overflows.
func softmax(logits []float32) {
	largest := math.Inf(-1)
	for _, x := range logits {
		largest = max(largest, float64(x))
	}
	var sum float64
	for _, x := range logits {
		sum += math.Exp(float64(x) - largest)
	}
	for i, x := range logits {
		logits[i] = float32(math.Exp(float64(x)-largest) / sum)
	}
}
