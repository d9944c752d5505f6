package keras

import (
	"fmt"
	"slices"
)

// GroupNormalization normalises every row by itself, in Groups groups of the channels: over each group and all other
// dimensions (x - mean)/√(variance + Epsilon), then times gamma (when Scale) plus beta (when Center), one each per channel.
type GroupNormalization struct {
	Groups  int // -1 of the JSON is resolved to one per channel
	Axis    int // of the channels, counted with the batch dimension, resolved to be positive
	Epsilon float64
	GammaBeta

	groups, axis int // as the JSON gives them
}

// Class is "GroupNormalization".
func (*GroupNormalization) Class() string { return "GroupNormalization" }

func parseGroupNormalization(a *args) kind {
	c := &GroupNormalization{groups: 32, axis: a.axis("axis", -1), Epsilon: a.atLeast0("epsilon", 1e-3), GammaBeta: a.gammaBeta()}
	if v, ok := a.get("groups"); ok {
		if n, isInt := toInt(v); !isInt || n < 1 && n != -1 {
			a.wrong("groups", "an integer of at least 1, or -1")
		} else {
			c.groups = n
		}
	}
	return c
}

func (c *GroupNormalization) outputShape(in []int) ([]int, error) {
	axis, err := resolveAxis(c.axis, in)
	if err != nil {
		return nil, err
	}
	channels := in[axis-1]
	if c.Axis, c.Groups = axis, c.groups; c.Groups == -1 {
		c.Groups = channels
	}
	if channels%c.Groups != 0 {
		return nil, fmt.Errorf("the %d channels of the input %s cannot be divided into %d groups", channels, shapeText(in), c.Groups)
	}
	return slices.Clone(in), nil
}

func (c *GroupNormalization) weights(in []int) []array { return c.arrays([]int{in[c.Axis-1]}) }

// A GammaBeta is the factor gamma and the summand beta that follow a normalisation.
type GammaBeta struct {
	Center, Scale    bool // whether there is a beta and a gamma
	GammaInitializer Initializer
	BetaInitializer  Initializer
	GammaRegularizer Regularizer
	BetaRegularizer  Regularizer
	GammaConstraint  *Constraint
	BetaConstraint   *Constraint
}

func (a *args) gammaBeta() GammaBeta {
	return GammaBeta{
		Center:           a.bool("center", true),
		Scale:            a.bool("scale", true),
		GammaInitializer: a.initializer("gamma_initializer", ones),
		BetaInitializer:  a.initializer("beta_initializer", zeros),
		GammaRegularizer: a.regularizer("gamma_regularizer"),
		BetaRegularizer:  a.regularizer("beta_regularizer"),
		GammaConstraint:  a.constraint("gamma_constraint"),
		BetaConstraint:   a.constraint("beta_constraint"),
	}
}

// arrays are gamma and beta, where there are any, of a shape.
func (g *GammaBeta) arrays(shape []int) []array {
	var arrays []array
	if g.Scale {
		arrays = append(arrays, array{
			name: "gamma", shape: shape, init: g.GammaInitializer, regularizer: g.GammaRegularizer, constraint: g.GammaConstraint,
		})
	}
	if g.Center {
		arrays = append(arrays, array{
			name: "beta", shape: shape, init: g.BetaInitializer, regularizer: g.BetaRegularizer, constraint: g.BetaConstraint,
		})
	}
	return arrays
}
