package kernels

// An Around is what is done with images right before a convolution reads them, and right after it has written them, so that they are
// in the cache. The zero value is nothing. It is a way to call other kernels in between: the result is that of one kernel after the
// other.
type Around struct {
	// Before makes images first to last-1 of the input; nil: they are there. It is called for images in order, each once.
	Before func(first, last int)
	// After works on images first to last-1 of the output; nil: nothing does. It is called for images in order, each once.
	After func(first, last int)
	// Inputs and Outputs are the arrays that Before and After go through, N images each, which may be fetched into the caches beforehand.
	Inputs, Outputs [][]float32
}

func (a *Around) before(first, last int) {
	if a.Before != nil && first < last {
		a.Before(first, last)
	}
}

func (a *Around) after(first, last int) {
	if a.After != nil && first < last {
		a.After(first, last)
	}
}
