package keras

import (
	"fmt"
	"slices"
)

// RMSNormalization divides every row by its root mean square over Axes, x/√(mean(x²) + Epsilon), and multiplies by the
// weight scale, which is of the input's shape along Axes.
type RMSNormalization struct {
	Axes    []int // counted with the batch dimension; negative ones from the end. They are the last ones of the input.
	Epsilon float64
}

// Class is "RMSNormalization".
func (*RMSNormalization) Class() string { return "RMSNormalization" }

func parseRMSNormalization(a *args) kind {
	return &RMSNormalization{Axes: a.axes("axis"), Epsilon: a.atLeast0("epsilon", 1e-6)}
}

func (c *RMSNormalization) outputShape(in []int) ([]int, error) {
	axes, err := ResolveAxes(c.Axes, in)
	if err != nil {
		return nil, err
	}
	if len(axes) != len(in)-axes[0]+1 { // Keras multiplies by scale at the last axes, whatever axis says
		return nil, fmt.Errorf("axis %v of the input %s: only the last axes are supported", c.Axes, shapeText(in))
	}
	return slices.Clone(in), nil
}

func (c *RMSNormalization) weights(in []int) []array {
	return []array{{name: "scale", shape: along(c.Axes, in), init: ones}}
}

// along is a shape along axes that ResolveAxes accepted.
func along(axes, in []int) []int {
	resolved, _ := ResolveAxes(axes, in)
	var shape []int
	for _, axis := range resolved {
		shape = append(shape, in[axis-1])
	}
	return shape
}
