package optimizer

import "github.com/beamfit/beamfit/model/params"

// A ClipKind is a way to bound gradients.
type ClipKind string

// The kinds of clipping, with c the bound.
const (
	// ClipNorm makes each array g to g·c/max(‖g‖, c).
	ClipNorm ClipKind = "norm"
	// ClipGlobalNorm does the same with the norm of all arrays together.
	ClipGlobalNorm ClipKind = "global norm"
	// ClipValue bounds each gradient to [-c, c].
	ClipValue ClipKind = "value"
)

// A Clip bounds the gradients before a step.
type Clip struct {
	Kind  ClipKind // "": no bound
	Bound float64
}

// readClip reads clipnorm, global_clipnorm and clipvalue, of which at most one may be given. None and 0 clip nothing.
//
// Source: keras/src/optimizers/base_optimizer.py, _clip_gradients; tf.clip_by_norm; clip_by_global_norm of the same file.
func readClip(a *params.Args) Clip {
	given := 0
	read := func(name string) float64 {
		if a.Has(name) {
			given++
		}
		return positiveOrZero(a, 0, name)
	}
	norm, global, value := read("clipnorm"), read("global_clipnorm"), read("clipvalue")
	if given > 1 {
		a.Failf("at most one of clipnorm, global_clipnorm and clipvalue may be given")
	}
	switch {
	case norm > 0:
		return Clip{ClipNorm, norm}
	case global > 0:
		return Clip{ClipGlobalNorm, global}
	case value > 0:
		return Clip{ClipValue, value}
	}
	return Clip{}
}
