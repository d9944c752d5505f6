package keras

import (
	"errors"
	"fmt"
)

// functional reads a graph of layers: all layers first, then their calls in an order in which inputs are ready.
func functional(b *builder, config object) error {
	list, err := layerList(config)
	if err != nil {
		return err
	}
	g := &graph{builder: b, calls: map[*Layer][][]ref{}, made: map[ref]int{}}
	for i, obj := range list {
		l, err := b.layer(i, obj)
		if err != nil {
			return err
		}
		if g.calls[l], err = nodes(obj["inbound_nodes"]); err != nil {
			return &LayerError{Layer: l.Name, Class: l.Class, Err: err}
		}
	}
	if err := g.inputs(config["input_layers"]); err != nil {
		return fmt.Errorf("input_layers: %w", err)
	}
	if err := g.check(); err != nil {
		return err
	}
	if err := g.run(); err != nil {
		return err
	}
	if err := g.outputs(config["output_layers"]); err != nil {
		return fmt.Errorf("output_layers: %w", err)
	}
	return nil
}

// A graph is a functional model while it is read.
type graph struct {
	*builder
	calls map[*Layer][][]ref // the inputs of each call of a layer
	made  map[ref]int        // tensors that exist
}

// inputs makes the tensors of the model's inputs.
func (g *graph) inputs(v any) error {
	in, err := refs(v)
	if err != nil {
		return err
	}
	for _, r := range in {
		l := g.layers[r.layer]
		if l == nil {
			return fmt.Errorf("there is no layer %q", r.layer)
		}
		config, ok := l.Config.(*InputLayer)
		if !ok || r.node != 0 || r.tensor != 0 {
			return fmt.Errorf("[%q, %d, %d] is not the tensor of an InputLayer", r.layer, r.node, r.tensor)
		}
		if _, twice := g.made[r]; twice {
			return fmt.Errorf("layer %q appears twice", r.layer)
		}
		g.made[r] = g.input(l.Name, config.Shape)
	}
	return nil
}

// check finds layers without a part in the model and calls on tensors that no call makes.
func (g *graph) check() error {
	for _, l := range g.spec.Layers {
		if err := g.checkLayer(l); err != nil {
			return &LayerError{Layer: l.Name, Class: l.Class, Err: err}
		}
	}
	return nil
}

func (g *graph) checkLayer(l *Layer) error {
	calls := g.calls[l]
	if l.Class == "InputLayer" {
		if _, ok := g.made[ref{layer: l.Name}]; !ok {
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
	for _, in := range calls {
		if len(in) == 0 {
			return errors.New("is called without a tensor")
		}
		for _, r := range in {
			if err := g.exists(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// exists tells whether some call makes r; every layer here has one result per call.
func (g *graph) exists(r ref) error {
	l := g.layers[r.layer]
	if l == nil {
		return fmt.Errorf("there is no layer %q to take a tensor from", r.layer)
	}
	n := len(g.calls[l])
	if l.Class == "InputLayer" {
		n = 1
	}
	if r.node < 0 || r.node >= n || r.tensor != 0 {
		return fmt.Errorf("layer %q has no tensor [%d, %d]: it is called %d times and gives one tensor", r.layer, r.node, r.tensor, n)
	}
	return nil
}

// run applies the layers: a call runs when its last input is made. The order depends only on the JSON.
func (g *graph) run() error {
	type call struct {
		layer   *Layer
		makes   ref
		in      []ref
		missing int
	}
	var ready []*call
	all := 0
	waiting := map[ref][]*call{}
	for _, l := range g.spec.Layers {
		for i, in := range g.calls[l] {
			c := &call{layer: l, makes: ref{layer: l.Name, node: i}, in: in}
			for _, r := range in {
				if _, ok := g.made[r]; !ok {
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
		in := make([]int, len(c.in))
		for i, r := range c.in {
			in[i] = g.made[r]
		}
		out, err := g.apply(c.layer, in)
		if err != nil {
			return err
		}
		g.made[c.makes] = out
		for _, w := range waiting[c.makes] {
			if w.missing--; w.missing == 0 {
				ready = append(ready, w)
			}
		}
	}
	if len(ready) == all {
		return nil
	}
	for _, l := range g.spec.Layers {
		for i := range g.calls[l] {
			if _, ok := g.made[ref{layer: l.Name, node: i}]; !ok {
				return &LayerError{Layer: l.Name, Class: l.Class, Err: errors.New("its input depends on its own output")}
			}
		}
	}
	return nil
}

// outputs names the tensors that are the model's outputs.
func (g *graph) outputs(v any) error {
	out, err := refs(v)
	if err != nil {
		return err
	}
	for _, r := range out {
		if err := g.exists(r); err != nil {
			return err
		}
		g.spec.Outputs = append(g.spec.Outputs, g.made[r])
	}
	return nil
}
