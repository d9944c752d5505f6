package keras

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// UpSampling makes images larger: it repeats each pixel of images (H, W, C) Size[0] times downwards and Size[1] times to the right. UpSampling1D
// works on sequences (length, channels) as images of width 1.
type UpSampling struct {
	Kind string // the class: "UpSampling2D" or "UpSampling1D"
	Size [2]int
	// Interpolation is "nearest", or another way to make the pixels, as in Resizing; UpSampling1D knows no other.
	Interpolation string
}

// Class is the kind.
func (c *UpSampling) Class() string { return c.Kind }

// parseUpSampling makes the parse function of a class for inputs with dims dimensions besides the channels.
func parseUpSampling(class string, dims int) func(*args) kind {
	return func(a *args) kind {
		a.dataFormat()
		c := &UpSampling{Kind: class, Size: a.extent("size", dims, 2), Interpolation: "nearest"}
		if dims == 2 {
			c.Interpolation = a.oneOf("interpolation", interpolations...)
			if before23(a.version) && c.Interpolation == "bilinear" && a.note != nil {
				a.note("UpSampling2D with bilinear interpolation is computed as on TensorFlow 2; on TensorFlow 1, as the model's Keras " + a.version + " may have been, it took pixels from other places")
			}
		}
		return c
	}
}

// before23 reports the versions of Keras for TensorFlow 1 and 2.0; TensorFlow 1 did not take the middles of pixels.
func before23(version string) bool {
	return slices.ContainsFunc([]string{"2.0.", "2.1.", "2.2."}, func(prefix string) bool { return strings.HasPrefix(version, prefix) })
}

func (c *UpSampling) outputShape(in []int) ([]int, error) {
	image, dims, err := asImage(c.Kind, in)
	if err != nil {
		return nil, err
	}
	out := make([]int, 2, 3)
	for i, n := range c.Size {
		if n > math.MaxInt32/image[i] {
			return nil, fmt.Errorf("size %v is too large for the input %s", c.Size, shapeText(in))
		}
		out[i] = image[i] * n
	}
	return append(out[:dims], image[2]), nil
}

func (*UpSampling) weights([]int) []array { return nil }

// RepeatVector makes N equal rows of a vector: (features) becomes (N, features).
type RepeatVector struct{ N int }

// Class is "RepeatVector".
func (*RepeatVector) Class() string { return "RepeatVector" }

func parseRepeatVector(a *args) kind { return &RepeatVector{N: a.positive("n")} }

func (c *RepeatVector) outputShape(in []int) ([]int, error) {
	if len(in) != 1 {
		return nil, fmt.Errorf("expects vectors (features), found an input of shape %s", shapeText(in))
	}
	return []int{c.N, in[0]}, nil
}

func (*RepeatVector) weights([]int) []array { return nil }
