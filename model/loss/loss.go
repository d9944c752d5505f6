package loss

// A Func computes a loss and its gradient. Rows writes losses[r]; Grad writes dp[r,j] = scale[r]·∂losses[r]/∂p[r,j].
// dp may alias p. Neither allocates.
type Func struct {
	Rows func(rows, n int, p, y, losses []float32)
	Grad func(rows, n int, p, y, scale, dp []float32)
}

// A Loss is one loss of keras.losses.
type Loss struct {
	// Name is the function's name in keras.losses; Aliases are its other accepted spellings.
	Name    string
	Aliases []string
	// Output computes from the model's output.
	Output Func
	// Logits computes from the input of the softmax or sigmoid that makes the model's output; nil: the loss has no such
	// form.
	Logits *Func
}

// epsilon is keras.config.epsilon(): how far probabilities are kept from 0 and 1.
const epsilon = 1e-7

// clipLow and clipHigh bound probabilities, in float32 as Keras computes them.
var (
	clipLow  = float64(float32(epsilon))
	clipHigh = float64(float32(1 - epsilon))
)

// clip bounds a probability; inside is false where the bound is taken, so that the gradient is zero. NaN stays NaN.
func clip(p float64) (q float64, inside bool) {
	switch {
	case p < clipLow:
		return clipLow, false
	case p > clipHigh:
		return clipHigh, false
	}
	return p, true
}
