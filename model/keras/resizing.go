package keras

import "fmt"

// interpolations are the ways to make pixels of images of another size.
var interpolations = []string{"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"}

// Resizing gives images (H, W, C) another height and width. The pixels between those of the input follow Interpolation;
// nothing is smoothed where images become smaller.
type Resizing struct {
	Size          [2]int
	Interpolation string // "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5"
}

// Class is "Resizing".
func (*Resizing) Class() string { return "Resizing" }

func parseResizing(a *args) kind {
	a.dataFormat()
	a.off("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias")
	a.skip("fill_mode", "fill_value") // of the padding
	c := &Resizing{Size: [2]int{a.positive("height"), a.positive("width")}, Interpolation: "bilinear"}
	if a.has("interpolation") {
		c.Interpolation = a.oneOf("interpolation", interpolations...)
	}
	return c
}

func (c *Resizing) outputShape(in []int) ([]int, error) {
	if err := checkImage(in); err != nil {
		return nil, err
	}
	out := []int{c.Size[0], c.Size[1], in[2]}
	if err := checkRow(out); err != nil {
		return nil, fmt.Errorf("height %d and width %d: %w", c.Size[0], c.Size[1], err)
	}
	return out, nil
}

func (*Resizing) weights([]int) []array { return nil }

func (*Resizing) bind(n node, _ *Call) error { return n.inAnyMode() }
