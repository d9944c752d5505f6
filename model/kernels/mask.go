package kernels

// Masks are 1 for what counts and 0 for the rest.

// Mask makes the mask of rows x n elements: 1 for rows with an element that is not value.
func Mask(rows, n int, value float32, x, mask []float32) {
	sizes("Mask", rows, n, 0)
	atLeast("Mask", "x", len(x), rows*n)
	exactly("Mask", "mask", len(mask), rows)
	for r := range mask {
		mask[r] = 0
		for _, v := range x[r*n : (r+1)*n] {
			if v != value {
				mask[r] = 1
				break
			}
		}
	}
}

// MaskRows computes y = x with zeros in the rows, of n elements each, whose mask is 0. y may alias x.
func MaskRows(rows, n int, x, mask, y []float32) {
	sizes("MaskRows", rows, n, 0)
	atLeast("MaskRows", "x", len(x), rows*n)
	exactly("MaskRows", "mask", len(mask), rows)
	atLeast("MaskRows", "y", len(y), rows*n)
	for r, m := range mask {
		row := y[r*n : (r+1)*n]
		if m == 0 {
			clear(row)
		} else {
			copy(row, x[r*n:])
		}
	}
}

// MaskedMean computes the mean of the steps that count: x is rows x steps x n, mask rows x steps, y rows x n. A row
// without any such step gives NaN. Sums are in float32, in the order of the steps.
func MaskedMean(rows, steps, n int, x, mask, y []float32) {
	sizes("MaskedMean", rows, steps, n)
	atLeast("MaskedMean", "x", len(x), rows*steps*n)
	exactly("MaskedMean", "mask", len(mask), rows*steps)
	exactly("MaskedMean", "y", len(y), rows*n)
	for r := range rows {
		sum := y[r*n : (r+1)*n]
		clear(sum)
		for t, m := range mask[r*steps : (r+1)*steps] {
			if m != 0 {
				at := (r*steps + t) * n
				add(sum, x[at:at+n], sum)
			}
		}
		scale(1/counted(mask[r*steps:(r+1)*steps]), sum, sum)
	}
}

// MaskedMeanGrad computes the gradient of MaskedMean's x.
func MaskedMeanGrad(rows, steps, n int, dy, mask, dx []float32) {
	sizes("MaskedMeanGrad", rows, steps, n)
	exactly("MaskedMeanGrad", "dy", len(dy), rows*n)
	exactly("MaskedMeanGrad", "mask", len(mask), rows*steps)
	atLeast("MaskedMeanGrad", "dx", len(dx), rows*steps*n)
	for r := range rows {
		share := 1 / counted(mask[r*steps:(r+1)*steps])
		for t, m := range mask[r*steps : (r+1)*steps] {
			at := (r*steps + t) * n
			if m == 0 {
				clear(dx[at : at+n])
			} else {
				scale(share, dy[r*n:(r+1)*n], dx[at:at+n])
			}
		}
	}
}

// counted is the number of steps that count.
func counted(mask []float32) float32 {
	n := float32(0)
	for _, m := range mask {
		if m != 0 {
			n++
		}
	}
	return n
}

// Reverse copies blocks of n elements of x to y in the opposite order.
func Reverse(blocks, n int, x, y []float32) {
	sizes("Reverse", blocks, n, 0)
	atLeast("Reverse", "x", len(x), blocks*n)
	atLeast("Reverse", "y", len(y), blocks*n)
	for i := range blocks {
		copy(y[i*n:(i+1)*n], x[(blocks-1-i)*n:])
	}
}
