package kernels

import (
	"fmt"
	"math"
	"testing"
)

// orthogonalReference is the formula of Keras' OrthogonalRegularizer in float64, for a factor of 1.
func orthogonalReference(m Matrix, w []float64) float64 {
	rows, n := m.size()
	row := func(r, i int) float64 { return w[m.at(r, i)] }
	dot := func(r, s int) (sum float64) {
		for i := range n {
			sum += row(r, i) * row(s, i)
		}
		return sum
	}
	var sum float64
	for r := range rows {
		for s := range r {
			sum += math.Abs(dot(r, s)) / math.Sqrt(dot(r, r)*dot(s, s))
		}
	}
	return sum / float64(rows*(rows-1)/2)
}

func TestOrthogonal(t *testing.T) {
	for _, m := range []Matrix{{3, 5, false}, {3, 5, true}, {2, 1, false}, {33, 17, true}} {
		t.Run(fmt.Sprint(m), func(t *testing.T) {
			size := m.Rows * m.Columns
			w, g, exact := make([]float32, size), make([]float32, size), make([]float64, size)
			for i := range w {
				w[i], g[i] = float32(math.Sin(float64(3*i+1))), float32(i)
				exact[i] = float64(w[i])
			}
			ws := make([]float32, OrthogonalWorkspace(m))
			want := orthogonalReference(m, exact)
			if got := OrthogonalPenalty(m, w, ws); !(math.Abs(got-want) < 1e-6) {
				t.Errorf("penalty %v, want %v", got, want)
			}
			gradient, bound := make([]float64, size), make([]float64, size)
			for i := range exact {
				const h = 1e-5
				at := exact[i]
				exact[i] = at + h
				above := orthogonalReference(m, exact)
				exact[i] = at - h
				below := orthogonalReference(m, exact)
				exact[i] = at
				gradient[i] = float64(g[i]) + 0.5*(above-below)/(2*h)
				bound[i] = 1e-6 * (1 + math.Abs(gradient[i]))
			}
			AddOrthogonalGrad(0.5, m, w, g, g, ws)
			compare(t, "gradient", g, gradient, bound)
		})
	}
	// a row of zeros has no direction and no gradient
	w, dst := []float32{0, 0, 1, 2}, make([]float32, 4)
	m := Matrix{Rows: 2, Columns: 2}
	AddOrthogonalGrad(1, m, w, make([]float32, 4), dst, make([]float32, OrthogonalWorkspace(m)))
	compare(t, "gradient of zeros", dst, make([]float64, 4), make([]float64, 4))
}
