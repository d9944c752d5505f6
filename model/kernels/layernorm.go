package kernels

import "math"

// Standardise normalises each row of x (rows x n): y = (x - mean)·factor with factor = 1/√(variance + epsilon), the
// variance being the biased one. Sums are in double precision.
func Standardise(rows, n int, epsilon float64, x, y, factor []float32) {
	atLeast("Standardise", "x", len(x), rows*n)
	atLeast("Standardise", "y", len(y), rows*n)
	atLeast("Standardise", "factor", len(factor), rows)
	for r := range rows {
		row := x[r*n : (r+1)*n]
		mean := sum64Go(row) / float64(n)
		var squares float64
		for _, v := range row {
			d := float64(v) - mean
			squares += float64(d * d)
		}
		f := 1 / math.Sqrt(squares/float64(n)+epsilon)
		for i, v := range row {
			y[r*n+i] = float32((float64(v) - mean) * f)
		}
		factor[r] = float32(f)
	}
}

// StandardiseGrad computes the gradient of Standardise from its results, by rows:
//
//	dx = factor·(dy - mean(dy) - y·mean(dy·y))
//
// dx may alias dy.
func StandardiseGrad(rows, n int, y, dy, factor, dx []float32) {
	atLeast("StandardiseGrad", "y", len(y), rows*n)
	atLeast("StandardiseGrad", "dy", len(dy), rows*n)
	atLeast("StandardiseGrad", "factor", len(factor), rows)
	atLeast("StandardiseGrad", "dx", len(dx), rows*n)
	for r := range rows {
		ys, ds := y[r*n:(r+1)*n], dy[r*n:(r+1)*n]
		mean, along := sum64Go(ds)/float64(n), dot64(ys, ds)/float64(n)
		for i, d := range ds {
			dx[r*n+i] = float32(float64(factor[r]) * (float64(d) - mean - float64(float64(ys[i])*along)))
		}
	}
}

// Unit divides each row of x (rows x n) by its Euclidean norm: y = x·factor with factor = min(1/√(Σx²), 1/epsilon).
func Unit(rows, n int, epsilon float64, x, y, factor []float32) {
	atLeast("Unit", "x", len(x), rows*n)
	atLeast("Unit", "y", len(y), rows*n)
	atLeast("Unit", "factor", len(factor), rows)
	for r := range rows {
		row := x[r*n : (r+1)*n]
		f := min(1/math.Sqrt(dot64(row, row)), 1/epsilon)
		for i, v := range row {
			y[r*n+i] = float32(float64(v) * f)
		}
		factor[r] = float32(f)
	}
}

// UnitGrad computes the gradient of Unit from its results, by rows: dx = factor·(dy - y·Σdy·y). dx may alias dy.
func UnitGrad(rows, n int, y, dy, factor, dx []float32) {
	atLeast("UnitGrad", "y", len(y), rows*n)
	atLeast("UnitGrad", "dy", len(dy), rows*n)
	atLeast("UnitGrad", "factor", len(factor), rows)
	atLeast("UnitGrad", "dx", len(dx), rows*n)
	for r := range rows {
		ys, ds := y[r*n:(r+1)*n], dy[r*n:(r+1)*n]
		along := dot64(ys, ds)
		for i, d := range ds {
			dx[r*n+i] = float32(float64(factor[r]) * (float64(d) - float64(float64(ys[i])*along)))
		}
	}
}

// dot64 is Σ x·y in double precision, in order.
func dot64(x, y []float32) float64 {
	var sum float64
	for i, v := range x {
		sum += float64(float64(v) * float64(y[i]))
	}
	return sum
}

// RMS divides each row of x (rows x n) by its root mean square: y = x·factor with factor = 1/√(mean(x²) + epsilon).
func RMS(rows, n int, epsilon float64, x, y, factor []float32) {
	atLeast("RMS", "x", len(x), rows*n)
	atLeast("RMS", "y", len(y), rows*n)
	atLeast("RMS", "factor", len(factor), rows)
	for r := range rows {
		row := x[r*n : (r+1)*n]
		f := 1 / math.Sqrt(dot64(row, row)/float64(n)+epsilon)
		for i, v := range row {
			y[r*n+i] = float32(float64(v) * f)
		}
		factor[r] = float32(f)
	}
}

// RMSGrad computes the gradient of RMS from its results, by rows: dx = factor·(dy - y·mean(dy·y)). dx may alias dy.
func RMSGrad(rows, n int, y, dy, factor, dx []float32) {
	atLeast("RMSGrad", "y", len(y), rows*n)
	atLeast("RMSGrad", "dy", len(dy), rows*n)
	atLeast("RMSGrad", "factor", len(factor), rows)
	atLeast("RMSGrad", "dx", len(dx), rows*n)
	for r := range rows {
		ys, ds := y[r*n:(r+1)*n], dy[r*n:(r+1)*n]
		along := dot64(ys, ds) / float64(n)
		for i, d := range ds {
			dx[r*n+i] = float32(float64(factor[r]) * (float64(d) - float64(float64(ys[i])*along)))
		}
	}
}
