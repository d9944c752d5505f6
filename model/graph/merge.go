package graph

import (
	"github.com/beamfit/beamfit/model/keras"
	"gorgonia.org/gorgonia"
)

// merges is every operation of keras.Merge on two inputs of one shape. Several inputs are merged from left to right.
var merges = map[string]func(b *builder, x, y *gorgonia.Node) *gorgonia.Node{
	"Add":      (*builder).add,
	"Average":  (*builder).add, // divided at the end
	"Divide":   (*builder).divide,
	"Maximum":  func(b *builder, x, y *gorgonia.Node) *gorgonia.Node { return b.extremum(false, x, y) },
	"Minimum":  func(b *builder, x, y *gorgonia.Node) *gorgonia.Node { return b.extremum(true, x, y) },
	"Multiply": (*builder).multiply,
	"Subtract": (*builder).subtract,
}

// merge follows keras/src/layers/merging.
func merge(b *builder, c *call) (*gorgonia.Node, error) {
	operation, shape := c.Config.(*keras.Merge).Operation, b.outShape(c)
	y := b.broadcastRows(c.in[0], shape)
	for _, x := range c.in[1:] {
		y = merges[operation](b, y, b.broadcastRows(x, shape))
	}
	if operation == "Average" {
		y = b.scale(1/float64(len(c.in)), 0, y)
	}
	return y, nil
}
