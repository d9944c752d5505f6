package graph

import "gorgonia.org/gorgonia"

// reshapeLayer gives the rows the shape that the model's checked tensors state. It serves Flatten and Reshape.
func reshapeLayer(b *builder, c *call) (*gorgonia.Node, error) {
	return b.reshape(c.in[0], b.outShape(c)), nil
}
