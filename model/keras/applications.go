package keras

import (
	"fmt"
	"slices"
)

// Layers that networks of keras.applications define for themselves. They are read by their class names, as Keras registers them.

// ofApplications is how tf.keras registers them.
var ofApplications = map[string]string{
	"CustomScaleLayer": "Custom>CustomScaleLayer", "LayerScale": "Custom>LayerScale", "StochasticDepth": "Custom>StochasticDepth",
}

// LayerScale multiplies the last dimension, of Dimension elements, by the weight gamma (ConvNeXt).
//
// Source: keras/src/applications/convnext.py.
type LayerScale struct {
	Dimension int
	Initial   float64
}

// Class is "LayerScale".
func (*LayerScale) Class() string { return "LayerScale" }

func parseLayerScale(a *args) kind {
	if !a.has("init_values") {
		a.fail("init_values is missing")
	}
	return &LayerScale{Dimension: a.positive("projection_dim"), Initial: a.float("init_values", 0)}
}

func (c *LayerScale) outputShape(in []int) ([]int, error) {
	if last := in[len(in)-1]; last != c.Dimension {
		return nil, fmt.Errorf("projection_dim is %d, the last dimension of the input %s is not", c.Dimension, shapeText(in))
	}
	return slices.Clone(in), nil
}

func (c *LayerScale) weights([]int) []array {
	return []array{{name: "gamma", shape: []int{c.Dimension}, init: Initializer{Class: "Constant", Value: c.Initial}}}
}

// parseStochasticDepth reads a layer that drops whole rows (ConvNeXt): a Dropout whose noise has one number for a row.
func parseStochasticDepth(a *args) kind {
	c := &Dropout{Rate: a.float("drop_path_rate", -1), wholeRows: true}
	if c.Rate < 0 || c.Rate >= 1 {
		a.wrong("drop_path_rate", "at least 0 and less than 1")
	}
	return c
}

// ScaledResidual is x + Scale·y for two inputs x and y of one shape (InceptionResNetV2).
//
// Source: keras/src/applications/inception_resnet_v2.py.
type ScaledResidual struct{ Scale float64 }

// Class is "CustomScaleLayer".
func (*ScaledResidual) Class() string { return "CustomScaleLayer" }

func parseScaledResidual(a *args) kind {
	if !a.has("scale") {
		a.fail("scale is missing")
	}
	return &ScaledResidual{a.float("scale", 0)}
}

func (c *ScaledResidual) outputShape(in []int) ([]int, error) { return c.joinShape([][]int{in}) }

func (c *ScaledResidual) joinShape(in [][]int) ([]int, error) {
	if len(in) != 2 || !slices.Equal(in[0], in[1]) {
		return nil, fmt.Errorf("takes two inputs of one shape, found %d", len(in))
	}
	return slices.Clone(in[0]), nil
}

func (*ScaledResidual) weights([]int) []array { return nil }
