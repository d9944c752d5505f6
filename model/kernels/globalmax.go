package kernels

// GlobalMax computes the maximum of each channel of n images of pixels x c: y is n x c.
func GlobalMax(n, pixels, c int, x, y []float32) {
	atLeast("GlobalMax", "x", len(x), n*pixels*c)
	atLeast("GlobalMax", "y", len(y), n*c)
	for i := range n {
		out := y[i*c : (i+1)*c]
		image := x[i*pixels*c : (i+1)*pixels*c]
		copy(out, image)
		for p := c; p < len(image); p += c {
			for j, v := range image[p : p+c] {
				out[j] = max(out[j], v)
			}
		}
	}
}

// GlobalMaxGrad computes the gradient of GlobalMax from its input and output: pixels that are the maximum share dy equally.
// ws has n·c elements.
//
// Source: tensorflow/python/ops/math_grad.py, _MinOrMaxGrad.
func GlobalMaxGrad(n, pixels, c int, x, y, dy, dx, ws []float32) {
	atLeast("GlobalMaxGrad", "x", len(x), n*pixels*c)
	atLeast("GlobalMaxGrad", "y", len(y), n*c)
	atLeast("GlobalMaxGrad", "dy", len(dy), n*c)
	atLeast("GlobalMaxGrad", "dx", len(dx), n*pixels*c)
	atLeast("GlobalMaxGrad", "ws", len(ws), n*c)
	for i := range n {
		top, share := y[i*c:(i+1)*c], ws[i*c:(i+1)*c]
		image := x[i*pixels*c : (i+1)*pixels*c]
		clear(share)
		for p := 0; p < len(image); p += c {
			for j, v := range image[p : p+c] {
				if v == top[j] {
					share[j]++
				}
			}
		}
		for j, count := range share {
			share[j] = dy[i*c+j] / count
		}
		out := dx[i*pixels*c : (i+1)*pixels*c]
		for p := 0; p < len(image); p += c {
			for j, v := range image[p : p+c] {
				if out[p+j] = 0; v == top[j] {
					out[p+j] = share[j]
				}
			}
		}
	}
}
