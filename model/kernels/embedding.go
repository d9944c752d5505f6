package kernels

import "math"

// Embed copies row int(x[i]) of a table (rows x n) to row i of y, for every element of x. Where that row does not exist,
// NaN takes its place.
func Embed(rows, n int, x, table, y []float32) {
	atLeast("Embed", "table", len(table), rows*n)
	atLeast("Embed", "y", len(y), len(x)*n)
	for i, v := range x {
		to := y[i*n : (i+1)*n]
		if at, ok := tableRow(v, rows); ok {
			copy(to, table[at*n:])
		} else {
			Fill(float32(math.NaN()), to)
		}
	}
}

// EmbedGrad computes the gradient of Embed's table: row i of dy is added to row int(x[i]), in the order of x.
func EmbedGrad(rows, n int, x, dy, dtable []float32) {
	atLeast("EmbedGrad", "dy", len(dy), len(x)*n)
	atLeast("EmbedGrad", "dtable", len(dtable), rows*n)
	clear(dtable[:rows*n])
	for i, v := range x {
		if at, ok := tableRow(v, rows); ok {
			to := dtable[at*n : (at+1)*n]
			add(to, dy[i*n:(i+1)*n], to)
		}
	}
}

// tableRow is the row that a number names; fractions are cut off.
func tableRow(v float32, rows int) (row int, ok bool) {
	if !(v > -1 && v < float32(rows)) {
		return 0, false
	}
	return int(v), int(v) < rows
}
