package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of penalties, which regularizers add to the loss; Attr is a PenaltyAttr where nothing else is said.
const (
	// CodeWeightPenaltyGrad adds the gradient of a weight's penalty to the weight's gradient, from (weight, gradient).
	// The penalty itself is no operation: whoever reports the loss adds it (see keras.Regularizer).
	CodeWeightPenaltyGrad = "penalty.weight.grad"
	// CodeOrthogonalGrad is the same for a penalty of rows that are not orthogonal; Attr is an OrthogonalAttr.
	CodeOrthogonalGrad = "penalty.orthogonal.grad"
	// CodePenalty is the penalty of each row of x.
	CodePenalty = "penalty"
	// CodePenaltyGrad is dx of the mean penalty of the rows of x.
	CodePenaltyGrad = "penalty.grad"
)

// A PenaltyAttr is L1·Σ|x| + L2·Σx² over rows of N elements. Scale is what such a sum counts in the loss; only gradients
// use it.
type PenaltyAttr struct {
	L1, L2  float32
	Rows, N int
	Scale   float32
}

func penaltyAttr(r keras.Regularizer, s tensor.Shape, scale float64) PenaltyAttr {
	return PenaltyAttr{L1: float32(r.L1), L2: float32(r.L2), Rows: s[0], N: s[1:].TotalSize(), Scale: float32(scale)}
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
	delete(b.joinable, x) // the penalty reads it
	attr := penaltyAttr(r, x.Shape(), 1/float64(b.whole()))
	b.penalties = append(b.penalties, b.apply(Op{
		Code: CodePenalty, Attr: attr, Out: tensor.Shape{attr.Rows}, InPlace: -1, diff: all(1),
		grad: func(in gorgonia.Nodes, _, _ *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodePenaltyGrad, Attr: attr, Out: in[0].Shape(), InPlace: -1}, in[0])}
		},
	}, x))
}

// weightPenalty adds the gradient of a weight's penalty to the weight's gradient.
func (b *builder) weightPenalty(w *keras.Weight, grad *gorgonia.Node) *gorgonia.Node {
	scale, r := float64(b.o.Batch)/float64(b.whole()), w.Regularizer
	if r.L1 != 0 || r.L2 != 0 {
		attr := penaltyAttr(r, append(tensor.Shape{1}, w.Shape...), scale)
		grad = b.apply(Op{Code: CodeWeightPenaltyGrad, Attr: attr, Out: grad.Shape(), InPlace: 1}, b.weights[w], grad)
	}
	if r.Orthogonal != 0 {
		attr := OrthogonalAttr{Factor: float32(scale * r.Orthogonal), Matrix: MatrixOf(w)}
		grad = b.apply(Op{Code: CodeOrthogonalGrad, Attr: attr, Out: grad.Shape(), InPlace: 1}, b.weights[w], grad)
	}
	return grad
}

// An OrthogonalAttr is Factor times the penalty of a matrix.
type OrthogonalAttr struct {
	Factor float32
	Matrix kernels.Matrix
}

// MatrixOf is what a weight's regularizer wants to be orthogonal.
func MatrixOf(w *keras.Weight) kernels.Matrix {
	return kernels.Matrix{Rows: w.Shape[0], Columns: w.Shape[1], Transposed: w.Regularizer.Columns}
}
