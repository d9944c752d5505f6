package keras

import "fmt"

// MaxPooling2D takes the maximum over windows of NHWC images.
type MaxPooling2D struct {
	PoolSize [2]int
	Strides  [2]int // PoolSize where the JSON has none
	Padding  string // "valid" or "same"
}

// Class is "MaxPooling2D".
func (*MaxPooling2D) Class() string { return "MaxPooling2D" }

func parseMaxPooling2D(a *args) kind {
	a.channelsLast()
	c := &MaxPooling2D{PoolSize: a.pair("pool_size", [2]int{2, 2}), Padding: a.oneOf("padding", "valid", "same")}
	c.Strides = a.pair("strides", c.PoolSize)
	return c
}

func (c *MaxPooling2D) outputShape(in []int) ([]int, error) {
	if err := checkImage(in); err != nil {
		return nil, err
	}
	out, err := slide(in, c.PoolSize, c.Strides, c.Padding)
	if err != nil {
		return nil, fmt.Errorf("pooling: %w", err)
	}
	return append(out, in[2]), nil
}

func (*MaxPooling2D) weights([]int) []array { return nil }
