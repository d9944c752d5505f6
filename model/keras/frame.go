package keras

import (
	"fmt"
	"slices"
	"strings"
)

// Frame adds zeros around images (ZeroPadding) or cuts pixels off (Cropping). The classes for sequences (length, channels)
// work on them as images of width 1.
type Frame struct {
	Kind string // the class: "ZeroPadding2D", "ZeroPadding1D", "Cropping2D", "Cropping1D" or "CenterCrop" (see there)
	// Edges is how many rows are added or cut at the top and the bottom, and columns left and right.
	Edges [2][2]int
}

// Class is the kind.
func (c *Frame) Class() string { return c.Kind }

// Crops says whether pixels are cut off.
func (c *Frame) Crops() bool { return strings.Contains(c.Kind, "Crop") }

// parseFrame makes the parse function of a class, which has its numbers in the argument key, for inputs with dims
// dimensions besides the channels. Keras pads by 1 and crops nothing where the JSON has no numbers; Cropping1D cuts 1.
func parseFrame(class, key string, dims, byDefault int) func(*args) kind {
	return func(a *args) kind {
		a.dataFormat()
		c := &Frame{Kind: class}
		copy(c.Edges[:], a.edges(key, dims, byDefault))
		return c
	}
}

// edges reads two numbers of pixels for each of dims dimensions; one number counts for both, or for all.
func (a *args) edges(key string, dims, byDefault int) [][2]int {
	v, ok := a.get(key)
	list, isList := v.([]any)
	if !ok || !isList {
		n := byDefault
		if ok {
			n = a.edge(key, v)
		}
		return slices.Repeat([][2]int{{n, n}}, dims)
	}
	edges := make([][2]int, dims)
	if dims == 1 {
		list = []any{list}
	}
	if len(list) != dims {
		a.wrong(key, "an integer or a list of "+numerals[dims])
		return edges
	}
	for i, e := range list {
		both, isList := e.([]any)
		if !isList {
			both = []any{e, e}
		}
		if len(both) != 2 {
			a.wrong(key, "an integer, or two per dimension")
			return edges
		}
		edges[i] = [2]int{a.edge(key, both[0]), a.edge(key, both[1])}
	}
	return edges
}

// edge is a number of pixels.
func (a *args) edge(key string, v any) int {
	n, ok := toInt(v)
	if !ok || n < 0 {
		a.wrong(key, "integers of at least 0")
	}
	return n
}

func (c *Frame) outputShape(in []int) ([]int, error) {
	image, dims, err := asImage(c.Kind, in)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(image)
	for i, e := range c.Edges {
		if c.Crops() {
			if out[i] -= e[0] + e[1]; out[i] < 1 {
				return nil, fmt.Errorf("cropping %v leaves nothing of the input %s", c.Edges, shapeText(in))
			}
			continue
		}
		out[i] += e[0] + e[1]
	}
	return append(out[:dims], image[2]), nil
}

func (*Frame) weights([]int) []array { return nil }
