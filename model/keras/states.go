package keras

import (
	"errors"
	"fmt"
	"slices"
)

// A stater is a kind with states: its calls may be given those that it begins with, behind its input, and may give those after the last step
// behind its result.
type stater interface {
	caller
	// states are the shapes of the states for an input of shape in.
	states(in []int) [][]int
	// NumStates is how many there are.
	NumStates() int
	// returnsStates says whether the states are results.
	returnsStates() bool
}

// resultsOf is how many tensors a call of a layer gives, its states included, for an input of any shape.
func resultsOf(k Config) int {
	s, ok := k.(stater)
	if !ok || !s.returnsStates() {
		return 1
	}
	return 1 + s.NumStates()
}

// notStateful refuses states that are kept from one batch to the next.
func (a *args) notStateful() {
	if v, ok := a.get("stateful"); ok && v != false {
		a.fail("stateful=%s is not supported, since rows of a table have no order from batch to batch: make the layer with stateful=False, "+
			"and give a state that a row begins with as an input of the model (initial_state)", show(v))
	}
}

// beginsWith reads the call of a stater: all tensors but the first are states, in their places or as initial_state.
func (n node) beginsWith() error {
	for _, name := range n.names {
		if name != "initial_state" {
			return node{names: []string{name}}.plain()
		}
	}
	return node{arguments: n.arguments}.plain()
}

// checkStates finds states that do not fit, if there are any.
func checkStates(s stater, in [][]int) error {
	given := in[1:]
	if len(given) == 0 {
		return nil
	}
	want := s.states(in[0])
	if len(given) != len(want) {
		return fmt.Errorf("is called with %d states, it has %d", len(given), len(want))
	}
	for i, shape := range given {
		if !slices.Equal(shape, want[i]) {
			return fmt.Errorf("state %d that it begins with has shape %s, must be %s", i, shapeText(shape), shapeText(want[i]))
		}
	}
	return nil
}

// joinStates is joinShape of a stater.
func joinStates(s stater, in [][]int) ([]int, error) {
	out, err := s.outputShape(in[0])
	if err != nil {
		return nil, err
	}
	return out, checkStates(s, in)
}

func (c *Recurrent) bind(n node, _ *Call) error { return n.beginsWith() }

func (c *Recurrent) joinShape(in [][]int) ([]int, error) { return joinStates(c, in) }

func (c *Recurrent) states([]int) [][]int {
	return slices.Repeat([][]int{{c.Units}}, c.NumStates())
}

// NumStates is 2 for an LSTM, whose memory is one, else 1.
func (c *Recurrent) NumStates() int {
	if c.Kind == "LSTM" {
		return 2
	}
	return 1
}

func (c *Recurrent) returnsStates() bool { return c.ReturnState }

func (c *Bidirectional) bind(n node, _ *Call) error { return n.beginsWith() }

func (c *Bidirectional) joinShape(in [][]int) ([]int, error) { return joinStates(c, in) }

func (c *Bidirectional) states(in []int) [][]int {
	return slices.Concat(c.Forward.states(in), c.Backward.states(in))
}

// NumStates are those of both layers.
func (c *Bidirectional) NumStates() int { return c.Forward.NumStates() + c.Backward.NumStates() }

func (c *Bidirectional) returnsStates() bool { return c.Forward.ReturnState }

// makeStates adds the tensors of the states that a call gives.
func (b *builder) makeStates(c *Call, k kind, in []int) {
	s, ok := k.(stater)
	if !ok || !s.returnsStates() {
		return
	}
	for _, shape := range s.states(in) {
		c.Outputs = append(c.Outputs, b.tensor(c.Layer.Name, shape))
	}
}

// forgetsMask says whether a layer that is given states does not see the mask of its input: Keras 3 gives masks on to calls with a single tensor, and
// to others only those that they are called with. The result has the input's mask all the same.
//
// Source: keras/src/layers/layer.py, __call__, "Populate mask argument(s)".
func (b *builder) forgetsMask(k kind) bool {
	_, ok := k.(stater)
	return ok && !b.spec.BeforeKeras3()
}

// errStatesInside refuses a layer that gives several tensors where a wrapper takes one.
var errStatesInside = errors.New("return_state of a layer inside is not supported")
