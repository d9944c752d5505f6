package tables

import (
	"fmt"
	"math"

	"github.com/beamfit/beamfit/transforms/pack"
)

// Normalizing is the normalizing constant of an argument; nil: 1.
func Normalizing(arg *float64) (float32, error) {
	if arg == nil {
		return 1, nil
	}
	return normalizingConst(*arg)
}

// normalizingConst is a normalizing constant as tables record it.
func normalizingConst(x float64) (float32, error) {
	c := float32(x)
	if !(c > 0) || math.IsInf(float64(c), 0) {
		return 0, fmt.Errorf("the normalizing constant must be a positive number that real can hold, found %v", x)
	}
	return c, nil
}

// Unscaled is a normalizing constant for packing: 1 where it is so near to 1 that MADlib does not scale.
func Unscaled(c float32) float32 {
	if c >= 0.999999 && c <= 1.000001 {
		return 1
	}
	return c
}

// ScaleOf is what features are multiplied by where their table has that normalizing constant.
func ScaleOf(normalize float32) float32 {
	if c := Unscaled(normalize); c != 1 {
		return pack.Scale(c)
	}
	return 1
}
