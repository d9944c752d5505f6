package keras

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An Operation is a function of Keras or TensorFlow that a functional model calls as it calls a layer: x / 127.5, x[:, 0],
// ops.concatenate([x, y]). It owns no weights; its calls become calls of layers that the JSON does not have.
type Operation struct {
	Name      string // in errors, as the JSON has it
	function  operation
	arguments object // of all calls: the config of Keras 3
}

// Class is "Operation", which is no class of Keras: Layer has that.
func (*Operation) Class() string { return "Operation" }

// The classes of Keras 2 whose function is an argument.
const (
	functionClass = "TFOpLambda"
	slicingClass  = "SlicingOpLambda"
)

// isOperation says whether a layer of the JSON is an operation: in Keras 3 its module tells.
func isOperation(class string, obj object) bool {
	if class == functionClass || class == slicingClass {
		return true
	}
	if isLayer(class) && keepsLayer[class] {
		return false
	}
	module, _ := obj["module"].(string)
	for _, home := range []string{"keras.src.ops.", "keras.ops.", "keras.src.activations.", "keras.src.backend."} {
		if strings.HasPrefix(module+".", home) {
			return true
		}
	}
	_, known := operations[class]
	return known && !isLayer(class)
}

// keepsLayer are operations that make masks, which are read as layers (logical.go).
var keepsLayer = map[string]bool{
	"Any": true, "LogicalAnd": true, "LogicalOr": true, "NotEqual": true, "OnesLike": true, "ZerosLike": true,
}

// readOperation reads what an operation says beside its calls.
func readOperation(class string, config object) (*Operation, error) {
	if class != functionClass && class != slicingClass {
		f, ok := operations[class]
		if !ok {
			return nil, fmt.Errorf("this operation is not supported (%s)", known(class, operations))
		}
		given := maps.Clone(config)
		for _, key := range []string{"name", "trainable"} {
			delete(given, key)
		}
		if class != "Cast" { // a policy
			delete(given, "dtype")
		}
		return &Operation{class, f, given}, nil
	}
	name, ok := config["function"].(string)
	if !ok {
		return nil, fmt.Errorf("function must be a text, found %s", show(config["function"]))
	}
	f, ok := functions[strings.TrimPrefix(name, "compat.v1.")]
	if !ok {
		return nil, fmt.Errorf("the function %s of TensorFlow is not supported (%s)", name, known(name, functions))
	}
	return &Operation{name, f, nil}, nil
}

// A place stands for a tensor among the operands of a call: its index in node.in.
type place int

// operands reads the calls of an operation.
func operands(v any) ([]node, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("inbound_nodes must be a list, found %s", show(v))
	}
	calls := make([]node, len(list))
	for i, v := range list {
		n := &calls[i]
		var positional, named any
		if obj, ok := v.(object); ok {
			n.keras3 = true
			positional, named = obj["args"], obj["kwargs"]
		} else {
			var err error
			if positional, named, err = operands2(v); err != nil {
				return nil, fmt.Errorf("inbound_nodes[%d]: %w", i, err)
			}
		}
		n.operands, _ = n.places(positional).([]any)
		if given, ok := named.(object); ok {
			n.named = make(object, len(given))
			for _, key := range slices.Sorted(maps.Keys(given)) { // in one order, so that in depends on the JSON alone
				n.named[key] = n.places(given[key])
			}
		}
	}
	return calls, nil
}

// constantOperand is how Keras 2 marks a first operand that is no tensor: ["_CONSTANT_VALUE", -1, value, arguments].
const constantOperand = "_CONSTANT_VALUE"

// operands2 reads a call as Keras 2 writes it: one operand, or a list of those that are one list.
func operands2(v any) (positional []any, named object, err error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, nil, fmt.Errorf("must be a list of tensors, found %s", show(v))
	}
	if _, one := list[0].(string); one {
		first, named := operand2(list)
		return []any{first}, named, nil
	}
	named = object{}
	items := make([]any, len(list))
	for i, e := range list {
		entry, _ := e.([]any)
		var given object
		items[i], given = operand2(entry)
		maps.Copy(named, given)
	}
	return []any{items}, named, nil
}

// operand2 is an operand and the arguments that stand with it.
func operand2(entry []any) (v any, named object) {
	if len(entry) == 4 {
		named, _ = entry[3].(object)
		if entry[0] == constantOperand {
			return entry[2], named
		}
		entry = entry[:3]
	}
	return entry, named
}

// places puts places where v has tensors, which it appends to in.
func (n *node) places(v any) any {
	add := func(r ref) any {
		n.in = append(n.in, r)
		return place(len(n.in) - 1)
	}
	switch v := v.(type) {
	case []any:
		if r, _, ok := toRef(v); ok && !n.keras3 && len(v) == 3 {
			return add(r)
		}
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = n.places(e)
		}
		return out
	case object:
		if r, err := kerasTensor(v); err == nil {
			return add(r)
		}
	}
	return v
}

// An operated is one call of an operation while it becomes calls of layers. Getters keep the first problem, as those of args do.
type operated struct {
	b       *builder
	l       *Layer
	tensors []int // of node.in
	values  []any // in their places
	named   object
	seen    map[string]bool
	order   int // of values that were read
	err     error
}

