package keras

import (
	"math"
	"slices"
)

// Noise changes its input in training by normally distributed numbers of its own for every element: it adds them
// (GaussianNoise), or multiplies by 1 + them (GaussianDropout).
type Noise struct {
	Kind   string // the class: "GaussianNoise" or "GaussianDropout"
	Stddev float64
	Seed   *int64 // nil: drawn from the run's seed
}

// Class is the kind.
func (c *Noise) Class() string { return c.Kind }

// Multiplies says whether the input is multiplied.
func (c *Noise) Multiplies() bool { return c.Kind == "GaussianDropout" }

func parseGaussianNoise(a *args) kind {
	if _, ok := a.get("stddev"); !ok {
		a.fail("stddev is missing")
	}
	return &Noise{Kind: "GaussianNoise", Stddev: a.atLeast0("stddev", 0), Seed: a.seed()}
}

// parseGaussianDropout reads a rate, which makes the deviation √(rate/(1-rate)).
func parseGaussianDropout(a *args) kind {
	rate := a.float("rate", -1)
	if rate < 0 || rate >= 1 {
		a.wrong("rate", "at least 0 and less than 1")
	}
	return &Noise{Kind: "GaussianDropout", Stddev: math.Sqrt(rate / (1 - rate)), Seed: a.seed()}
}

func (*Noise) outputShape(in []int) ([]int, error) { return slices.Clone(in), nil }

func (*Noise) weights([]int) []array { return nil }

// parseSpatialDropout makes the parse function of a Dropout of whole channels, for inputs with dims dimensions besides
// them.
func parseSpatialDropout(dims int) func(*args) kind {
	return func(a *args) kind {
		a.dataFormat()
		c := parseDropout(a).(*Dropout)
		if c.noise != nil {
			a.fail("noise_shape is not an argument of this class")
		}
		c.noise = slices.Concat([]int{0}, slices.Repeat([]int{1}, dims), []int{0})
		return c
	}
}
