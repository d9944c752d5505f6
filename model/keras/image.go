package keras

import (
	"fmt"
	"strings"
)

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

// extent reads a size along each of one or two dimensions; one number counts for both. A sequence has 1 as its width.
func (a *args) extent(key string, dims, byDefault int) [2]int {
	if dims == 2 {
		return a.pair(key, [2]int{byDefault, byDefault})
	}
	v, ok := a.get(key)
	if !ok {
		return [2]int{byDefault, 1}
	}
	if list, isList := v.([]any); isList && len(list) == 1 {
		v = list[0]
	}
	n, ok := toInt(v)
	if !ok || n < 1 {
		a.wrong(key, "an integer of at least 1")
	}
	return [2]int{n, 1}
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
