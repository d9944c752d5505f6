package optimizer

import (
	"math"

	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/params"
)

// A Clipper is an optimizer that wants gradients clipped before its updates.
type Clipper interface {
	Optimizer
	// Clip changes all gradients of a step: sizes are the lengths of the arrays that g consists of, in order. It does
	// not allocate.
	Clip(g []float32, sizes []int)
}

// withClipping reads the arguments of which at most one may be given:
//
//	clipnorm         each array g becomes g·c/max(‖g‖, c)
//	global_clipnorm  the same, with the norm of all arrays together
//	clipvalue        each gradient is bounded to [-c, c]
//
// None and 0 clip nothing.
//
// Source: keras/src/optimizers/base_optimizer.py, _clip_gradients; tf.clip_by_norm; clip_by_global_norm of the same file.
func withClipping(a *params.Args, o Optimizer) Optimizer {
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
		return normClipper{clipping{o}, norm}
	case global > 0:
		return globalNormClipper{clipping{o}, global}
	case value > 0:
		return valueClipper{clipping{o}, value}
	}
	return o
}

// clipping is the part that all clippers have: the optimizer that is given the clipped gradients.
type clipping struct{ Optimizer }

func (c clipping) inner() Optimizer { return c.Optimizer }

type normClipper struct {
	clipping
	norm float64
}

// Clip bounds the norm of each array.
func (o normClipper) Clip(g []float32, sizes []int) {
	for _, n := range sizes {
		scaleDown(o.norm, g[:n])
		g = g[n:]
	}
}

type globalNormClipper struct {
	clipping
	norm float64
}

// Clip bounds the norm of all arrays together.
func (o globalNormClipper) Clip(g []float32, _ []int) { scaleDown(o.norm, g) }

// scaleDown brings the norm of g down to a bound. A norm that is NaN or infinite makes all of g NaN.
func scaleDown(bound float64, g []float32) {
	norm := math.Sqrt(kernels.SumSquares64(g))
	if norm <= bound {
		return
	}
	kernels.Scale(float32(bound/norm+(norm-norm)), g, g)
}

type valueClipper struct {
	clipping
	value float64
}

// Clip bounds each gradient.
func (o valueClipper) Clip(g []float32, _ []int) { kernels.Clip(-o.value, o.value, g) }
