package keras

import "slices"

// activations is the table of known activations (keras.activations by name). model/graph has the functions.
// Not among them are threshold, which needs arguments that a name cannot give, and glu, which halves its input: Keras
// takes the result for as wide as the input, so that its own models with a layer after it do not run.
var activations = []string{
	"celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
	"linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax",
	"softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink",
}

// Activations lists the names of all activations, sorted.
func Activations() []string { return slices.Clone(activations) }

// activation reads an activation: a name, null for "linear", or Keras 3's form of a function,
// {"class_name": "function", "config": "relu"}.
func (a *args) activation() string { return a.activationOf("activation", "linear") }

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
	if !ok || !slices.Contains(activations, name) {
		a.fail("%s %s is not supported (known: %q)", key, objectName(v), activations)
	}
	return name
}

// Activation applies a named activation element-wise (softmax: over the last dimension).
type Activation struct{ Activation string }

// Class is "Activation".
func (*Activation) Class() string { return "Activation" }

func parseActivation(a *args) kind {
	if _, ok := a.get("activation"); !ok {
		a.fail("activation is missing")
	}
	return &Activation{Activation: a.activation()}
}

func (*Activation) outputShape(in []int) ([]int, error) { return slices.Clone(in), nil }

func (*Activation) weights([]int) []array { return nil }
