package keras

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A ref names a tensor of a functional model: what the node-th call of a layer gave as its tensor-th result.
type ref struct {
	layer        string
	node, tensor int
}

// toRef reads [layer, node, tensor]; Keras 2 appends the call's keyword arguments.
func toRef(v any) (r ref, kwargs any, ok bool) {
	list, _ := v.([]any)
	if len(list) != 3 && len(list) != 4 {
		return ref{}, nil, false
	}
	var nodeOK, tensorOK bool
	r.layer, ok = list[0].(string)
	r.node, nodeOK = toInt(list[1])
	r.tensor, tensorOK = toInt(list[2])
	if len(list) == 4 {
		kwargs = list[3]
	}
	return r, kwargs, ok && nodeOK && tensorOK
}

// refs reads the tensors of input_layers or output_layers: one, a list, or an object, whose tensors Keras orders by key.
func refs(v any) ([]ref, error) {
	if r, _, ok := toRef(v); ok {
		return []ref{r}, nil
	}
	var list []any
	switch v := v.(type) {
	case []any:
		list = v
	case object:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			list = append(list, v[key])
		}
	}
	out := make([]ref, 0, len(list))
	for _, e := range list {
		r, _, ok := toRef(e)
		if !ok {
			return nil, fmt.Errorf("must be [layer, node, tensor], found %s", show(e))
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, errors.New("names no layer")
	}
	return out, nil
}

// A node is one call of a layer as the JSON writes it.
type node struct {
	in []ref
	// names are those of the arguments that the last tensors of in are; the ones before have their places only.
	names []string
	// arguments are all others, without those that are null.
	arguments object
	// keras3 says in which form the call is written.
	keras3 bool
	// inference is training=False of Keras 2, which holds in training, too.
	inference bool

	// Of a call of an operation: what it is called with, in places and by name, with a place for every tensor of in.
	operands []any
	named    object
}

// secondArgument is the key of a number among the tensors of a call.
const secondArgument = "argument 2"

// plain refuses arguments besides the tensors, such as training=True.
func (n node) plain() error {
	for _, name := range n.names {
		return fmt.Errorf("the layer is called with a tensor as %s, which is not supported", name)
	}
	for _, key := range slices.Sorted(maps.Keys(n.arguments)) {
		return fmt.Errorf("the layer is called with %s=%s, which is not supported", key, show(n.arguments[key]))
	}
	return nil
}

// nodes reads the inbound_nodes of a layer.
func nodes(v any) ([]node, error) {
	list, ok := v.([]any)
	if !ok && v != nil {
		return nil, fmt.Errorf("inbound_nodes must be a list, found %s", show(v))
	}
	calls := make([]node, len(list))
	for i, v := range list {
		var err error
		if obj, ok := v.(object); ok {
			calls[i], err = node3(obj)
		} else {
			calls[i], err = node2(v)
		}
		if err != nil {
			return nil, fmt.Errorf("inbound_nodes[%d]: %w", i, err)
		}
	}
	return calls, nil
}

// node2 reads a call as Keras 2 writes it: [[layer, node, tensor, kwargs], ...].
func node2(v any) (node, error) {
	list, ok := v.([]any)
	if !ok {
		return node{}, fmt.Errorf("must be a list of tensors, found %s", show(v))
	}
	if _, _, one := toRef(v); one {
		list = []any{v}
	}
	n := node{}
	given := object{}
	for _, e := range list {
		r, kwargs, ok := toRef(e)
		if !ok {
			return node{}, fmt.Errorf("must hold [layer, node, tensor, arguments], found %s", show(e))
		}
		obj, ok := kwargs.(object)
		if !ok && kwargs != nil {
			return node{}, fmt.Errorf("the arguments of a call must be an object, found %s", show(kwargs))
		}
		maps.Copy(given, obj)
		n.in = append(n.in, r)
	}
	if given["training"] == false {
		n.inference = true
		delete(given, "training")
	}
	err := n.keywords(given)
	return n, err
}

