package kernels

import "math"

// A Matrix is w (Rows x Columns), or its transpose when Transposed, whose rows a penalty wants to be orthogonal.
type Matrix struct {
	Rows, Columns int
	Transposed    bool
}

// size is the number and the length of the rows to compare.
func (m Matrix) size() (rows, n int) {
	if m.Transposed {
		return m.Columns, m.Rows
	}
	return m.Rows, m.Columns
}

// OrthogonalWorkspace is the least length of the workspace of OrthogonalPenalty and AddOrthogonalGrad.
func OrthogonalWorkspace(m Matrix) int {
	rows, n := m.size()
	return rows + 2*rows*n + rows*rows + max(GemmWorkspace(false, true, rows, rows, n), GemmWorkspace(false, false, rows, n, rows))
}

// An orthogonal is the workspace taken apart.
type orthogonal struct {
	rows, n         int
	inverse         []float32 // 1/norm of each row, at most 1e7
	unit            []float32 // rows x n: the rows divided by their norms
	product         []float32 // rows x rows: unit · unitᵀ
	direction, gemm []float32 // rows x n: the gradient by the units
}

// products divides the rows of w by their norms and multiplies each with each.
//
// Source: keras/src/ops/nn.py, normalize; its epsilon is 1e-7.
func (m Matrix) products(w, ws []float32) orthogonal {
	rows, n := m.size()
	take := func(n int) (part []float32) {
		part, ws = ws[:n:n], ws[n:]
		return part
	}
	o := orthogonal{rows: rows, n: n, inverse: take(rows), unit: take(rows * n), product: take(rows * rows), direction: take(rows * n), gemm: ws}
	for r := range rows {
		row := o.unit[r*n : (r+1)*n]
		var squares float64
		for i := range row {
			row[i] = w[m.at(r, i)]
			squares += float64(row[i]) * float64(row[i])
		}
		o.inverse[r] = float32(math.Min(1/math.Sqrt(squares), 1e7))
		Scale(o.inverse[r], row, row)
	}
	Gemm(false, true, rows, rows, n, o.unit, n, o.unit, n, false, o.product, rows, o.gemm)
	return o
}

// at is the place in w of element i of a row to compare.
func (m Matrix) at(row, i int) int {
	if m.Transposed {
		return i*m.Columns + row
	}
	return row*m.Columns + i
}

// OrthogonalPenalty is the mean of |r·s| over all pairs of rows r, s of w, each divided by its norm.
//
// Source: keras/src/regularizers/regularizers.py, OrthogonalRegularizer.
func OrthogonalPenalty(m Matrix, w, ws []float32) float64 {
	exactly("OrthogonalPenalty", "w", len(w), m.Rows*m.Columns)
	atLeast("OrthogonalPenalty", "ws", len(ws), OrthogonalWorkspace(m))
	o := m.products(w, ws)
	var sum float64
	for r := range o.rows {
		for s := range r {
			sum += math.Abs(float64(o.product[r*o.rows+s]))
		}
	}
	return sum / (float64(o.rows) * float64(o.rows-1) / 2)
}

// AddOrthogonalGrad computes dst = g + factor · the gradient of OrthogonalPenalty by w. The sign of 0 is 0. dst may alias g.
func AddOrthogonalGrad(factor float32, m Matrix, w, g, dst, ws []float32) {
	exactly("AddOrthogonalGrad", "w", len(w), m.Rows*m.Columns)
	exactly("AddOrthogonalGrad", "g", len(g), len(w))
	exactly("AddOrthogonalGrad", "dst", len(dst), len(w))
	atLeast("AddOrthogonalGrad", "ws", len(ws), OrthogonalWorkspace(m))
	o := m.products(w, ws)
	for r := range o.rows {
		for s := range o.rows {
			p := &o.product[r*o.rows+s]
			switch {
			case r == s || *p == 0:
				*p = 0
			case *p > 0:
				*p = 1
			case *p < 0:
				*p = -1
			}
		}
	}
	Gemm(false, false, o.rows, o.n, o.rows, o.product, o.rows, o.unit, o.n, false, o.direction, o.n, o.gemm)
	factor /= float32(o.rows) * float32(o.rows-1) / 2
	for r := range o.rows {
		unit, direction := o.unit[r*o.n:(r+1)*o.n], o.direction[r*o.n:(r+1)*o.n]
		var along float64 // the part of the direction along the row, which the division by the norm takes away
		if o.inverse[r] < 1e7 {
			for i, u := range unit {
				along += float64(u) * float64(direction[i])
			}
		}
		scale := factor * o.inverse[r]
		for i, u := range unit {
			at := m.at(r, i)
			dst[at] = g[at] + scale*(direction[i]-float32(along)*u)
		}
	}
}
