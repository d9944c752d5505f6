package keras

import (
	"fmt"
	"slices"
	"strings"
)

// Pooling takes the maximum or the mean over windows of NHWC images. With padding "same" the mean counts the pixels of the
// image only. The classes for sequences (length, channels) work on them as images of width 1.
type Pooling struct {
	Kind     string // the class: "MaxPooling2D", "AveragePooling2D", "MaxPooling1D" or "AveragePooling1D"
	PoolSize [2]int
	Strides  [2]int // PoolSize where the JSON has none
	Padding  string // "valid" or "same"
}

// Class is the kind.
func (c *Pooling) Class() string { return c.Kind }

// parsePooling makes the parse function of a class for inputs with dims dimensions besides the channels.
func parsePooling(class string, dims int) func(*args) kind {
	return func(a *args) kind {
		a.dataFormat()
		c := &Pooling{Kind: class, PoolSize: a.extent("pool_size", dims, 2), Padding: a.oneOf("padding", "valid", "same")}
		c.Strides = c.PoolSize
		if _, ok := a.get("strides"); ok {
			c.Strides = a.extent("strides", dims, 1)
		}
		return c
	}
}

func (c *Pooling) outputShape(in []int) ([]int, error) {
	image, dims, err := asImage(c.Kind, in)
	if err != nil {
		return nil, err
	}
	out, err := slide(image, c.PoolSize, c.Strides, c.Padding)
	if err != nil {
		return nil, fmt.Errorf("pooling: %w", err)
	}
	return append(out[:dims], image[2]), nil
}

func (*Pooling) weights([]int) []array { return nil }

// GlobalPooling takes the maximum or the mean over all of an image, a sequence or a volume. Where several elements are the maximum,
// they share the gradient equally, as in TensorFlow.
type GlobalPooling struct {
	Kind     string // the class: "GlobalMaxPooling2D", "GlobalAveragePooling2D", or the same with 1D or 3D
	KeepDims bool   // the result keeps the dimensions that were pooled, of size 1
}

// Class is the kind.
func (c *GlobalPooling) Class() string { return c.Kind }

// parseGlobalPooling makes the parse function of a class.
func parseGlobalPooling(class string) func(*args) kind {
	return func(a *args) kind {
		a.dataFormat()
		return &GlobalPooling{Kind: class, KeepDims: a.bool("keepdims", false)}
	}
}

func (c *GlobalPooling) outputShape(in []int) ([]int, error) {
	dims := len(in) - 1
	if strings.Contains(c.Kind, "3D") {
		if err := checkVolume(in); err != nil {
			return nil, err
		}
	} else if _, _, err := asImage(c.Kind, in); err != nil {
		return nil, err
	}
	channels := in[dims]
	if !c.KeepDims {
		return []int{channels}, nil
	}
	return append(slices.Repeat([]int{1}, dims), channels), nil
}

func (*GlobalPooling) weights([]int) []array { return nil }

// takesMask is for GlobalAveragePooling1D, which takes the mean of the steps that count.
func (c *GlobalPooling) takesMask() bool { return c.Kind == "GlobalAveragePooling1D" }

func (*GlobalPooling) passesMask() bool { return false }