// node3 reads a call as Keras 3 writes it: {"args": [tensors, or lists or objects of them], "kwargs": {}}.
func node3(obj object) (node, error) {
	args, ok := obj["args"].([]any)
	if !ok {
		return node{}, fmt.Errorf("args must be a list, found %s", show(obj["args"]))
	}
	given, ok := obj["kwargs"].(object)
	if !ok && obj["kwargs"] != nil {
		return node{}, fmt.Errorf("the arguments of a call must be an object, found %s", show(obj["kwargs"]))
	}
	if training, ok := given["training"].(bool); ok && !training {
		// Keras 3 writes the default training=false of a layer's call; fit, evaluate and predict replace it.
		given = maps.Clone(given)
		delete(given, "training")
	}
	n := node{keras3: true}
	for i, arg := range args {
		if i > 0 && arg == nil {
			continue
		}
		if number, ok := arg.(json.Number); ok && i == 1 { // of an operation that makes a mask
			n.arguments = object{secondArgument: number}
			continue
		}
		tensors, isList := arg.([]any)
		if !isList {
			tensors = []any{arg}
		}
		if named, ok := arg.(object); ok && named["class_name"] == nil { // a model's inputs by name, in the order of the names
			tensors = nil
			for _, key := range slices.Sorted(maps.Keys(named)) {
				tensors = append(tensors, named[key])
			}
		}
		for _, t := range tensors {
			r, err := kerasTensor(t)
			if err != nil {
				return node{}, err
			}
			n.in = append(n.in, r)
		}
	}
	err := n.keywords(given)
	return n, err
}

// keywords adds what a call gives by name.
func (n *node) keywords(given object) error {
	for _, key := range slices.Sorted(maps.Keys(given)) {
		v := given[key]
		obj, _ := v.(object)
		if r, _, ok := toRef(v); ok && !n.keras3 {
			n.in, n.names = append(n.in, r), append(n.names, key)
		} else if obj["class_name"] == "__keras_tensor__" {
			r, err := kerasTensor(v)
			if err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			n.in, n.names = append(n.in, r), append(n.names, key)
		} else if masks := maskList(key, v); masks != nil {
			for _, i := range slices.Sorted(maps.Keys(masks)) {
				n.in, n.names = append(n.in, masks[i]), append(n.names, maskOfInput(i))
			}
		} else if states, err := kerasTensors(v); err == nil {
			for _, r := range states {
				n.in, n.names = append(n.in, r), append(n.names, key)
			}
		} else if list, _ := v.([]any); v != nil && (len(list) == 0 || slices.ContainsFunc(list, func(e any) bool { return e != nil })) {
			if n.arguments == nil {
				n.arguments = object{}
			}
			n.arguments[key] = v
		}
	}
	return nil
}

// maskOfInput is the name of the mask that a call gives for one of several inputs: mask=[None, mask] of Keras 3.0 to 3.6.
func maskOfInput(i int) string { return fmt.Sprintf("mask[%d]", i) }

// maskList are the tensors of a list of masks, by their places; nil where an argument is none.
func maskList(key string, v any) map[int]ref {
	list, _ := v.([]any)
	if key != "mask" || len(list) == 0 {
		return nil
	}
	masks := map[int]ref{}
	for i, e := range list {
		r, err := kerasTensor(e)
		switch {
		case err == nil:
			masks[i] = r
		case e != nil:
			return nil
		}
	}
	return masks
}

// kerasTensors reads a list of tensors as Keras 3 writes them.
func kerasTensors(v any) ([]ref, error) {
	list, _ := v.([]any)
	if len(list) == 0 {
		return nil, errors.New("no list of tensors")
	}
	var all []ref
	for _, e := range list {
		r, err := kerasTensor(e)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// kerasTensor reads {"class_name": "__keras_tensor__", "config": {"keras_history": [layer, node, tensor]}}.
func kerasTensor(v any) (ref, error) {
	if obj, ok := v.(object); ok && obj["class_name"] == "__keras_tensor__" {
		if config, ok := obj["config"].(object); ok {
			if r, _, ok := toRef(config["keras_history"]); ok {
				return r, nil
			}
		}
	}
	return ref{}, fmt.Errorf("must be a tensor with a keras_history, found %s", show(v))
}
