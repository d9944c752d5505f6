package keras

import (
	"fmt"
	"strings"
)

// checkVolume refuses inputs that are not volumes (D, H, W, C).
func checkVolume(in []int) error {
	if len(in) != 4 {
		return fmt.Errorf("expects volumes (depth, height, width, channels), found an input of shape %s", shapeText(in))
	}
	return nil
}

// checkImage refuses inputs that are not images (H, W, C).
func checkImage(in []int) error {
	if len(in) != 3 {
		return fmt.Errorf("expects images (height, width, channels), found an input of shape %s", shapeText(in))
	}
	return nil
}

// asImage is the shape of a layer's input as an image, and the number of its dimensions besides the channels: 2, or 1 for
// a sequence (length, channels), which is an image of width 1. The name of the class tells which the layer takes.
func asImage(class string, in []int) (image []int, dims int, err error) {
	if !strings.Contains(class, "1D") {
		return in, 2, checkImage(in)
	}
	if len(in) != 2 {
		return nil, 0, fmt.Errorf("expects sequences (length, channels), found an input of shape %s", shapeText(in))
	}
	return []int{in[0], 1, in[1]}, 1, nil
}

// extent reads a size along each of one to three dimensions; one number counts for all. A sequence has 1 as its width. Of
// three, those of height and width are returned; depth has the first.
func (a *args) extent(key string, dims, byDefault int) [2]int {
	n := a.sizes(key, dims, byDefault)
	if dims == 1 {
		return [2]int{n[0], 1}
	}
	return [2]int(n[dims-2:])
}

// slide is the height and width of the result when a window moves over an image of shape in: with padding "same"
// ceil(size/stride), with "valid" floor((size-window)/stride) + 1.
func slide(in []int, window, strides [2]int, padding string) ([]int, error) {
	out := make([]int, 2, 3)
	for i := range out {
		if padding == "same" {
			out[i] = (in[i]-1)/strides[i] + 1
			continue
		}
		if in[i] < window[i] {
			return nil, fmt.Errorf("a window of %dx%d does not fit into the input %s", window[0], window[1], shapeText(in))
		}
		out[i] = (in[i]-window[i])/strides[i] + 1
	}
	return out, nil
}
