package keras

import (
	"fmt"
	"slices"
)

// ConvLSTM is an LSTM over films (T, H, W, C) whose products are convolutions (ConvLSTM2D), or over sequences of lines (T, length, C), which are
// images of width 1 (ConvLSTM1D). Its states are images. What comes in is convolved as the inner Conv2D says, states with strides of 1 and the
// padding "same".
//
// Weights, with the gates i f c o side by side: kernel (KernelSize[0], KernelSize[1], C, 4·Filters), recurrent_kernel (KernelSize[0],
// KernelSize[1], Filters, 4·Filters), bias (4·Filters) when UseBias.
type ConvLSTM struct {
	Conv2D
	RecurrentActivation       string
	ReturnSequences           bool
	ReturnState               bool
	GoBackwards               bool
	Dropout, RecurrentDropout float64 // as in Recurrent
	Seed                      *int64

	RecurrentInitializer Initializer
	RecurrentRegularizer Regularizer
	RecurrentConstraint  *Constraint
}

// Class is "ConvLSTM2D" or "ConvLSTM1D".
func (c *ConvLSTM) Class() string {
	if c.Line {
		return "ConvLSTM1D"
	}
	return "ConvLSTM2D"
}

// parseConvLSTM makes the parse function of the class for images with dims dimensions besides the channels.
func parseConvLSTM(dims int) func(*args) kind {
	return func(a *args) kind {
		a.notStateful()
		a.off("zero_output_for_mask", "time_major")
		a.skip("unroll", "implementation") // how it is computed
		if v, ok := a.get("data_format"); ok && v != "channels_last" {
			a.fail("data_format %s is not supported (known: channels_last)", show(v))
		}
		c := &ConvLSTM{
			Conv2D:               a.convolution(dims),
			RecurrentActivation:  a.recurrentActivation("recurrent_activation", a.gateActivation()),
			ReturnSequences:      a.bool("return_sequences", false),
			ReturnState:          a.bool("return_state", false),
			GoBackwards:          a.bool("go_backwards", false),
			Dropout:              a.share("dropout"),
			RecurrentDropout:     a.share("recurrent_dropout"),
			Seed:                 a.seed(),
			RecurrentInitializer: a.initializer("recurrent_initializer", Initializer{Class: "Orthogonal", Gain: 1}),
			RecurrentRegularizer: a.regularizer("recurrent_regularizer"),
			RecurrentConstraint:  a.constraint("recurrent_constraint"),
		}
		c.Activation = a.recurrentActivation("activation", "tanh")
		c.Filters = a.positive("filters")
		c.KernelInitializer = a.initializer("kernel_initializer", glorotUniform)
		c.KernelRegularizer = a.regularizer("kernel_regularizer")
		c.KernelConstraint = a.constraint("kernel_constraint")
		if a.bool("unit_forget_bias", true) {
			c.BiasInitializer.UnitForget = c.Filters
		}
		return c
	}
}

// gateActivation is the activation of gates where the JSON has none.
func (a *args) gateActivation() string {
	if beforeKeras3(a.version) {
		return "hard_sigmoid"
	}
	return "sigmoid"
}

// of is the convolution to all gates.
func (c *ConvLSTM) of() *Conv2D {
	all := c.Conv2D
	all.Filters *= 4
	return &all
}

// Input is the convolution of what comes in, and Recurrent that of states, to all gates.
func (c *ConvLSTM) Input() *Conv2D { return c.of() }

// Recurrent is described at Input.
func (c *ConvLSTM) Recurrent() *Conv2D {
	r := c.of()
	r.Strides, r.Dilation, r.Padding = [2]int{1, 1}, [2]int{1, 1}, "same"
	return r
}

// state is the shape of a state.
func (c *ConvLSTM) state(in []int) ([]int, error) {
	want := "(steps, height, width, channels)"
	dims := 4
	if c.Line {
		want, dims = "(steps, length, channels)", 3
	}
	if len(in) != dims {
		return nil, fmt.Errorf("expects films %s, found an input of shape %s", want, shapeText(in))
	}
	return c.Conv2D.outputShape(in[1:])
}

func (c *ConvLSTM) outputShape(in []int) ([]int, error) {
	state, err := c.state(in)
	if err != nil {
		return nil, err
	}
	if _, ok := elements(state, MaxRowElements/in[0]/4); !ok { // the gates of all steps are made at once
		return nil, fmt.Errorf("%d filters for %d steps are too many", c.Filters, in[0])
	}
	if !c.ReturnSequences {
		return state, nil
	}
	return append([]int{in[0]}, state...), nil
}

func (c *ConvLSTM) weights(in []int) []array {
	arrays := c.of().weights(in[1:])
	recurrent := array{
		name: "recurrent_kernel", shape: c.kernel(c.Filters, 4*c.Filters), init: c.RecurrentInitializer,
		regularizer: c.RecurrentRegularizer, constraint: c.RecurrentConstraint,
	}
	return slices.Insert(arrays, 1, recurrent)
}

// NumStates is 2: the result and the memory.
func (c *ConvLSTM) NumStates() int { return 2 }

func (c *ConvLSTM) bind(n node, _ *Call) error { return n.beginsWith() }

func (c *ConvLSTM) joinShape(in [][]int) ([]int, error) { return joinStates(c, in) }

func (c *ConvLSTM) states(in []int) [][]int {
	state, err := c.state(in)
	if err != nil {
		return nil // outputShape says it
	}
	return [][]int{state, state}
}

func (c *ConvLSTM) returnsStates() bool { return c.ReturnState }
