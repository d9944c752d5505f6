package average

// A Tail is an average of the weights after some last iterations.
type Tail struct {
	// Length is the number of iterations that the average is of.
	Length int
	// Exponential: the latest count most; else all count the same.
	Exponential bool
}

// Add adds the weights after the iteration that number others of the tail come before, to their average; that of the first is
// the weights.
//
// The average of equal shares is x̄ + (x - x̄)/(number + 1), stochastic weight averaging (Izmailov et al., UAI 2018, "Averaging Weights Leads to
// Wider Optima and Better Generalization"); the exponential one is x̄ + (x - x̄)·2/(Length + 1), which reaches as far back as the equal one.
func (t Tail) Add(average, weights []float32, number int) {
	if number == 0 {
		copy(average, weights)
		return
	}
	share := 1 / float64(number+1)
	if t.Exponential {
		share = 2 / float64(t.Length+1)
	}
	for i, x := range weights {
		a := float64(average[i])
		average[i] = float32(a + float64(share*(float64(x)-a)))
	}
}
