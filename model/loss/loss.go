package loss

import "slices"

// Labels are what a loss compares an output with.
type Labels uint8

const (
	// LikeOutput are labels as wide as the output, one-hot or numbers.
	LikeOutput Labels = iota
	// ClassNumbers are one class number per row; the classes have nothing to do with the width of the output.
	ClassNumbers
	// Sequences are class numbers, one per frame of the output at the most. 0 is no class and fills a sequence up.
	Sequences
)

// A Func computes a loss and its gradient. Rows writes losses[r]; Grad writes dp[r,j] = scale[r]·∂losses[r]/∂p[r,j].
// dp may alias p. Neither allocates.
type Func struct {
	Rows func(rows, n int, p, y, losses []float32)
	Grad func(rows, n int, p, y, scale, dp []float32)
}

// A Loss is one loss of keras.losses with its arguments.
type Loss struct {
	// Name is the function's name in keras.losses.
	Name string
	// Output computes from the model's output. A loss of Sequences has none: it is an operation of its own (kernels.CTC).
	Output Func
	// Logits computes from the input of the softmax or sigmoid that makes the model's output; nil: the loss has no such
	// form.
	Logits *Func
	// SoftmaxLogits computes from the input of a softmax where that differs from Logits, which then is for a sigmoid
	// only; nil: Logits is for both.
	SoftmaxLogits *Func
	// Labels is what the loss compares the output with.
	Labels Labels
	// Sparse: Keras takes class numbers as labels, which are one-hot here.
	Sparse bool
	// WholeBatch: a row's loss depends on the other rows of its batch, so that a batch must be whole: no slice of it, and no rows
	// that are none. Grad then must not overwrite p.
	WholeBatch bool
	// Ignore is a class whose rows have no loss and do not count in its mean; nil: none. It need not be one of the output's:
	// a class number beyond them is a label of zeros.
	Ignore *int
}

// Ignores tells whether a row with label y does not count.
func (l *Loss) Ignores(y []float32) bool {
	switch {
	case l.Ignore == nil:
		return false
	case *l.Ignore >= 0 && *l.Ignore < len(y):
		return y[*l.Ignore] != 0
	}
	return !slices.ContainsFunc(y, func(v float32) bool { return v != 0 })
}

// String is the loss's name.
func (l *Loss) String() string { return l.Name }

// epsilon is keras.config.epsilon(): how far probabilities are kept from 0 and 1.
const epsilon = 1e-7

// clipLow and clipHigh bound probabilities, in float32 as Keras computes them.
var (
	clipLow  = float64(float32(epsilon))
	clipHigh = float64(float32(1 - epsilon))
)

// clip bounds a probability; inside is false where the bound is taken, so that the gradient is zero. NaN stays NaN.
func clip(p float64) (q float64, inside bool) { return bounded(p, clipLow, clipHigh) }

// bounded is v bounded to [low, high]; inside is false where a bound is taken. NaN stays NaN.
func bounded(v, low, high float64) (q float64, inside bool) {
	switch {
	case v < low:
		return low, false
	case v > high:
		return high, false
	}
	return v, true
}
