package keras

import "slices"

// ChannelsFirst is a layer for images (C, H, W) or sequences (C, length). The layer inside is the same one for images
// (H, W, C) or sequences (length, C); weights are the same for both.
type ChannelsFirst struct{ Layer Config }

// Class is "ChannelsFirst", which is no class of Keras: Layer has that.
func (*ChannelsFirst) Class() string { return "ChannelsFirst" }

func (c *ChannelsFirst) inner() kind { return c.Layer.(kind) }

// outputShape has the channels in front again, unless the layer changes the number of dimensions, as Flatten does.
func (c *ChannelsFirst) outputShape(in []int) ([]int, error) {
	out, err := c.inner().outputShape(channelsLast(in))
	if err != nil || len(out) != len(in) {
		return out, err
	}
	last := len(out) - 1
	return append([]int{out[last]}, out[:last]...), nil
}

func (c *ChannelsFirst) weights(in []int) []array { return c.inner().weights(channelsLast(in)) }

// channelsLast is the shape with its first dimension at the end.
func channelsLast(shape []int) []int {
	return append(slices.Clone(shape[1:]), shape[0])
}

// unwrapped is the layer inside a ChannelsFirst, or the layer itself.
func unwrapped(k kind) kind {
	if c, ok := k.(*ChannelsFirst); ok {
		return c.inner()
	}
	return k
}

// dataFormat reads data_format. The layer is read as one with channels last; kind wraps it where they are first.
func (a *args) dataFormat() {
	a.channelsFirst = a.oneOf("data_format", "channels_last", "channels_first") == "channels_first"
}

// kind reads the arguments of a layer of a known class.
func (a *args) kind(class string) kind {
	k := layerClasses[class].parse(a)
	if !a.channelsFirst {
		return k
	}
	if a.seen["activation"] {
		if name := a.activation(); ofRows[name] { // of the columns of images, which come last
			a.fail("activation %s with channels_first is not supported: it does not work on the channels (a Softmax layer with axis 1 does)", name)
		}
	}
	return &ChannelsFirst{k}
}

// ofRows are the activations that work on the last dimension.
var ofRows = map[string]bool{"log_softmax": true, "softmax": true, "sparsemax": true}
