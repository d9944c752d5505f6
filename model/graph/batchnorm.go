package graph

import (
	"fmt"

	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of batch normalisation; Attr is a BatchNormAttr, for CodeMoving a MovingAttr.
const (
	// CodeBatchNormSums are the sums of x by columns that CodeBatchNorm needs, 2·C numbers in double precision, which are 4·C
	// elements.
	CodeBatchNormSums = "batchnorm.sums"
	// CodeBatchNorm normalises x by the batch, from (x, gamma where Scale, beta where Center, the sums of all slices). Its side
	// results are the batch's mean, biased variance and 1/√(variance+eps).
	CodeBatchNorm = "batchnorm"
	// CodeBatchNormGradSums are the sums by columns that CodeBatchNormGrad needs, like CodeBatchNormSums, from (x, dy, mean,
	// 1/√(variance+eps)). Its side results are what x and dy add to the gradients of gamma and beta.
	CodeBatchNormGradSums = "batchnorm.grad.sums"
	// CodeBatchNormGrad is dx from (x, dy, gamma where Scale, mean, 1/√(variance+eps), the sums of all slices).
	CodeBatchNormGrad = "batchnorm.grad"
	// CodeBatchNormInfer normalises x by given statistics, from (x, gamma where Scale, beta where Center, mean, variance).
	CodeBatchNormInfer = "batchnorm.infer"
	// CodeBatchNormInferGrad is dx of CodeBatchNormInfer from (dy, gamma where Scale, variance).
	CodeBatchNormInferGrad = "batchnorm.infer.grad"
	// CodeMoving is a moving average's new value from (value of the batch, old value).
	CodeMoving = "moving"
)

// A BatchNormAttr is the size of the matrix that is normalised by columns, the number of rows that it has with those of all
// slices of the batch, and the layer's constants.
type BatchNormAttr struct {
	Rows, C       int
	Whole         int
	Epsilon       float64
	Scale, Center bool
}

// A MovingAttr says how much of a moving average stays.
type MovingAttr struct{ Momentum float64 }

// batchNormalization follows Keras 3: batch statistics in training, with the biased variance also in the moving
// variance; moving statistics in inference and where the layer is frozen. An axis that is not the last is moved there and
// back.
//
// Source: keras/src/layers/normalization/batch_normalization.py.
func batchNormalization(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.BatchNormalization)
	x, dims := c.in[0], c.in[0].Shape().Dims()
	if cfg.Axis < 1 || cfg.Axis >= dims {
		return nil, fmt.Errorf("axis %d of an input with %d dimensions, the batch included", cfg.Axis, dims)
	}
	if cfg.Axis == dims-1 {
		return b.normalise(c, cfg, x), nil
	}
	order, undo := lastAxis(cfg.Axis, dims)
	return b.permute(b.normalise(c, cfg, b.permute(x, order)), undo), nil
}

// normalise applies batch normalisation over the last axis.
func (b *builder) normalise(c *call, cfg *keras.BatchNormalization, x *gorgonia.Node) *gorgonia.Node {
	rows, channels := rowsOf(x.Shape())
	attr := BatchNormAttr{Rows: rows, C: channels, Whole: b.ofWhole(rows), Epsilon: cfg.Epsilon, Scale: cfg.Scale, Center: cfg.Center}
	gamma, beta := b.weight(c.Layer, "gamma"), b.weight(c.Layer, "beta")
	if c.inference && b.o.Training && c.Trainable { // gamma and beta learn
		return b.batchNormLearn(attr, c, x, gamma, beta)
	}
	if !b.o.Training || !c.Trainable {
		return b.batchNormInfer(attr, x, gamma, beta, b.state(c.Layer, "moving_mean"), b.state(c.Layer, "moving_variance"))
	}
	y := b.batchNormTrain(attr, x, gamma, beta)
	for i, name := range []string{"moving_mean", "moving_variance"} {
		old := b.state(c.Layer, name)
		b.setState(c.Layer, name, b.apply(
			Op{Code: CodeMoving, Attr: MovingAttr{cfg.Momentum}, Out: old.Shape(), InPlace: 1}, b.side(y, i), old))
	}
	return y
}

// batchNormTrain normalises by the batch. The slices of a batch tell each other their sums, here and in the gradient.
func (b *builder) batchNormTrain(attr BatchNormAttr, x, gamma, beta *gorgonia.Node) *gorgonia.Node {
	channels, sums := tensor.Shape{attr.C}, tensor.Shape{4 * attr.C}
	whole := b.meet(b.apply(Op{Code: CodeBatchNormSums, Attr: attr, Out: sums, InPlace: -1}, x))
	weights := count(gamma, beta)
	return b.apply(Op{
		Code: CodeBatchNorm, Attr: attr, Out: x.Shape(), Side: []int{attr.C, attr.C, attr.C}, InPlace: -1,
		diff: append(all(1+weights), false),
		grad: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			mean, invstd := b.side(out, 0), b.side(out, 2)
			own := b.apply(
				Op{Code: CodeBatchNormGradSums, Attr: attr, Out: sums, Side: []int{attr.C, attr.C}, InPlace: -1}, x, grad, mean, invstd)
			grads := gorgonia.Nodes{b.apply(
				Op{Code: CodeBatchNormGrad, Attr: attr, Out: x.Shape(), InPlace: 1}, x, grad, gamma, mean, invstd, b.meet(own))}
			for i, w := range []*gorgonia.Node{gamma, beta} {
				if w != nil {
					grads = append(grads, b.reshape(b.side(own, i), channels))
				}
			}
			return append(grads, nil)
		},
	}, x, gamma, beta, whole)
}

// batchNormLearn normalises by given statistics like batchNormInfer, with operations that have gradients of gamma and beta.
func (b *builder) batchNormLearn(attr BatchNormAttr, c *call, x, gamma, beta *gorgonia.Node) *gorgonia.Node {
	attr.Scale, attr.Center = false, false
	y := b.batchNormInfer(attr, x, nil, nil, b.state(c.Layer, "moving_mean"), b.state(c.Layer, "moving_variance"))
	if gamma != nil {
		y = b.multiply(y, b.broadcast(gamma, y.Shape()))
	}
	if beta != nil {
		y = b.add(y, b.broadcast(beta, y.Shape()))
	}
	return y
}

func (b *builder) batchNormInfer(attr BatchNormAttr, x, gamma, beta, mean, variance *gorgonia.Node) *gorgonia.Node {
	diff := make([]bool, 3+count(gamma, beta))
	diff[0] = true
	return b.apply(Op{
		Code: CodeBatchNormInfer, Attr: attr, Out: x.Shape(), InPlace: 0, diff: diff,
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			dx := b.apply(Op{Code: CodeBatchNormInferGrad, Attr: attr, Out: x.Shape(), InPlace: 0}, grad, gamma, variance)
			return append(gorgonia.Nodes{dx}, make(gorgonia.Nodes, len(diff)-1)...)
		},
	}, x, gamma, beta, mean, variance)
}
