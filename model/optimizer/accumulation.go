package optimizer

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// readAccumulation reads gradient_accumulation_steps: gradients are added up, and the mean of so many makes one step of the rule; before that, the weights are
// clipped by their constraints and taken into their average only. None is 0, and so is each step. Schedules of the learning rate
// count all steps, corrections of running means those of the rule.
//
// Source: keras/src/optimizers/base_optimizer.py, iterations, _backend_apply_gradients, _get_current_learning_rate.
func readAccumulation(a *params.Args) int64 {
	n := a.Int(0, "gradient_accumulation_steps")
	if n != 0 && n < 2 {
		a.Failf("argument gradient_accumulation_steps must be at least 2, found %d", n)
	}
	return int64(n)
}

// checkLossScale reads loss_scale_factor: Keras multiplies the loss by it and divides the gradients by it again, which keeps small
// gradients of float16 from becoming 0 and changes nothing in float32.
func checkLossScale(a *params.Args) {
	if scale := a.Float(1, "loss_scale_factor"); !(scale > 0) || math.IsInf(scale, 0) {
		a.Failf("argument loss_scale_factor must be above 0, found %v", scale)
	}
}

// inner is the call of the optimizer that a LossScaleOptimizer has inside, of Keras 3 or tf.keras 2. A scale of the loss, however it
// changes, is divided out of the gradients again.
//
// Source: keras/src/optimizers/loss_scale_optimizer.py.
func inner(call params.Call) (params.Call, error) {
	a := params.NewArgs(call)
	a.Order("inner_optimizer", "initial_scale", "dynamic_growth_steps", "name")
	optimizer := a.Value("inner_optimizer")
	scale := a.Float(1<<15, "initial_scale")
	steps := a.Int(2000, "dynamic_growth_steps")
	a.Bool(true, "dynamic")
	a.Text("", "name")
	if !(scale > 0) || math.IsInf(scale, 0) {
		a.Failf("argument initial_scale must be above 0, found %v", scale)
	}
	if steps < 1 {
		a.Failf("argument dynamic_growth_steps must be at least 1, found %d", steps)
	}
	var c params.Call
	switch v := optimizer.(type) {
	case params.Call:
		c = v
	case string:
		c = params.Call{Name: v}
	default:
		a.Failf("argument inner_optimizer must be an optimizer, found %v", v)
	}
	return c, a.Check()
}
