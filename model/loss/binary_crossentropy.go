package loss

import "math"

// binaryCrossentropy is the mean over the outputs of -(y·log(q) + (1-y)·log(1-q)), where q is the sigmoid of the
// logits or, without logits, clip(p). From logits x it is computed as
// max(x, 0) - x·y + log(1 + exp(-|x|)), which never overflows.
//
// Source: keras/src/losses/losses.py, binary_crossentropy; keras/src/backend/tensorflow/nn.py, binary_crossentropy;
// tf.nn.sigmoid_cross_entropy_with_logits.
var binaryCrossentropy = &Loss{
	Name:    "binary_crossentropy",
	Aliases: []string{"BinaryCrossentropy"},
	Output:  Func{Rows: binaryRows, Grad: binaryGrad},
	Logits:  &Func{Rows: binaryLogitsRows, Grad: binaryLogitsGrad},
}

func binaryRows(rows, n int, p, y, losses []float32) {
	for r := range rows {
		var loss float64
		for i := r * n; i < (r+1)*n; i++ {
			q, _ := clip(float64(p[i]))
			t := float64(y[i])
			loss -= t*math.Log(q) + (1-t)*math.Log(1-q)
		}
		losses[r] = float32(loss / float64(n))
	}
}

func binaryGrad(rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		s := float64(scale[r]) / float64(n)
		for i := r * n; i < (r+1)*n; i++ {
			q, inside := clip(float64(p[i]))
			if !inside {
				dp[i] = 0
				continue
			}
			t := float64(y[i])
			dp[i] = float32(s * ((1-t)/(1-q) - t/q))
		}
	}
}

func binaryLogitsRows(rows, n int, x, y, losses []float32) {
	for r := range rows {
		var loss float64
		for i := r * n; i < (r+1)*n; i++ {
			v := float64(x[i])
			loss += max(v, 0) - v*float64(y[i]) + math.Log1p(math.Exp(-math.Abs(v)))
		}
		losses[r] = float32(loss / float64(n))
	}
}

func binaryLogitsGrad(rows, n int, x, y, scale, dx []float32) {
	for r := range rows {
		s := float64(scale[r]) / float64(n)
		for i := r * n; i < (r+1)*n; i++ {
			dx[i] = float32(s * (1/(1+math.Exp(-float64(x[i]))) - float64(y[i])))
		}
	}
}
