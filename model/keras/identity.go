package keras

import "slices"

// Identity gives its input on. It also serves ConvertToTensor, which Keras 3 writes among the layers for masks.
type Identity struct{}

// Class is "Identity".
func (*Identity) Class() string { return "Identity" }

func parseIdentity(*args) kind { return &Identity{} }

func parseConvertToTensor(a *args) kind {
	a.off("sparse", "ragged")
	return &Identity{}
}

func (*Identity) outputShape(in []int) ([]int, error) { return slices.Clone(in), nil }

func (*Identity) weights([]int) []array { return nil }
