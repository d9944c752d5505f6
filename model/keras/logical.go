package keras

import (
	"errors"
	"fmt"
	"slices"
)

// The operations of this file make masks. In a functional model Keras 3 writes them among the layers; makesMask are those
// that it gives a dtype.
var makesMask = map[string]bool{"OnesLike": true, "ZerosLike": true}

// NotEqual is 1 for elements that are not Value, and 0 for the others.
type NotEqual struct{ Value float64 }

// Class is "NotEqual".
func (*NotEqual) Class() string { return "NotEqual" }

func parseNotEqual(*args) kind { return &NotEqual{} }

// bind reads the value, which is the second argument of the call.
func (c *NotEqual) bind(n node, _ *Call) error {
	value, ok := toFloat(n.arguments[secondArgument])
	if !ok || len(n.arguments) != 1 || len(n.names) > 0 {
		return errors.New("is called with something else than a tensor and a number, which is not supported")
	}
	c.Value = value
	return nil
}

func (*NotEqual) outputShape(in []int) ([]int, error) { return slices.Clone(in), nil }

func (*NotEqual) weights([]int) []array { return nil }

// Any is 1 for rows of the last dimension with an element that is not Value, and 0 for the others.
type Any struct{ Value float64 }

// Class is "Any".
func (*Any) Class() string { return "Any" }

func parseAny(a *args) kind {
	if a.axis("axis", 0) != -1 {
		a.wrong("axis", "-1")
	}
	a.off("keepdims")
	return &Any{}
}

func (*Any) outputShape(in []int) ([]int, error) {
	if len(in) < 2 {
		return nil, errors.New("of rows with one dimension is not supported")
	}
	return slices.Clone(in[:len(in)-1]), nil
}

func (*Any) weights([]int) []array { return nil }

// Logical joins two masks, which broadcast: 1 where either of them is ("LogicalOr"), or both are ("LogicalAnd").
type Logical struct{ Operation string }

// Class is the operation.
func (c *Logical) Class() string { return c.Operation }

// parseLogical makes the parse function of an operation.
func parseLogical(operation string) func(*args) kind {
	return func(*args) kind { return &Logical{operation} }
}

func (c *Logical) outputShape(in []int) ([]int, error) { return c.joinShape([][]int{in}) }

func (*Logical) joinShape(in [][]int) ([]int, error) {
	if len(in) != 2 {
		return nil, fmt.Errorf("takes two inputs, found %d", len(in))
	}
	return broadcast(in[0], in[1])
}

func (*Logical) weights([]int) []array { return nil }

// Filled has the shape of its input and one value throughout: 1 ("OnesLike") or 0 ("ZerosLike").
type Filled struct{ Operation string }

// Class is the operation.
func (c *Filled) Class() string { return c.Operation }

// parseFilled makes the parse function of an operation.
func parseFilled(operation string) func(*args) kind {
	return func(*args) kind { return &Filled{operation} }
}

func (*Filled) outputShape(in []int) ([]int, error) { return slices.Clone(in), nil }

func (*Filled) weights([]int) []array { return nil }
