package keras

import "slices"

// BatchNormalization normalises over all axes but Axis. A layer that is not trainable uses its moving averages in
// training too (TF 2 and Keras 3).
//
// Weights, each as long as the input's dimension Axis: gamma (when Scale), beta (when Center), moving_mean and
// moving_variance; the moving averages are never trainable.
type BatchNormalization struct {
	Axis     int     // counted with the batch dimension, resolved to be positive
	Momentum float64 // moving = moving*Momentum + batch*(1-Momentum)
	Epsilon  float64
	GammaBeta

	MovingMeanInitializer     Initializer
	MovingVarianceInitializer Initializer
}

// Class is "BatchNormalization".
func (*BatchNormalization) Class() string { return "BatchNormalization" }

func parseBatchNormalization(a *args) kind {
	a.absent("virtual_batch_size", "adjustment")
	a.off("renorm", "synchronized")
	a.skip("renorm_clipping", "renorm_momentum") // they act only with renorm
	a.skip("fused")                              // which kernel TensorFlow picks
	c := &BatchNormalization{
		Axis:                      a.axis("axis", -1),
		Momentum:                  a.float("momentum", 0.99),
		Epsilon:                   a.float("epsilon", 1e-3),
		GammaBeta:                 a.gammaBeta(),
		MovingMeanInitializer:     a.initializer("moving_mean_initializer", zeros),
		MovingVarianceInitializer: a.initializer("moving_variance_initializer", ones),
	}
	if c.Momentum < 0 || c.Momentum > 1 {
		a.wrong("momentum", "between 0 and 1")
	}
	if c.Epsilon < 0 {
		a.wrong("epsilon", "at least 0")
	}
	return c
}

func (c *BatchNormalization) outputShape(in []int) ([]int, error) {
	axis, err := resolveAxis(c.Axis, in)
	if err != nil {
		return nil, err
	}
	c.Axis = axis
	return slices.Clone(in), nil
}

func (c *BatchNormalization) weights(in []int) []array {
	shape := []int{in[c.Axis-1]}
	return append(c.arrays(shape),
		array{name: "moving_mean", shape: shape, init: c.MovingMeanInitializer, fixed: true},
		array{name: "moving_variance", shape: shape, init: c.MovingVarianceInitializer, fixed: true})
}
