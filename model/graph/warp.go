package graph

import (
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of what moves images at random.
const (
	// CodeUniform are random numbers, in the shape of its output; Attr is a UniformAttr. It reads nothing of its input.
	CodeUniform = "uniform"
	// CodeWarp moves images by a transform for each, from (x, transforms); Attr is a *kernels.WarpShape. The gradient of x is the same
	// operation, the other way. Transforms have none.
	CodeWarp = "warp"
)

// A UniformAttr is the range of random numbers, and their stream as in DropoutAttr. OfBatch: all slices of a batch draw the same.
type UniformAttr struct {
	Low, High float64
	Stream    uint64
	OfBatch   bool
}

// uniform draws numbers.
func (b *builder) uniform(a UniformAttr, shape tensor.Shape, like *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{Code: CodeUniform, Attr: a, Out: shape, InPlace: -1}, like)
}

// warp moves images. Keras on TensorFlow moves the gradient back by the inverse transform, with zeros beyond a constant edge.
//
// Source: tensorflow/python/ops/image_ops.py, _image_projective_transform_v3_grad.
func (b *builder) warp(s *kernels.WarpShape, x, transforms *gorgonia.Node) *gorgonia.Node {
	back := *s
	back.H, back.W, back.OH, back.OW, back.Value, back.Inverse = s.OH, s.OW, s.H, s.W, 0, !s.Inverse
	return b.apply(Op{
		Code: CodeWarp, Attr: s, Out: tensor.Shape{s.N, s.OH, s.OW, s.C}, InPlace: -1, diff: []bool{true, false},
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.warp(&back, grad, in[1]), nil}
		},
	}, x, transforms)
}
