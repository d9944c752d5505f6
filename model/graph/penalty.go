package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of penalties, which regularizers add to the loss; Attr is a PenaltyAttr.
const (
	// CodeWeightPenaltyGrad adds the gradient of a weight's penalty to the weight's gradient, from (weight, gradient).
	// The penalty itself is no operation: whoever reports the loss adds it (see keras.Regularizer).
	CodeWeightPenaltyGrad = "penalty.weight.grad"
	// CodePenalty is the penalty of each row of x.
	CodePenalty = "penalty"
	// CodePenaltyGrad is dx of the mean penalty of the rows of x.
	CodePenaltyGrad = "penalty.grad"
)

// A PenaltyAttr is L1·Σ|x| + L2·Σx² over rows of N elements.
type PenaltyAttr struct {
	L1, L2  float32
	Rows, N int
}

func penaltyAttr(r keras.Regularizer, s tensor.Shape) PenaltyAttr {
	return PenaltyAttr{L1: float32(r.L1), L2: float32(r.L2), Rows: s[0], N: s[1:].TotalSize()}
}

// activityRegularization gives its input on: the penalty is added for every layer alike.
func activityRegularization(_ *builder, c *call) (*gorgonia.Node, error) { return c.in[0], nil }

// penalise adds the penalty of a layer's result to the loss: the mean over the rows, as in Keras.
//
// Source: keras/src/layers/layer.py, Layer.__call__.
func (b *builder) penalise(r keras.Regularizer, x *gorgonia.Node) {
	if r == (keras.Regularizer{}) || b.o.Losses == nil {
		return
	}
	attr := penaltyAttr(r, x.Shape())
	b.penalties = append(b.penalties, b.apply(Op{
		Code: CodePenalty, Attr: attr, Out: tensor.Shape{attr.Rows}, InPlace: -1, diff: all(1),
		grad: func(in gorgonia.Nodes, _, _ *gorgonia.Node) gorgonia.Nodes {
			// the gradient of a row's penalty is always 1/B
			return gorgonia.Nodes{b.apply(Op{Code: CodePenaltyGrad, Attr: attr, Out: in[0].Shape(), InPlace: -1}, in[0])}
		},
	}, x))
}

// weightPenalty adds the gradient of a weight's penalty to the weight's gradient.
func (b *builder) weightPenalty(w *keras.Weight, grad *gorgonia.Node) *gorgonia.Node {
	if w.Regularizer == (keras.Regularizer{}) {
		return grad
	}
	attr := penaltyAttr(w.Regularizer, append(tensor.Shape{1}, w.Shape...))
	return b.apply(Op{Code: CodeWeightPenaltyGrad, Attr: attr, Out: grad.Shape(), InPlace: 1}, b.weights[w], grad)
}
