package keras

import "fmt"

// checkImage refuses inputs that are not images (H, W, C).
func checkImage(in []int) error {
	if len(in) != 3 {
		return fmt.Errorf("expects images (height, width, channels), found an input of shape %s", shapeText(in))
	}
	return nil
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
