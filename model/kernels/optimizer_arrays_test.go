package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// float64sOf are numbers in double precision.
func float64sOf(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func closeTo(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	for i, w := range want {
		if !within(got[i], w, 8*eps*max(1, math.Abs(w))) {
			t.Fatalf("%s %d = %v, want %v", what, i, got[i], w)
		}
	}
}

// meanSquares draws means of squares.
func meanSquares(d *draw, n int) []float32 {
	x := d.fill(make([]float32, n))
	for i := range x {
		x[i] = 1.5 + x[i]/4
	}
	return x
}

func TestLamb(t *testing.T) {
	d := draw(3)
	const mean, square = 1.25, 1.5
	for n := range 40 {
		p, g, m, v := d.fill(make([]float32, n)), d.fill(make([]float32, n)), d.fill(make([]float32, n)), meanSquares(&d, n)
		wantP, wantM, wantV, step := float64sOf(p), float64sOf(m), float64sOf(v), make([]float64, n)
		weights, steps := 0.0, 0.0
		for i := range p {
			wantM[i] += (float64(g[i]) - wantM[i]) * (1 - beta1)
			wantV[i] += (float64(g[i])*float64(g[i]) - wantV[i]) * (1 - beta2)
			step[i] = mean * wantM[i] / (math.Sqrt(square*wantV[i]) + epsilon)
			weights, steps = weights+wantP[i]*wantP[i], steps+step[i]*step[i]
		}
		for i := range p {
			wantP[i] -= lr * math.Sqrt(weights) / math.Sqrt(steps) * step[i]
		}
		Lamb(p, g, m, v, lr, beta1, beta2, epsilon, mean, square)
		what := fmt.Sprintf("n=%d: ", n)
		closeTo(t, what+"weight", p, wantP)
		closeTo(t, what+"m", m, wantM)
		closeTo(t, what+"v", v, wantV)
	}
	// Without a norm the ratio is 1.
	for _, c := range []struct{ p, g, want float32 }{{0, 2, -0.5}, {3, 0, 3}} {
		p := []float32{c.p}
		Lamb(p, []float32{c.g}, []float32{0}, []float32{0}, 0.5, 0, 0, 0x1p-40, 1, 1)
		if math.Abs(float64(p[0]-c.want)) > 1e-6 {
			t.Errorf("weight %v with gradient %v becomes %v, want %v", c.p, c.g, p[0], c.want)
		}
	}
}

// TestAdafactor compares with the formulas, for several matrices and for a vector; means beyond those that there are stay as they were.
func TestAdafactor(t *testing.T) {
	d := draw(4)
	o := AdafactorOptions{Rate: 0.1, Keep: 0.4, Epsilon1: 1e-3, Epsilon2: 0.01, Threshold: 0.5}
	for _, s := range []struct{ matrices, rows, columns int }{{1, 1, 1}, {1, 4, 3}, {1, 3, 1}, {3, 2, 5}, {2, 5, 4}, {2, 3, columnBlock + 5}, {1, 0, 7}, {1, 0, 0}} {
		n := s.matrices * max(s.rows, 1) * s.columns
		p, g, r, c := d.fill(make([]float32, n)), d.fill(make([]float32, n)), meanSquares(&d, n), meanSquares(&d, n+1)
		oldR, oldC := slices.Clone(r), slices.Clone(c)
		want, wantR, wantC, v := float64sOf(p), float64sOf(r), float64sOf(c), make([]float64, n)
		keep := func(m []float64, i int, mean float64) { m[i] = o.Keep*m[i] + (1-o.Keep)*mean }
		square := func(i int) float64 { return float64(g[i])*float64(g[i]) + o.Epsilon1 }
		for i := range n {
			if s.rows == 0 {
				keep(wantR, i, square(i))
				v[i] = wantR[i]
			}
		}
		for k := range s.matrices * min(1, s.rows) {
			rows := make([]float64, s.rows)
			columns := make([]float64, s.columns)
			total := 0.0
			for i := range rows {
				for j := range columns {
					q := square((k*s.rows+i)*s.columns + j)
					rows[i], columns[j] = rows[i]+q/float64(s.columns), columns[j]+q/float64(s.rows)
				}
				keep(wantR, k*s.rows+i, rows[i])
				total += wantR[k*s.rows+i] / float64(s.rows)
			}
			for j := range columns {
				keep(wantC, k*s.columns+j, columns[j])
				for i := range rows {
					v[(k*s.rows+i)*s.columns+j] = wantR[k*s.rows+i] / total * wantC[k*s.columns+j]
				}
			}
		}
		weights, steps := 0.0, 0.0
		for i := range want {
			weights += want[i] * want[i] / float64(n)
			steps += float64(g[i]) * float64(g[i]) / v[i] / float64(n)
		}
		for i := range want {
			want[i] -= max(o.Epsilon2, math.Sqrt(weights)) * o.Rate * float64(g[i]) / math.Sqrt(v[i]) / max(1, math.Sqrt(steps)/o.Threshold)
		}
		Adafactor(s.rows, s.columns, p, g, r, c, o)
		what := fmt.Sprintf("%+v: ", s)
		closeTo(t, what+"weight", p, want)
		closeTo(t, what+"r", r, wantR)
		closeTo(t, what+"c", c, wantC)
		if s.rows > 0 && (!slices.Equal(r[s.matrices*s.rows:], oldR[s.matrices*s.rows:]) || !slices.Equal(c[s.matrices*s.columns:], oldC[s.matrices*s.columns:])) {
			t.Errorf("%smeans that are none have changed", what)
		}
	}
}

// TestAdafactorZeros: rows and columns without gradients leave their weights alone.
func TestAdafactorZeros(t *testing.T) {
	p, g := []float32{1, 2, 3, 4}, []float32{0, 0, 0, 5}
	Adafactor(2, 2, p, g, make([]float32, 2), make([]float32, 2), AdafactorOptions{Rate: 0.1, Epsilon1: 1e-30, Epsilon2: 1e-3, Threshold: 1})
	if !slices.Equal(p[:3], []float32{1, 2, 3}) || !(p[3] < 4) {
		t.Errorf("weights %v", p)
	}
}

// TestScheduleFreeAdamW keeps the mean x that the kernel has no slot for, over some steps.
func TestScheduleFreeAdamW(t *testing.T) {
	d := draw(5)
	const n = 31
	p := d.fill(make([]float32, n))
	z, v := slices.Clone(p), make([]float32, n)
	wantX, wantZ, wantV := float64sOf(p), float64sOf(p), make([]float64, n)
	for step := range 6 {
		g := d.fill(make([]float32, n))
		weight, square := 1/float64(step+1), 1/(1-math.Pow(beta2, float64(step+1)))
		want := make([]float64, n)
		for i, d := range g {
			wantV[i] += (float64(d)*float64(d) - wantV[i]) * (1 - beta2)
			wantZ[i] -= lr * float64(d) / (math.Sqrt(square*wantV[i]) + epsilon)
			wantX[i] += (wantZ[i] - wantX[i]) * weight
			want[i] = (1-beta1)*wantZ[i] + beta1*wantX[i]
		}
		ScheduleFreeAdamW(p, g, z, v, lr, beta1, beta2, epsilon, weight, square)
		what := fmt.Sprintf("step %d: ", step)
		closeTo(t, what+"weight", p, want)
		closeTo(t, what+"z", z, wantZ)
		closeTo(t, what+"v", v, wantV)
	}
}

func TestAccumulate(t *testing.T) {
	sum := []float32{0, 0}
	for i, want := range [][]float32{{1, -2}, {3, 0}, {2, 1}} {
		g := slices.Clone(want)
		Accumulate(g, sum, i < 2, 3)
		switch {
		case i < 2 && !slices.Equal(g, want):
			t.Errorf("step %d: gradients became %v", i, g)
		case i == 2 && (!slices.Equal(g, []float32{2, -float32(1) / 3}) || !slices.Equal(sum, []float32{0, 0})):
			t.Errorf("mean %v, sum %v", g, sum)
		}
	}
}

func TestMuonMomentum(t *testing.T) {
	g, m, x := []float32{1, -2}, []float32{4, 8}, make([]float32, 2)
	MuonMomentum(g, m, x, 0.5, false)
	if !slices.Equal(m, []float32{3, 2}) || !slices.Equal(x, m) {
		t.Errorf("momentum %v, direction %v", m, x)
	}
	MuonMomentum(g, m, x, 0.5, true)
	if !slices.Equal(m, []float32{2.5, -1}) || !slices.Equal(x, []float32{2.25, -2.5}) {
		t.Errorf("momentum %v, direction %v with nesterov", m, x)
	}
	y := []float32{1, 2}
	if Combine(2, []float32{3, 4}, -1, y); !slices.Equal(y, []float32{5, 6}) {
		t.Errorf("combined %v", y)
	}
}
