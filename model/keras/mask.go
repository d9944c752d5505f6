package keras

import (
	"errors"
	"fmt"
	"slices"
)

// Masking gives sequences (T, D) on with zeros in the steps of which all elements are Value, and masks these steps.
type Masking struct{ Value float64 }

// Class is "Masking".
func (*Masking) Class() string { return "Masking" }

func parseMasking(a *args) kind { return &Masking{Value: a.float("mask_value", 0)} }

func (*Masking) outputShape(in []int) ([]int, error) {
	if len(in) != 2 {
		return nil, fmt.Errorf("expects sequences (steps, features), found an input of shape %s", shapeText(in))
	}
	return slices.Clone(in), nil
}

func (*Masking) weights([]int) []array { return nil }

// A masker is a kind that knows masks. A mask is a tensor (T): for each step of a row 1 where it counts, 0 where it does not.
type masker interface {
	// takesMask says whether the layer uses its input's mask.
	takesMask() bool
	// passesMask says whether the result has the input's mask.
	passesMask() bool
}

// A maskRule is what a layer does to the mask of its input.
//
// Source: supports_masking, compute_mask and the use of masks in call of the layers of Keras.
type maskRule uint8

const (
	// unstated is that of a row without a rule; a test finds it.
	unstated maskRule = iota
	// dropsMask: the result has no mask.
	dropsMask
	// passesMask: the result has that of the (first) input.
	passesMask
	// passesMaskSince3: the same in Keras 3; before, the result has no mask.
	passesMaskSince3
	// passesMaskFrozen: as passesMask, but an input with a mask is refused where the layer trains.
	passesMaskFrozen
	// refusesMask: an input with a mask is refused.
	refusesMask
	// joinsMasks: the masks of the inputs are joined.
	joinsMasks
	// joinsMasksBefore3: the same, but for Keras 3, which joins only the steps that count: there it is refused
	// (keras/src/layers/merging/base_merge.py, _apply_merge_op_and_or_mask, and multiply.py).
	joinsMasksBefore3
	// ownMask: the kind says, see ownMask.
	ownMask
)

// refuseMask refuses layers that do something with the mask of their input that is not done here.
func refuseMask(l *Layer, trainable bool) error {
	switch layerClasses[l.Class].mask {
	case refusesMask:
		return errors.New("an input with a mask is not supported")
	case passesMaskFrozen:
		if trainable {
			return errors.New("an input with a mask is not supported: Keras takes its statistics of the steps that count")
		}
	}
	return nil
}

// takeMasks takes the tensors that a call gives as masks out of its inputs, and says whose masks they are: given[input] is its mask. owners are the
// inputs that masks of these names belong to.
func (b *builder) takeMasks(n *node, in []int, owners map[string]int) (inputs []int, given map[int]int, err error) {
	first := len(in) - len(n.names)
	inputs, given = slices.Clone(in[:first]), map[int]int{}
	var names []string
	for i, name := range n.names {
		t := in[first+i]
		owner, ok := owners[name]
		if !ok {
			inputs, names = append(inputs, t), append(names, name)
			continue
		}
		if mask, steps := b.spec.Tensors[t].Shape, b.spec.Tensors[owner].Shape[:1]; !slices.Equal(mask, steps) {
			return nil, nil, fmt.Errorf("the mask has shape %s, the input has %d steps", shapeText(mask), steps[0])
		}
		if other, ok := given[owner]; ok && other != t {
			return nil, nil, errors.New("is called with two masks of one input, which is not supported")
		}
		given[owner] = t
	}
	n.names = names
	return inputs, given, nil
}

// maskOwners are the inputs of a call by the names of the masks that Keras 3 gives the layer as arguments: of its first input as mask; up to 3.6 also of each
// of several, in a list, and of query, value and key by their names.
func maskOwners(k kind, n *node, in []int) map[string]int {
	owners := map[string]int{}
	first := len(in) - len(n.names)
	switch k.(type) {
	case *Attention:
		for i, t := range in[:first] {
			owners[maskOfInput(i)] = t
		}
	case *MultiHeadAttention:
		for i, role := range attentionRoles[:min(first, len(attentionRoles))] {
			owners[role+"_mask"] = in[i]
		}
		for i, name := range n.names {
			owners[name+"_mask"] = in[first+i]
		}
	default:
		if givenMask(k) && first > 0 {
			owners["mask"] = in[0]
		}
	}
	return owners
}

// givenMask says whether Keras 3 gives a layer the mask of its input as an argument of the call. BatchNormalization takes its
// statistics of the steps that count, and has no use for it where it is frozen.
func givenMask(k kind) bool {
	if _, ok := k.(*BatchNormalization); ok {
		return true
	}
	m, ok := k.(masker)
	return ok && m.takesMask()
}

