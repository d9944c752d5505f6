package keras

import "slices"

// activations is the table of known activations (keras.activations by name). model/graph has the functions.
// Not among them are glu, which halves its input, threshold, which needs arguments that a name cannot give, and sparsemax,
// which in Keras 3 gives rows that do not sum to 1 (keras/src/backend/tensorflow/nn.py sums cumulative sums).
var activations = []string{
	"celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
	"linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax",
	"softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh", "tanh_shrink",
}

// Activations lists the names of all activations, sorted.
func Activations() []string { return slices.Clone(activations) }

// activation reads an activation: a name, null for "linear", or Keras 3's form of a function,
// {"class_name": "function", "config": "relu"}.
func (a *args) activation() string {
	v, ok := a.get("activation")
	if !ok {
		return "linear"
	}
	if obj, ok := v.(object); ok && obj["class_name"] == "function" {
		v = obj["config"]
	}
	name, ok := v.(string)
	if !ok || !slices.Contains(activations, name) {
		a.fail("activation %s is not supported (known: %q)", objectName(v), activations)
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
