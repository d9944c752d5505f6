package optimizer

import "github.com/beamfit/beamfit/model/params"

// readWeightDecay reads weight_decay: before its step every weight shrinks, p -= p·weight_decay·lr. This is not a penalty in the
// loss: it does not go through moments. None and 0 are none.
//
// Source: keras/src/optimizers/base_optimizer.py, _apply_weight_decay; the default of AdamW: keras/src/optimizers/adamw.py.
func readWeightDecay(a *params.Args, byDefault float64) float64 {
	return positiveOrZero(a, byDefault, "weight_decay")
}