// maskInputs finds the masks of a call's inputs; given are those that the call names.
func (b *builder) maskInputs(c *Call, k kind, given map[int]int) error {
	masks := make([]int, len(c.Inputs))
	for i, t := range c.Inputs {
		masks[i] = b.maskOf(t)
		if mask, ok := given[t]; ok {
			masks[i] = mask
		}
	}
	if m, ok := k.(masker); ok && m.takesMask() && masks[0] >= 0 {
		mask, steps := b.spec.Tensors[masks[0]].Shape, b.spec.Tensors[c.Inputs[0]].Shape[:1]
		if !slices.Equal(mask, steps) {
			return fmt.Errorf("the mask has shape %s, the input has %d steps", shapeText(mask), steps[0])
		}
	}
	if config, ok := k.(*MultiHeadAttention); ok {
		config.EmptyIsZero = config.Dropout > 0 && !b.spec.BeforeKeras3()
	}
	if config, ok := k.(*Masking); ok {
		var err error
		if masks[0], err = b.maskCall(c.Layer, &Any{config.Value}, c.Inputs[0]); err != nil {
			return err
		}
	}
	if slices.Max(masks) < 0 {
		return nil
	}
	c.Masks = masks
	if _, ok := k.(*ChannelsFirst); ok && c.Layer.Class == "GlobalAveragePooling1D" {
		return errors.New("an input with a mask is not supported with channels_first")
	}
	if config, ok := k.(*TimeDistributed); ok {
		return config.checkMask(c.Layer.Trainable)
	}
	if layerClasses[c.Layer.Class].mask == joinsMasksBefore3 && !b.spec.BeforeKeras3() {
		return errors.New("an input with a mask is not supported: Keras 3 leaves steps that do not count out of the result")
	}
	return refuseMask(c.Layer, c.Layer.Trainable)
}

// maskOf is the mask of a tensor, or -1.
func (b *builder) maskOf(tensor int) int {
	if m, ok := b.masks[tensor]; ok {
		return m
	}
	return -1
}

// maskResult gives the result of a call its mask.
func (b *builder) maskResult(c *Call, k kind) error {
	mask := -1
	var err error
	rule := layerClasses[c.Layer.Class].mask
	switch rule {
	case joinsMasks, joinsMasksBefore3:
		mask, err = b.mergeMasks(c, b.spec.BeforeKeras3() && c.Masks != nil)
	case ownMask:
		mask, err = b.ownMask(c, k)
	case passesMask, passesMaskFrozen, passesMaskSince3:
		if c.Masks != nil && (rule != passesMaskSince3 || !b.spec.BeforeKeras3()) {
			mask = c.Masks[0]
		}
	}
	if mask >= 0 {
		b.masks[c.Outputs[0]] = mask
	}
	return err
}

// ownMask is the mask that a kind gives the result of a call, or -1.
func (b *builder) ownMask(c *Call, k kind) (int, error) {
	switch config := k.(type) {
	case *Embedding:
		if config.MaskZero {
			return b.maskCall(c.Layer, &NotEqual{}, c.Inputs[0])
		}
	case *Masking:
		return c.Masks[0], nil
	case *Concatenate:
		return b.concatMasks(c, config)
	case masker:
		if c.Masks != nil && config.passesMask() {
			return b.maskOf(c.Inputs[0]), nil
		}
	}
	return -1, nil
}

// mergeMasks joins the masks of a call's inputs: the steps that count in any input, where all have a mask; in Keras 2, those
// that count in all inputs that have one.
//
// Source: keras/src/layers/merging/base_merge.py, compute_mask; in Keras 2, keras/layers/merging/base_merge.py.
func (b *builder) mergeMasks(c *Call, every bool) (int, error) {
	joined, operation := -1, "LogicalOr"
	if every {
		operation = "LogicalAnd"
	}
	for _, m := range c.Masks {
		switch {
		case m < 0 && !every:
			return -1, nil
		case m < 0 || m == joined:
		case joined < 0:
			joined = m
		default:
			shape, other := b.spec.Tensors[joined].Shape, b.spec.Tensors[m].Shape
			if !slices.Equal(shape, other) {
				return -1, fmt.Errorf("inputs with masks of shapes %s and %s are not supported", shapeText(shape), shapeText(other))
			}
			var err error
			if joined, err = b.maskCall(c.Layer, &Logical{operation}, joined, m); err != nil {
				return -1, err
			}
		}
	}
	return joined, nil
}

// concatMasks joins masks of sequences that are joined along their features like those of sums; a mask that is missing
// counts all steps. Those of sequences that follow each other follow each other.
//
// Source: keras/src/layers/merging/concatenate.py, compute_mask; Keras 2 takes all() for any().
func (b *builder) concatMasks(c *Call, config *Concatenate) (int, error) {
	if c.Masks == nil {
		return -1, nil
	}
	shape := b.spec.Tensors[c.Inputs[0]].Shape
	axis, err := resolveAxis(config.Axis, shape)
	if err != nil {
		return -1, err
	}
	if axis == len(shape) {
		return b.mergeMasks(c, b.spec.BeforeKeras3())
	}
	if len(shape) != 2 {
		return -1, fmt.Errorf("an input with a mask is not supported: it has shape %s, and axis %d is not its last", shapeText(shape), axis)
	}
	masks := slices.Clone(c.Masks)
	for i, m := range masks {
		if m < 0 { // all of its steps count
			steps, err := b.maskCall(c.Layer, &Any{}, c.Inputs[i])
			if err != nil {
				return -1, err
			}
			if masks[i], err = b.maskCall(c.Layer, &Filled{"OnesLike"}, steps); err != nil {
				return -1, err
			}
		}
	}
	return b.maskCall(c.Layer, &Concatenate{Axis: 1}, masks...)
}

// maskCall adds a call that computes a mask.
func (b *builder) maskCall(l *Layer, k kind, in ...int) (int, error) {
	out, err := b.compute(l.Name+"/mask", k, in...)
	if err != nil {
		return -1, fmt.Errorf("mask: %w", err)
	}
	return out, nil
}
