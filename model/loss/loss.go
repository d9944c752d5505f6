package loss

import (
	"slices"

	"github.com/beamfit/beamfit/model/expr"
)

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

// A Form is how a loss is computed from the model's output or from its logits: one of this package's structs, each in the file of
// its loss. It is data, whose fields are the loss's numbers; a device has a kernel for every kind.
//
// The CPU's kernels are the methods of the struct: Rows writes losses[r]; Grad writes dp[r,j] = scale[r]·∂losses[r]/∂p[r,j]. dp may
// alias p. Neither allocates.
type Form interface {
	// Kind is the name of the loss in keras.losses.
	Kind() string
}

// A Loss is one loss of keras.losses with its arguments, or a person's own.
type Loss struct {
	// Name is the function's name in keras.losses, or the person's.
	Name string
	// Program is a person's own loss, which has no form: a list of operations.
	Program *expr.Program
	// Output computes from the model's output. A loss of Sequences has none: it is an operation of its own (kernels.CTC).
	Output Form
	// Logits computes from the input of the softmax or sigmoid that makes the model's output; nil: the loss has no such
	// form.
	Logits Form
	// SoftmaxLogits computes from the input of a softmax where that differs from Logits, which then is for a sigmoid
	// only; nil: Logits is for both.
	SoftmaxLogits Form
	// Labels is what the loss compares the output with.
	Labels Labels
	// AmongClasses: it compares the elements of an output with each other, so that one alone has nothing to learn from.
	AmongClasses bool
	// TwoClasses: a label of one number is one of two classes. Of a person's own loss it is not known, and taken so.
	TwoClasses bool
	// FromLogits: it takes the output for logits of probabilities.
	FromLogits bool
	// Sparse: Keras takes class numbers as labels, which are one-hot here.
	Sparse bool
	// WholeBatch: a row's loss depends on the other rows of its batch, so that a batch must be whole: no slice of it, and no rows
	// that are none. Grad then must not overwrite p.
	WholeBatch bool
	// FirstAxis: it is over axis 1, which is its last one of an output of one dimension only. No loss is over another axis than the last here.
	FirstAxis bool
	// Ignore is the class whose rows do not count.
	Ignore Ignore
}

// An Ignore is a class whose rows have no loss and do not count in its mean. It need not be one of the output's: a class number
// beyond them is a label of zeros.
type Ignore struct {
	On    bool // false: there is none
	Class int
}

// Has tells whether a row with label y is of the class.
func (i Ignore) Has(y []float32) bool {
	switch {
	case !i.On:
		return false
	case i.Class >= 0 && i.Class < len(y):
		return y[i.Class] != 0
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
