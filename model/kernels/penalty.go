package kernels

import "math"

// RowPenalty computes the penalty l1·Σ|x| + l2·Σx² of each row of x (rows x n) into y (rows).
func RowPenalty(l1, l2 float32, rows, n int, x, y []float32) {
	atLeast("RowPenalty", "x", len(x), rows*n)
	atLeast("RowPenalty", "y", len(y), rows)
	for r := range rows {
		var abs, squares float64
		for _, v := range x[r*n : (r+1)*n] {
			abs += math.Abs(float64(v))
			squares += float64(v) * float64(v)
		}
		y[r] = float32(float64(l1)*abs + float64(l2)*squares)
	}
}

// AddPenaltyGrad computes dst[i] = g[i] + factor · (l1·sign(x[i]) + 2·l2·x[i]), the gradient of a penalty added to g; nil
// for g means zeros. The sign of 0 is 0. dst may alias g.
func AddPenaltyGrad(factor, l1, l2 float32, x, g, dst []float32) {
	if g != nil {
		exactly("AddPenaltyGrad", "g", len(g), len(x))
	}
	exactly("AddPenaltyGrad", "dst", len(dst), len(x))
	l1, l2 = factor*l1, factor*2*l2
	for i, v := range x {
		d := float32(l2 * v)
		switch {
		case v > 0:
			d += l1
		case v < 0:
			d -= l1
		}
		if g != nil {
			d += g[i]
		}
		dst[i] = d
	}
}
