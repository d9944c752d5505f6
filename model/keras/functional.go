package keras

import (
	"errors"
	"fmt"
)

// A functional is a functional model: all layers first, then their calls in an order in which inputs are ready.
type functional struct {
	*scope
	class   string
	calls   map[*Layer][]node
	inputs  []ref
	isInput map[*Layer]bool // of inputs
	outputs []ref
}

// Class is "Functional" or "Model".
func (g *functional) Class() string { return g.class }

func readFunctional(s *scope, class string, config object) (network, error) {
	list, err := layerList(config)
	if err != nil {
		return nil, err
	}
	g := &functional{scope: s, class: class, calls: map[*Layer][]node{}, isInput: map[*Layer]bool{}}
	for i, obj := range list {
		l, err := g.member(i, obj)
		if err != nil {
			return nil, err
		}
		read := nodes
		if _, ok := l.Config.(*Operation); ok {
			read = operands
		}
		if g.calls[l], err = read(obj["inbound_nodes"]); err != nil {
			return nil, l.wrap(err)
		}
	}
	if g.inputs, err = refs(config["input_layers"]); err != nil {
		return nil, fmt.Errorf("input_layers: %w", err)
	}
	if g.outputs, err = refs(config["output_layers"]); err != nil {
		return nil, fmt.Errorf("output_layers: %w", err)
	}
	g.renumber()
	if err := g.checkInputs(); err != nil {
		return nil, fmt.Errorf("input_layers: %w", err)
	}
	for _, l := range g.members {
		if err := g.checkLayer(l); err != nil {
			return nil, l.wrap(err)
		}
	}
	for _, r := range g.outputs {
		if err := g.exists(r); err != nil {
			return nil, fmt.Errorf("output_layers: %w", err)
		}
	}
	return g, nil
}

// renumber counts the calls of networks from 0. Keras counts the making of a network as its call 0; the calls of Keras 3 do
// not, nor do any for a Sequential of Keras 3, or one of Keras 2 that was made without an input shape.
func (g *functional) renumber() {
	var listed []*ref
	keras3 := false
	for _, l := range g.members {
		for _, n := range g.calls[l] {
			keras3 = keras3 || n.keras3
			for i := range n.in {
				if !n.keras3 {
					listed = append(listed, &n.in[i])
				}
			}
		}
	}
	for i := range g.outputs {
		listed = append(listed, &g.outputs[i])
	}
	fromZero := map[string]bool{}
	for _, r := range listed {
		if r.node == 0 {
			fromZero[r.layer] = true
		}
	}
	for _, r := range listed {
		l := g.named[r.layer]
		if l == nil || !networks[l.Class] {
			continue
		}
		if l.Class != "Sequential" || !keras3 && !fromZero[r.layer] {
			r.node--
		}
	}
}

// checkInputs finds input_layers that are not the tensors of different InputLayers.
func (g *functional) checkInputs() error {
	for _, r := range g.inputs {
		l := g.named[r.layer]
		if l == nil {
			return fmt.Errorf("there is no layer %q", r.layer)
		}
		if l.Class != "InputLayer" || r.node != 0 || r.tensor != 0 {
			return fmt.Errorf("[%q, %d, %d] is not the tensor of an InputLayer", r.layer, r.node, r.tensor)
		}
		if g.isInput[l] {
			return fmt.Errorf("layer %q appears twice", r.layer)
		}
		g.isInput[l] = true
	}
	return nil
}

// checkLayer finds layers without a part in the model and calls on tensors that no call makes.
func (g *functional) checkLayer(l *Layer) error {
	calls := g.calls[l]
	if l.Class == "InputLayer" {
		if !g.isInput[l] {
			return errors.New("is not among the input_layers of the model")
		}
		if len(calls) > 0 {
			return errors.New("cannot be applied to a tensor")
		}
		return nil
	}
	if len(calls) == 0 {
		return errors.New("is not applied to any tensor")
	}
	for _, n := range calls {
		if len(n.in) == 0 {
			return errors.New("is called without a tensor")
		}
		for _, r := range n.in {
			if err := g.exists(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// exists tells whether some call makes r.
func (g *functional) exists(r ref) error {
	l := g.named[r.layer]
	if l == nil {
		return fmt.Errorf("there is no layer %q to take a tensor from", r.layer)
	}
	calls, results := len(g.calls[l]), 1
	switch config := l.Config.(type) {
	case *InputLayer:
		calls = 1
	case network:
		results = config.results()
	case *Operation:
		results = MaxCalls // a call tells, see apply
	default:
		results = resultsOf(config)
	}
	if r.node < 0 || r.node >= calls || r.tensor < 0 || r.tensor >= results {
		return fmt.Errorf("layer %q has no tensor [%d, %d]: it is called %d times and gives %d tensors a time",
			r.layer, r.node, r.tensor, calls, results)
	}
	return nil
}

func (g *functional) stated() []input {
	in := make([]input, len(g.inputs))
	for i, r := range g.inputs {
		l := g.named[r.layer]
		config := l.Config.(*InputLayer)
		in[i] = input{Tensor{Name: l.Name, Shape: config.Shape}, config.Dtype, config.Scalar}
	}
	return in
}

func (g *functional) results() int { return len(g.outputs) }

// apply applies the layers: a call runs when its last input is made. The order depends only on the JSON.
func (g *functional) apply(in []int) ([]int, error) {
	type call struct {
		layer   *Layer
		makes   ref
		node    node
		missing int
	}
	made := map[ref]int{} // tensors that exist
	for i, r := range g.inputs {
		made[r] = in[i]
	}
	var ready []*call
	all := 0
	waiting := map[ref][]*call{}
	for _, l := range g.members {
		for i, n := range g.calls[l] {
			c := &call{layer: l, makes: ref{layer: g.local(l), node: i}, node: n}
			for _, r := range n.in {
				if _, ok := made[r]; !ok {
					waiting[r] = append(waiting[r], c)
					c.missing++
				}
			}
			if c.missing == 0 {
				ready = append(ready, c)
			}
			all++
		}
	}
	for done := 0; done < len(ready); done++ {
		c := ready[done]
		in := make([]int, len(c.node.in))
		for i, r := range c.node.in {
			in[i] = made[r]
		}
		out, err := g.call(c.layer, c.node, in)
		if err != nil {
			return nil, err
		}
		for i, t := range out {
			r := c.makes
			r.tensor = i
			made[r] = t
			for _, w := range waiting[r] {
				if w.missing--; w.missing == 0 {
					ready = append(ready, w)
				}
			}
		}
	}
	if len(ready) < all {
		return nil, g.circle(func(r ref) bool { _, ok := made[r]; return ok })
	}
	out := make([]int, len(g.outputs))
	for i, r := range g.outputs {
		out[i] = made[r]
	}
	return out, nil
}

// circle is the complaint about the first layer with a call that never ran.
func (g *functional) circle(made func(ref) bool) error {
	for _, l := range g.members {
		for i := range g.calls[l] {
			if !made(ref{layer: g.local(l), node: i}) {
				return l.wrap(errors.New("its input depends on its own output"))
			}
		}
	}
	return errors.New("a layer's input depends on its own output")
}

// local is the name of a member inside the network.
func (g *functional) local(l *Layer) string { return l.Name[len(g.prefix):] }
