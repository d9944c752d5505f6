package keras

import (
	"fmt"
	"maps"
)

// CenterCrop cuts images (H, W, C) to Size around their middle: it is a Cropping2D, whose Edges it resolves from its input.
type CenterCrop struct {
	Frame
	Size [2]int
}

func parseCenterCrop(a *args) kind {
	a.dataFormat()
	return &CenterCrop{Frame: Frame{Kind: "CenterCrop"}, Size: [2]int{a.positive("height"), a.positive("width")}}
}

// outputShape cuts as much off on either side; the odd pixel goes at the end.
//
// Source: keras/src/layers/preprocessing/image_preprocessing/center_crop.py.
func (c *CenterCrop) outputShape(in []int) ([]int, error) {
	if err := checkImage(in); err != nil {
		return nil, err
	}
	for i, n := range c.Size {
		rest := in[i] - n
		if rest < 0 {
			return nil, fmt.Errorf("the input %s is smaller than %dx%d, to which Keras would enlarge it: that is not supported",
				shapeText(in), c.Size[0], c.Size[1])
		}
		c.Edges[i] = [2]int{rest / 2, rest - rest/2}
	}
	return c.Frame.outputShape(in)
}

func (*CenterCrop) bind(n node, _ *Call) error { return n.inAnyMode() }

// inAnyMode is plain for a layer that does the same in training and inference: Keras 3 writes training=true for those that
// change images.
func (n node) inAnyMode() error {
	n.arguments = maps.Clone(n.arguments)
	if _, ok := n.arguments["training"].(bool); ok {
		delete(n.arguments, "training")
	}
	return n.plain()
}
