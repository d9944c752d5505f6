package keras

import (
	"fmt"
	"slices"
)

// LayerNormalization normalises every row by itself over Axes: (x - mean)/√(variance + Epsilon), then times gamma (when
// Scale) plus beta (when Center), each of the input's shape along Axes.
type LayerNormalization struct {
	Axes          []int // counted with the batch dimension; negative ones from the end
	Epsilon       float64
	Center, Scale bool

	GammaInitializer Initializer
	BetaInitializer  Initializer
	GammaRegularizer Regularizer
	BetaRegularizer  Regularizer
}

// Class is "LayerNormalization".
func (*LayerNormalization) Class() string { return "LayerNormalization" }

func parseLayerNormalization(a *args) kind {
	a.absent("gamma_constraint", "beta_constraint")
	a.off("rms_scaling")
	return &LayerNormalization{
		Axes:             a.axes("axis"),
		Epsilon:          a.atLeast0("epsilon", 1e-3),
		Center:           a.bool("center", true),
		Scale:            a.bool("scale", true),
		GammaInitializer: a.initializer("gamma_initializer", ones),
		BetaInitializer:  a.initializer("beta_initializer", zeros),
		GammaRegularizer: a.regularizer("gamma_regularizer"),
		BetaRegularizer:  a.regularizer("beta_regularizer"),
	}
}

func (c *LayerNormalization) outputShape(in []int) ([]int, error) {
	if _, err := ResolveAxes(c.Axes, in); err != nil {
		return nil, err
	}
	return slices.Clone(in), nil
}

func (c *LayerNormalization) weights(in []int) []array {
	axes, _ := ResolveAxes(c.Axes, in)
	var shape []int
	for _, axis := range axes {
		shape = append(shape, in[axis-1])
	}
	var arrays []array
	if c.Scale {
		arrays = append(arrays, array{name: "gamma", shape: shape, init: c.GammaInitializer, regularizer: c.GammaRegularizer})
	}
	if c.Center {
		arrays = append(arrays, array{name: "beta", shape: shape, init: c.BetaInitializer, regularizer: c.BetaRegularizer})
	}
	return arrays
}

// UnitNormalization divides every row by its Euclidean norm over Axes.
type UnitNormalization struct {
	Axes []int // counted with the batch dimension; negative ones from the end
}

// Class is "UnitNormalization".
func (*UnitNormalization) Class() string { return "UnitNormalization" }

func parseUnitNormalization(a *args) kind { return &UnitNormalization{Axes: a.axes("axis")} }

func (c *UnitNormalization) outputShape(in []int) ([]int, error) {
	if _, err := ResolveAxes(c.Axes, in); err != nil {
		return nil, err
	}
	return slices.Clone(in), nil
}

func (*UnitNormalization) weights([]int) []array { return nil }

// axes reads one axis or a list of them; the default is the last one.
func (a *args) axes(key string) []int {
	v, ok := a.get(key)
	if !ok {
		return []int{-1}
	}
	if n, single := toInt(v); single {
		return []int{n}
	}
	axes := a.ints(key)
	if len(axes) == 0 {
		a.wrong(key, "an axis or a list of them")
	}
	return axes
}

// ResolveAxes counts negative axes of rows of shape in from the front. Axes are counted with the batch dimension, which
// none may be, and must be in ascending order.
func ResolveAxes(axes, in []int) ([]int, error) {
	out := make([]int, len(axes))
	for i, axis := range axes {
		var err error
		if out[i], err = resolveAxis(axis, in); err != nil {
			return nil, err
		}
		if i > 0 && out[i] <= out[i-1] {
			return nil, fmt.Errorf("axes %v of the input %s must be in ascending order", axes, shapeText(in))
		}
	}
	return out, nil
}