// operate adds the calls that an operation is made of.
func (b *builder) operate(l *Layer, op *Operation, n node, in []int) ([]int, error) {
	o := &operated{b: b, l: l, tensors: in, values: n.operands, named: maps.Clone(op.arguments), seen: map[string]bool{}}
	if o.named == nil {
		o.named = object{}
	}
	maps.Copy(o.named, n.named)
	o.skip("name")
	out := op.function(o)
	if o.err != nil {
		return nil, o.err
	}
	if o.order < len(o.values) {
		return nil, fmt.Errorf("is called with %d operands, which is not supported (at most %d)", len(o.values), o.order)
	}
	for _, key := range slices.Sorted(maps.Keys(o.named)) {
		if !o.seen[key] && o.named[key] != nil {
			return nil, fmt.Errorf("is called with %s=%s, which is not supported", key, show(o.named[key]))
		}
	}
	if slices.ContainsFunc(out, func(t int) bool { return t < 0 }) {
		return nil, errors.New("gives something else than a tensor")
	}
	for i, t := range out { // what is given on as it is gets the name of the operation
		if slices.Contains(in, t) {
			out[i] = o.call(&Identity{}, t)
		}
	}
	return out, o.err
}

func (o *operated) fail(format string, v ...any) {
	if o.err == nil {
		o.err = fmt.Errorf(format, v...)
	}
}

func (o *operated) skip(keys ...string) {
	for _, key := range keys {
		o.seen[key] = true
	}
}

// value is the next operand: the one in the next place, or else under one of its names.
func (o *operated) value(names ...string) any {
	for _, name := range names {
		o.seen[name] = true
	}
	if o.order < len(o.values) {
		o.order++
		return o.values[o.order-1]
	}
	for _, name := range names {
		if v := o.named[name]; v != nil {
			return v
		}
	}
	return nil
}

// tensor is the next operand, which must be one; -1 where it is not.
func (o *operated) tensor(names ...string) int {
	v := o.value(names...)
	p, ok := v.(place)
	if !ok || o.err != nil {
		o.fail("is called with %s as %s, which must be a tensor", show(v), names[0])
		return -1
	}
	return o.tensors[p]
}

// list is the next operand, which must be a list of tensors.
func (o *operated) list(names ...string) []int {
	v := o.value(names...)
	items, _ := v.([]any)
	var out []int
	for _, e := range items {
		p, ok := e.(place)
		if !ok {
			break
		}
		out = append(out, o.tensors[p])
	}
	if len(out) == 0 || len(out) < len(items) {
		o.fail("is called with %s as %s, which must be a list of tensors", show(v), names[0])
		return nil
	}
	return out
}

// shape is that of the rows of a tensor; (1) after a failure.
func (o *operated) shape(t int) []int {
	if o.err != nil || t < 0 {
		return []int{1}
	}
	return o.b.spec.Tensors[t].Shape
}

// call adds a call of a layer; the result is -1 after a failure.
func (o *operated) call(k kind, in ...int) int {
	if o.err != nil || slices.Contains(in, -1) {
		return -1
	}
	out, err := o.b.compute(o.l.Name, k, in...)
	if err != nil {
		o.fail("%w", err)
		return -1
	}
	return out
}

// bool reads an argument.
func (o *operated) bool(names ...string) bool {
	v := o.value(names...)
	b, ok := v.(bool)
	if v != nil && !ok {
		o.fail("%s must be true or false, found %s", names[0], show(v))
	}
	return b
}

// integer reads an argument.
func (o *operated) integer(byDefault int, names ...string) int {
	v := o.value(names...)
	if v == nil {
		return byDefault
	}
	n, ok := toInt(v)
	if !ok {
		o.fail("%s must be an integer, found %s", names[0], show(v))
	}
	return n
}

// integers reads an argument that is an integer or a list of them; nil where it is absent.
func (o *operated) integers(names ...string) []int {
	v := o.value(names...)
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]int, len(list))
	for i, e := range list {
		if out[i], ok = toInt(e); !ok {
			o.fail("%s must be an integer or a list of them, found %s", names[0], show(v))
		}
	}
	return out
}

// number reads an argument.
func (o *operated) number(byDefault float64, names ...string) float64 {
	v := o.value(names...)
	if v == nil {
		return byDefault
	}
	c, ok := constant(v)
	if !ok || len(c.shape) > 0 {
		o.fail("%s must be a number, found %s", names[0], show(v))
		return byDefault
	}
	return c.values[0]
}

// axes resolves axes of a tensor, counted with the batch, and sorts them.
func (o *operated) axes(axes []int, t int) []int {
	out, err := resolveSet(axes, o.shape(t))
	if err != nil {
		o.fail("%w", err)
	}
	return out
}

// constant reads a number or an array of them.
func constant(v any) (numbers, bool) {
	switch v.(type) {
	case json.Number, []any, object:
		a := newArgs(object{"value": v})
		n := a.numbers("value")
		return n, a.err == nil
	}
	return numbers{}, false
}
