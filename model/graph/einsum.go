package graph

import (
	"strings"

	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// einsumDense is a product of matrices: the rows are the dimensions that only the input has, the kernel's columns those that only the
// kernel has.
func einsumDense(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.EinsumDense)
	act, rest, err := b.fusion(c, cfg.Activation)
	if err != nil {
		return nil, err
	}
	var rows, summed, columns string
	for _, d := range cfg.In {
		if strings.ContainsRune(cfg.Kernel, d) {
			summed += string(d)
		} else {
			rows += string(d)
		}
	}
	for _, d := range cfg.Kernel {
		if !strings.ContainsRune(cfg.In, d) {
			columns += string(d)
		}
	}
	x := b.permute(c.in[0], places(cfg.In, rows+summed))
	k := b.permute(b.weight(c.Layer, "kernel"), places(cfg.Kernel, summed+columns))
	shape := x.Shape()[:len(rows)].Clone()
	n := x.Shape()[len(rows):].TotalSize()
	x = b.reshape(x, tensor.Shape{shape.TotalSize(), n})
	shape = append(shape, k.Shape()[len(summed):]...)
	k = b.reshape(k, tensor.Shape{n, k.Shape().TotalSize() / n})
	bias, out := b.weight(c.Layer, "bias"), b.outShape(c)
	ofColumns := bias == nil || len(cfg.BiasShape) == len(columns) && bias.Shape().TotalSize() == k.Shape()[1]
	if rows+columns == cfg.Out && ofColumns {
		if bias != nil {
			bias = b.reshape(bias, tensor.Shape{k.Shape()[1]})
		}
		return b.activated(act, rest, func(e Epilogue) *gorgonia.Node { return b.reshape(b.affine(e, x, k, bias), out) }), nil
	}
	y := b.permute(b.reshape(b.affine(Epilogue{}, x, k, nil), shape), places(rows+columns, cfg.Out))
	if bias != nil {
		y = b.add(y, b.broadcast(bias, out))
	}
	return b.activate(b.activation(y, act), rest), nil
}

// places says where each dimension of a part of an equation is in another part.
func places(from, to string) []int {
	var order []int
	for _, d := range to {
		order = append(order, strings.IndexRune(from, d))
	}
	return order
}
