package keras

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/nearest"
)

// activations is the table of known activations (keras.activations by name). model/graph has the functions.
var activations = []string{
	"celu", "elu", "exponential", "gelu", GLU, "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
	"linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax",
	"softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink",
}

// GLU is the activation that halves the last dimension. Keras takes its result for as wide as its input all the same, so that its
// own models run only where no layer with weights, or that wants the shape, comes after it. Here the result has its own shape.
const GLU = "glu"

// Activations lists the names of all activations, sorted.
func Activations() []string { return slices.Clone(activations) }

// activation reads an activation: a name, null for "linear", or Keras 3's form of a function,
// {"class_name": "function", "config": "relu"}.
func (a *args) activation() string {
	name := a.halving()
	if name == GLU {
		a.fail("activation %s halves its input, which is supported in the layers Dense and Activation only: "+
			"an Activation layer after this one can have it", name)
	}
	return name
}

// halving is activation for layers whose result may be half as wide as what they compute.
func (a *args) halving() string { return a.activationOf("activation", "linear") }

// activationOf reads an activation under any key; byDefault is for one that is not given.
func (a *args) activationOf(key, byDefault string) string {
	v, ok := a.get(key)
	if _, given := a.obj[key]; !given {
		return byDefault
	}
	if !ok {
		return "linear"
	}
	if obj, ok := v.(object); ok && obj["class_name"] == "function" {
		v = obj["config"]
	}
	name, ok := v.(string)
	if name == "threshold" {
		a.fail("%s %q is not supported: it needs arguments, which a name cannot give; Keras too raises a TypeError where it calls it "+
			"(the layer ReLU has a threshold)", key, name)
		return name
	}
	if !ok || !slices.Contains(activations, name) {
		a.fail("%s %s is not supported (%s)", key, objectName(v), nearest.Known(name, activations))
	}
	return name
}

// Activation applies a named activation element-wise (softmax and its like: over the last dimension).
type Activation struct{ Activation string }

// Class is "Activation".
func (*Activation) Class() string { return "Activation" }

func parseActivation(a *args) kind {
	if _, ok := a.get("activation"); !ok {
		a.fail("activation is missing")
	}
	return &Activation{Activation: a.halving()}
}

func (c *Activation) outputShape(in []int) ([]int, error) {
	return activated(c.Activation, slices.Clone(in))
}

// activated is the shape of a result after an activation; shape is overwritten.
func activated(activation string, shape []int) ([]int, error) {
	if activation != GLU {
		return shape, nil
	}
	last := &shape[len(shape)-1]
	if *last%2 != 0 {
		return nil, fmt.Errorf("activation %s halves the last dimension, which must be even, found shape %s", GLU, shapeText(shape))
	}
	*last /= 2
	return shape, nil
}

func (*Activation) weights([]int) []array { return nil }
