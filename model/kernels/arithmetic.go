package kernels

// Affine computes y[i] = factor · x[i] + offset. y may alias x.
func Affine(factor, offset float32, x, y []float32) {
	exactly("Affine", "y", len(y), len(x))
	for i, v := range x {
		y[i] = float32(factor*v) + offset // rounded twice on every processor
	}
}

// Extremum computes dst[i] = max(x[i], y[i]), or min where smallest is true. NaN of either is the result. dst may alias x
// or y.
func Extremum(smallest bool, x, y, dst []float32) {
	exactly("Extremum", "y", len(y), len(x))
	exactly("Extremum", "dst", len(dst), len(x))
	if smallest {
		for i, v := range x {
			dst[i] = min(v, y[i])
		}
		return
	}
	for i, v := range x {
		dst[i] = max(v, y[i])
	}
}

// ExtremumGrad computes the gradient of Extremum with respect to x, or to y where second is true: dz where that input was
// taken, else 0. Of equal inputs x was taken, as in TensorFlow. dst may alias dz.
//
// Source: tensorflow/python/ops/math_grad.py, _MaximumMinimumGrad.
func ExtremumGrad(smallest, second bool, x, y, dz, dst []float32) {
	exactly("ExtremumGrad", "y", len(y), len(x))
	exactly("ExtremumGrad", "dz", len(dz), len(x))
	exactly("ExtremumGrad", "dst", len(dst), len(x))
	for i, v := range x {
		first := v >= y[i]
		if smallest {
			first = v <= y[i]
		}
		g := dz[i]
		if first == second {
			g = 0
		}
		dst[i] = g
	}
}

// Concat puts matrices of the same number of rows side by side: y has sum(widths) columns.
func Concat(rows int, widths []int, in [][]float32, y []float32) {
	total := 0
	for i, w := range widths {
		atLeast("Concat", "in", len(in[i]), rows*w)
		total += w
	}
	atLeast("Concat", "y", len(y), rows*total)
	at := 0
	for i, w := range widths {
		for r := range rows {
			copy(y[r*total+at:][:w], in[i][r*w:])
		}
		at += w
	}
}

// ConcatGrad takes matrix part of those that Concat joined out of dy.
func ConcatGrad(rows int, widths []int, part int, dy, dx []float32) {
	total, at := 0, 0
	for i, w := range widths {
		if i == part {
			at = total
		}
		total += w
	}
	w := widths[part]
	atLeast("ConcatGrad", "dy", len(dy), rows*total)
	atLeast("ConcatGrad", "dx", len(dx), rows*w)
	for r := range rows {
		copy(dx[r*w:][:w], dy[r*total+at:])
	}
}
