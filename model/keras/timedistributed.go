package keras

import (
	"errors"
	"fmt"
)

// TimeDistributed applies a layer to every step of sequences (T, ...). Its weights are those of the layer.
type TimeDistributed struct {
	Layer *Layer // its Weights are nil: they belong to the layer around it
	name  string // of Layer, by which Keras knows its variables
}

// Class is "TimeDistributed".
func (*TimeDistributed) Class() string { return "TimeDistributed" }

func parseTimeDistributed(a *args) kind {
	v, _ := a.get("layer")
	l, err := a.inside(v)
	if err != nil {
		a.fail("layer: %w", err)
		l = &Layer{}
	}
	return &TimeDistributed{Layer: l, name: nameInside(v)}
}

func (c *TimeDistributed) inner() kind { return c.Layer.Config.(kind) }

func (c *TimeDistributed) outputShape(in []int) ([]int, error) {
	if len(in) < 2 {
		return nil, fmt.Errorf("expects sequences (steps, ...), found an input of shape %s", shapeText(in))
	}
	if resultsOf(c.inner()) > 1 {
		return nil, errStatesInside
	}
	out, err := outputShape(c.inner(), [][]int{in[1:]})
	if err != nil {
		return nil, fmt.Errorf("%s inside: %w", c.Layer.Class, err)
	}
	return append([]int{in[0]}, out...), nil
}

func (c *TimeDistributed) weights(in []int) []array {
	arrays := c.inner().weights(in[1:])
	for i := range arrays {
		arrays[i].fixed = arrays[i].fixed || !c.Layer.Trainable
	}
	return arrays
}

func (*TimeDistributed) takesMask() bool { return true }

func (*TimeDistributed) passesMask() bool { return true }

// checkMask refuses layers inside that Keras gives the mask of a single step.
func (c *TimeDistributed) checkMask(trainable bool) error {
	if m, ok := c.inner().(masker); ok && m.takesMask() {
		return fmt.Errorf("sequences with a mask around a %s are not supported", c.Layer.Class)
	}
	return refuseMask(c.Layer, c.Layer.Trainable && trainable)
}

// inside reads a layer that is an argument of another: {"class_name": ..., "config": {...}}. It has no input shape of its
// own, and its weights and name belong to the layer around it.
func (s *scope) inside(v any) (*Layer, error) {
	obj, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("must be a layer, found %s", show(v))
	}
	class, err := className(obj)
	if err != nil {
		return nil, err
	}
	if full, ok := classAliases[class]; ok {
		class = full
	}
	if networks[class] {
		return nil, errors.New("a model inside a layer is not supported")
	}
	if !isLayer(class) {
		return nil, fmt.Errorf("%s: %w", class, unknownLayer(class))
	}
	config, _ := obj["config"].(object)
	a := s.args(class, config)
	a.skip("batch_input_shape", "batch_shape")
	l := &Layer{Class: class, Trainable: a.bool("trainable", true), Config: a.kind(class), Precision: a.precision}
	if a.absent("activity_regularizer"); class == "ActivityRegularization" {
		a.fail("is not supported inside another layer")
	}
	k := unwrapped(l.Config.(kind))
	_, called := k.(caller)
	_, states := k.(stater)           // none are given to it there
	_, text := l.Config.(*TextLookup) // it takes an input of the model
	if _, masks := l.Config.(*Masking); called && !states || masks || text {
		a.fail("is not supported inside another layer")
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", class, err)
	}
	return l, nil
}
