package optimizer

import "github.com/beamfit/beamfit/model/params"

// Averaging keeps a moving average of the weights, which becomes the weights where training ends:
//
//	average = ema_momentum·average + (1 - ema_momentum)·p  // after every step; the first time, average = p
//	p = average                                            // after every ema_overwrite_frequency steps, and at the end
//
// The average is a slot, behind those of the rule. Training ends with every Keras fit, which is an iteration of a shard here.
//
// Source: keras/src/optimizers/base_optimizer.py, _update_model_variables_moving_average, finalize_variable_values.
type Averaging struct {
	Momentum float64
	Every    int64 // ema_overwrite_frequency; 0: never before the end
}

// readAveraging reads use_ema False, ema_momentum 0.99 and ema_overwrite_frequency None.
func readAveraging(a *params.Args) *Averaging {
	on, momentum, frequency := a.Bool(false, "use_ema"), a.Float(0.99, "ema_momentum"), a.Int(0, "ema_overwrite_frequency")
	if !on {
		return nil
	}
	if !(momentum >= 0 && momentum <= 1) {
		a.Failf("argument ema_momentum must lie from 0 to 1, found %v", momentum)
	}
	if a.Has("ema_overwrite_frequency") && frequency < 1 {
		a.Failf("argument ema_overwrite_frequency must be at least 1, found %d", frequency)
	}
	return &Averaging{momentum, int64(frequency)}
}
