package kernels

import "math"

// AdafactorOptions are the numbers of Adafactor at step t: Rate is min(lr, 1/√t), Keep the share of means that stays, 1 - t^beta_2_decay.
type AdafactorOptions struct{ Rate, Keep, Epsilon1, Epsilon2, Threshold float64 }

// Adafactor computes the update of Shazeer and Stern (2018) for matrices of rows x columns that follow one another in p, with the means r of the rows and c of the
// columns of each; both may be longer. Where rows is 0, p is a vector, and r the mean square of each of its elements:
//
//	r = Keep·r + (1-Keep)·mean(g² + Epsilon1) over the columns, c alike over the rows
//	v = r/mean(r)·c                           // vector: r
//	d = g/√v
//	p -= max(Epsilon2, rms(p))·Rate·d/max(1, rms(d)/Threshold)
func Adafactor(rows, columns int, p, g, r, c []float32, o AdafactorOptions) {
	exactly("Adafactor", "g", len(g), len(p))
	if len(p) == 0 {
		return
	}
	n := float64(len(p))
	weights, steps := SumSquares64(p), 0.0
	if rows == 0 {
		exactly("Adafactor", "r", len(r), len(p))
		for i, d := range g {
			r[i] = o.mean(r[i], float64(float64(d)*float64(d))+o.Epsilon1)
			steps += float64(float64(d) * float64(d) / float64(r[i]))
		}
		rate := o.rate(weights/n, steps/n)
		for i, d := range g {
			p[i] -= float32(rate * float64(d) / math.Sqrt(float64(r[i])))
		}
		return
	}
	matrices := len(p) / (rows * columns)
	exactly("Adafactor", "p", len(p), matrices*rows*columns)
	atLeast("Adafactor", "r", len(r), matrices*rows)
	atLeast("Adafactor", "c", len(c), matrices*columns)
	each := func(do func(m factored)) {
		for k := range matrices {
			from, to := k*rows*columns, (k+1)*rows*columns
			do(factored{p[from:to], g[from:to], r[k*rows:][:rows], c[k*columns:][:columns]})
		}
	}
	each(func(m factored) {
		o.means(m)
		steps += m.squares()
	})
	rate := o.rate(weights/n, steps/n)
	each(func(m factored) { m.step(rate) })
}

// A factored is a matrix of weights p and gradients g, whose size v is r[i]/mean(r)·c[j].
type factored struct{ p, g, r, c []float32 }

// blocks calls do for the columns from..to, which are worked on together for all rows: their numbers are computed once.
func (m factored) blocks(do func(from, to int)) {
	for from := 0; from < len(m.c); from += columnBlock {
		do(from, min(from+columnBlock, len(m.c)))
	}
}

// squares are Σ g²/v.
func (m factored) squares() (sum float64) {
	mean := meanOf(m.r)
	m.blocks(func(from, to int) {
		var ofColumn [columnBlock]float64
		for j, v := range m.c[from:to] {
			ofColumn[j] = 1 / float64(v)
		}
		for i, v := range m.r {
			row := 0.0
			for j, d := range m.g[i*len(m.c):][from:to] {
				row += float64(float64(d) * float64(d) * ofColumn[j])
			}
			sum += float64(row * (mean / float64(v)))
		}
	})
	return sum
}

// step takes rate·g/√v off the weights.
func (m factored) step(rate float64) {
	mean := meanOf(m.r)
	m.blocks(func(from, to int) {
		var ofColumn [columnBlock]float64
		for j, v := range m.c[from:to] {
			ofColumn[j] = 1 / math.Sqrt(float64(v))
		}
		for i, v := range m.r {
			ofRow, w := rate*math.Sqrt(mean/float64(v)), m.p[i*len(m.c):][from:to]
			for j, d := range m.g[i*len(m.c):][from:to] {
				w[j] -= float32(ofRow * float64(d) * ofColumn[j])
			}
		}
	})
}

// mean is a running mean with one more number.
func (o *AdafactorOptions) mean(m float32, v float64) float32 {
	return float32(float64(o.Keep*float64(m)) + float64((1-o.Keep)*v))
}

// means takes the squares of the gradients into the means of the rows and columns.
func (o *AdafactorOptions) means(m factored) {
	for i := range m.r {
		sum := 0.0
		for _, d := range m.g[i*len(m.c):][:len(m.c)] {
			sum += float64(float64(d)*float64(d)) + o.Epsilon1
		}
		m.r[i] = o.mean(m.r[i], sum/float64(len(m.c)))
	}
	m.blocks(func(from, to int) {
		var sums [columnBlock]float64
		for i := range m.r {
			for j, d := range m.g[i*len(m.c):][from:to] {
				sums[j] += float64(float64(d)*float64(d)) + o.Epsilon1
			}
		}
		for j, sum := range sums[:to-from] {
			m.c[from+j] = o.mean(m.c[from+j], sum/float64(len(m.r)))
		}
	})
}

// rate is what a gradient over its size is multiplied by, with the mean squares of weights and of those.
func (o *AdafactorOptions) rate(weights, steps float64) float64 {
	return max(o.Epsilon2, math.Sqrt(weights)) * o.Rate / max(1, math.Sqrt(steps)/o.Threshold)
}

func meanOf(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	return sum / float64(len(x))
}
