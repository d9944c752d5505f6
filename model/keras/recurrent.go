package keras

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/nearest"
)

// Recurrent runs a cell over the steps of sequences (T, D): an LSTM, a GRU or a SimpleRNN. Its result is the state after
// the last step, (Units), or the states after all of them, (T, Units), in the order in which they were made. A step that
// is masked leaves the state as it was.
//
// Weights, with the gates side by side (LSTM: i f c o, GRU: z r h): kernel (D, gates·Units), recurrent_kernel (Units,
// gates·Units) and, when UseBias, bias (gates·Units), of a GRU with ResetAfter (2, gates·Units).
type Recurrent struct {
	Kind                string // the class: "LSTM", "GRU" or "SimpleRNN"
	Units               int
	Activation          string // a name of keras.activations
	RecurrentActivation string // of the gates that are not activated by Activation; "" for a SimpleRNN
	UseBias             bool
	ResetAfter          bool // GRU: the reset gate acts behind the product with the recurrent kernel, which has a bias of its own
	ReturnSequences     bool
	ReturnState         bool // the states after the last step are results, too
	GoBackwards         bool // from the last step to the first
	ZeroOutputForMask   bool // results of masked steps are 0; else they repeat the result before
	// Dropout and RecurrentDropout are the shares of a step's input and of the state that are zeroed in training, the same
	// elements at all steps; those of the state are drawn for each gate, those of the input once.
	Dropout, RecurrentDropout float64
	Seed                      *int64 // nil: drawn from the run's seed

	KernelInitializer    Initializer
	RecurrentInitializer Initializer
	BiasInitializer      Initializer
	KernelRegularizer    Regularizer
	RecurrentRegularizer Regularizer
	BiasRegularizer      Regularizer
	KernelConstraint     *Constraint
	RecurrentConstraint  *Constraint
	BiasConstraint       *Constraint
}

// Class is the kind.
func (c *Recurrent) Class() string { return c.Kind }

// recurrentActivations are the activations that a recurrent layer may have: those whose derivative follows from their
// result.
var recurrentActivations = []string{
	"celu", "elu", "exponential", "hard_sigmoid", "leaky_relu", "linear", "relu", "relu6", "selu", "sigmoid", "softplus",
	"softsign", "tanh",
}

// recurrentGates is the number of gates of each class.
var recurrentGates = map[string]int{"GRU": 3, "LSTM": 4, "SimpleRNN": 1}

// parseRecurrent makes the parse function of a class.
func parseRecurrent(class string) func(*args) kind {
	return func(a *args) kind {
		a.notStateful()
		a.off("time_major")
		a.skip("unroll", "implementation", "use_cudnn", "input_length", "input_dim") // how it is computed; the input's shape
		c := &Recurrent{
			Kind: class, Units: a.positive("units"),
			Activation:           a.recurrentActivation("activation", "tanh"),
			UseBias:              a.bool("use_bias", true),
			ReturnSequences:      a.bool("return_sequences", false),
			ReturnState:          a.bool("return_state", false),
			GoBackwards:          a.bool("go_backwards", false),
			ZeroOutputForMask:    a.bool("zero_output_for_mask", false),
			Dropout:              a.share("dropout"),
			RecurrentDropout:     a.share("recurrent_dropout"),
			Seed:                 a.seed(),
			KernelInitializer:    a.initializer("kernel_initializer", glorotUniform),
			RecurrentInitializer: a.initializer("recurrent_initializer", Initializer{Class: "Orthogonal", Gain: 1}),
			BiasInitializer:      a.initializer("bias_initializer", zeros),
			KernelRegularizer:    a.regularizer("kernel_regularizer"),
			RecurrentRegularizer: a.regularizer("recurrent_regularizer"),
			BiasRegularizer:      a.regularizer("bias_regularizer"),
			KernelConstraint:     a.constraint("kernel_constraint"),
			RecurrentConstraint:  a.constraint("recurrent_constraint"),
			BiasConstraint:       a.constraint("bias_constraint"),
		}
		switch class {
		case "LSTM":
			c.RecurrentActivation = a.recurrentActivation("recurrent_activation", "sigmoid")
			if a.bool("unit_forget_bias", true) {
				c.BiasInitializer.UnitForget = c.Units
			}
		case "GRU":
			c.RecurrentActivation = a.recurrentActivation("recurrent_activation", "sigmoid")
			// Keras 2.0 and at first 2.1 have no such argument; everybody else writes it
			c.ResetAfter = a.bool("reset_after", !strings.HasPrefix(a.version, "2.0.") && !strings.HasPrefix(a.version, "2.1."))
		}
		return c
	}
}

// recurrentActivation reads an activation of a recurrent layer.
func (a *args) recurrentActivation(key, byDefault string) string {
	name := a.activationOf(key, byDefault)
	if a.err == nil && !slices.Contains(recurrentActivations, name) {
		a.fail("%s %q is not supported in a recurrent layer (%s)", key, name, nearest.Known(name, recurrentActivations))
	}
	return name
}

// share reads a rate of dropout.
func (a *args) share(key string) float64 {
	rate := a.atLeast0(key, 0)
	if rate >= 1 {
		a.wrong(key, "at least 0 and less than 1")
	}
	return rate
}

func (c *Recurrent) outputShape(in []int) ([]int, error) {
	if len(in) != 2 {
		return nil, fmt.Errorf("expects sequences (steps, features), found an input of shape %s", shapeText(in))
	}
	if c.Units > MaxRowElements/recurrentGates[c.Kind]/in[0] {
		return nil, fmt.Errorf("%d units for %d steps are too many", c.Units, in[0])
	}
	if c.ReturnSequences {
		return []int{in[0], c.Units}, nil
	}
	return []int{c.Units}, nil
}

func (c *Recurrent) weights(in []int) []array {
	width := recurrentGates[c.Kind] * c.Units
	arrays := []array{
		{
			name: "kernel", shape: []int{in[1], width}, init: c.KernelInitializer,
			regularizer: c.KernelRegularizer, constraint: c.KernelConstraint,
		},
		{
			name: "recurrent_kernel", shape: []int{c.Units, width}, init: c.RecurrentInitializer,
			regularizer: c.RecurrentRegularizer, constraint: c.RecurrentConstraint,
		},
	}
	if c.UseBias {
		shape := []int{width}
		if c.ResetAfter {
			shape = []int{2, width}
		}
		arrays = append(arrays, array{
			name: "bias", shape: shape, init: c.BiasInitializer, regularizer: c.BiasRegularizer, constraint: c.BiasConstraint,
		})
	}
	return arrays
}

func (c *Recurrent) takesMask() bool { return true }

func (c *Recurrent) passesMask() bool { return c.ReturnSequences }
