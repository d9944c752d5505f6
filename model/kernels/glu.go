package kernels

// GLU computes the gated linear unit y = a · sigmoid(b), where a and b are the halves of each of the rows of 2n numbers x.
//
// Source: keras/src/backend/tensorflow/nn.py, glu.
func GLU(rows, n int, x, y []float32) {
	exactly("GLU", "x", len(x), 2*rows*n)
	exactly("GLU", "y", len(y), rows*n)
	for r := range rows {
		a, b := halves(x, r, n)
		for j, v := range a {
			y[r*n+j] = float32(float64(v) * sigmoid(float64(b[j])))
		}
	}
}

// GLUGrad computes the gradient of GLU from its input x: dy · sigmoid(b) of a, and dy · a · sigmoid(b) · (1 - sigmoid(b)) of b.
// dx may alias x.
func GLUGrad(rows, n int, x, dy, dx []float32) {
	exactly("GLUGrad", "x", len(x), 2*rows*n)
	exactly("GLUGrad", "dy", len(dy), rows*n)
	exactly("GLUGrad", "dx", len(dx), 2*rows*n)
	for r := range rows {
		a, b := halves(x, r, n)
		da, db := halves(dx, r, n)
		for j, d := range dy[r*n : (r+1)*n] {
			gate := sigmoid(float64(b[j]))
			of := float64(a[j]) * gate * (1 - gate)
			da[j], db[j] = float32(float64(d)*gate), float32(float64(d)*of)
		}
	}
}

// halves are the two halves of row r of 2n numbers.
func halves(x []float32, r, n int) (a, b []float32) {
	return x[2*r*n : (2*r+1)*n], x[(2*r+1)*n : (2*r+2)*n]
}
