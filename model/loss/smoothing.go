package loss

import "github.com/beamfit/beamfit/model/params"

// A Smoothing is Keras' label_smoothing: labels y become y·(1-s) + s·rest, where rest is what a class has when all
// have the same.
type Smoothing float64

// readSmoothing reads label_smoothing, 0 by default.
func readSmoothing(a *params.Args) Smoothing {
	s := a.Float(0, "label_smoothing")
	if !(s >= 0 && s <= 1) {
		a.Failf("argument label_smoothing must lie from 0 to 1, found %v", s)
	}
	return Smoothing(s)
}

// binary is the label of an output that is true or false.
func (s Smoothing) binary(y float64) float64 { return y*(1-float64(s)) + float64(s)/2 }

// class is the label of one of n classes.
func (s Smoothing) class(y float64, n int) float64 { return y*(1-float64(s)) + float64(s)/float64(n) }

// readAxis accepts the last axis of a row's outputs, which of an output of one dimension is axis 1 too.
func readAxis(a *params.Args) {
	if axis := a.Int(-1, "axis"); axis != -1 && axis != 1 {
		a.Failf("argument axis must be -1, found %d", axis)
	}
}
