package keras

import (
	"fmt"
	"slices"
)

// LayerNormalization normalises every row by itself over Axes: (x - mean)/√(variance + Epsilon), then times gamma (when
// Scale) plus beta (when Center), each of the input's shape along Axes.
type LayerNormalization struct {
	Axes    []int // counted with the batch dimension; negative ones from the end
	Epsilon float64
	GammaBeta
}

// Class is "LayerNormalization".
func (*LayerNormalization) Class() string { return "LayerNormalization" }

func parseLayerNormalization(a *args) kind {
	a.off("rms_scaling")
	return &LayerNormalization{Axes: a.axes("axis"), Epsilon: a.atLeast0("epsilon", 1e-3), GammaBeta: a.gammaBeta()}
}

func (c *LayerNormalization) outputShape(in []int) ([]int, error) {
	if _, err := ResolveAxes(c.Axes, in); err != nil {
		return nil, err
	}
	return slices.Clone(in), nil
}

func (c *LayerNormalization) weights(in []int) []array { return c.arrays(along(c.Axes, in)) }

// UnitNormalization divides every row by its Euclidean norm over Axes, or by LeastNorm where that is more.
type UnitNormalization struct {
	Axes      []int // counted with the batch dimension; negative ones from the end
	LeastNorm float64
}

// Class is "UnitNormalization".
func (*UnitNormalization) Class() string { return "UnitNormalization" }

func parseUnitNormalization(a *args) kind {
	return &UnitNormalization{Axes: a.axes("axis"), LeastNorm: a.leastNorm(1e-12)}
}

// leastNorm is what a layer divides by at least: before Keras 3 they were divided by tf.linalg.l2_normalize, whose bound, 1e-12, is that of the square.
func (a *args) leastNorm(keras3 float64) float64 {
	if beforeKeras3(a.version) {
		return 1e-6
	}
	return keras3
}

func (c *UnitNormalization) outputShape(in []int) ([]int, error) {
	if _, err := ResolveAxes(c.Axes, in); err != nil {
		return nil, err
	}
	return slices.Clone(in), nil
}

func (*UnitNormalization) weights([]int) []array { return nil }

// axes reads one axis or a list of them; the default is the last one.
func (a *args) axes(key string) []int {
	if !a.has(key) {
		return []int{-1}
	}
	axes := a.intOrInts(key)
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

// resolveSet counts negative axes of rows of shape in from the front and sorts them.
func resolveSet(axes, in []int) ([]int, error) {
	var out []int
	for _, axis := range axes {
		resolved, err := resolveAxis(axis, in)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, resolved) {
			return nil, fmt.Errorf("axes %v of the input %s name one axis twice", axes, shapeText(in))
		}
		out = append(out, resolved)
	}
	slices.Sort(out)
	return out, nil
}
