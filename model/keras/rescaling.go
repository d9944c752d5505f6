package keras

import "slices"

// Rescaling computes Scale·x + Offset.
type Rescaling struct{ Scale, Offset float64 }

// Class is "Rescaling".
func (*Rescaling) Class() string { return "Rescaling" }

func parseRescaling(a *args) kind {
	if _, ok := a.get("scale"); !ok {
		a.fail("scale is missing")
	}
	return &Rescaling{Scale: a.float("scale", 1), Offset: a.float("offset", 0)}
}

func (*Rescaling) outputShape(in []int) ([]int, error) { return slices.Clone(in), nil }

func (*Rescaling) weights([]int) []array { return nil }
