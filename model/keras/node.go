package keras

import (
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

// nodes reads the inbound_nodes of a layer: the tensors of each of its calls.
func nodes(v any) ([][]ref, error) {
	list, ok := v.([]any)
	if !ok && v != nil {
		return nil, fmt.Errorf("inbound_nodes must be a list, found %s", show(v))
	}
	calls := make([][]ref, len(list))
	for i, node := range list {
		var err error
		if obj, ok := node.(object); ok {
			calls[i], err = node3(obj)
		} else {
			calls[i], err = node2(node)
		}
		if err != nil {
			return nil, fmt.Errorf("inbound_nodes[%d]: %w", i, err)
		}
	}
	return calls, nil
}

// node2 reads a call as Keras 2 writes it: [[layer, node, tensor, kwargs], ...].
func node2(v any) ([]ref, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("must be a list of tensors, found %s", show(v))
	}
	if _, _, one := toRef(v); one {
		list = []any{v}
	}
	in := make([]ref, len(list))
	for i, e := range list {
		r, kwargs, ok := toRef(e)
		if !ok {
			return nil, fmt.Errorf("must hold [layer, node, tensor, arguments], found %s", show(e))
		}
		if err := noArguments(kwargs); err != nil {
			return nil, err
		}
		in[i] = r
	}
	return in, nil
}

// node3 reads a call as Keras 3 writes it: {"args": [tensor or list of tensors], "kwargs": {}}.
func node3(obj object) ([]ref, error) {
	args, ok := obj["args"].([]any)
	if !ok {
		return nil, fmt.Errorf("args must be a list, found %s", show(obj["args"]))
	}
	kwargs := obj["kwargs"]
	if given, ok := kwargs.(object); ok {
		// Keras 3 writes the default training=false of a layer's call; fit, evaluate and predict replace it.
		if training, ok := given["training"].(bool); ok && !training {
			kwargs = maps.Clone(given)
			delete(kwargs.(object), "training")
		}
	}
	if err := noArguments(kwargs); err != nil {
		return nil, err
	}
	var in []ref
	for i, arg := range args {
		if i > 0 && arg == nil {
			continue
		}
		tensors, isList := arg.([]any)
		if !isList {
			tensors = []any{arg}
		}
		for _, t := range tensors {
			r, err := kerasTensor(t)
			if err != nil {
				return nil, err
			}
			in = append(in, r)
		}
	}
	return in, nil
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

// noArguments refuses keyword arguments of a call, such as training=True; null is an argument that was not given.
func noArguments(v any) error {
	kwargs, ok := v.(object)
	if !ok && v != nil {
		return fmt.Errorf("the arguments of a call must be an object, found %s", show(v))
	}
	for _, key := range slices.Sorted(maps.Keys(kwargs)) {
		if kwargs[key] != nil {
			return fmt.Errorf("the layer is called with %s=%s, which is not supported", key, show(kwargs[key]))
		}
	}
	return nil
}
