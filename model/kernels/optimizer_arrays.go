package kernels

import "math"

// The updates below look at a whole array of weights. Sums are made in float64, in the order of the weights. Conversions keep products and
// sums apart: no processor may fuse them.

// Lamb computes the update of You et al. (2019), mean and square being 1/(1-beta1ᵗ) and 1/(1-beta2ᵗ) at step t = 1, 2, ...:
//
//	m += (g - m)·(1-beta1)
//	v += (g² - v)·(1-beta2)
//	d = mean·m / (√(square·v) + eps)
//	p -= lr·‖p‖/‖d‖·d                // where a norm is 0: p -= lr·d
func Lamb(p, g, m, v []float32, lr, beta1, beta2, eps, mean, square float64) {
	exactly("Lamb", "g", len(g), len(p))
	exactly("Lamb", "m", len(m), len(p))
	exactly("Lamb", "v", len(v), len(p))
	beta11, beta21 := float32(1-beta1), float32(1-beta2)
	weights, steps := 0.0, 0.0
	for i, d := range g {
		m[i] += float32((d - m[i]) * beta11)
		v[i] += float32((float32(d*d) - v[i]) * beta21)
		step := lambStep(m[i], v[i], eps, mean, square)
		weights += float64(float64(p[i]) * float64(p[i]))
		steps += float64(step * step)
	}
	ratio := 1.0
	if weights > 0 && steps > 0 {
		ratio = math.Sqrt(weights) / math.Sqrt(steps)
	}
	ratio *= lr
	for i := range p {
		p[i] -= float32(ratio * lambStep(m[i], v[i], eps, mean, square))
	}
}

func lambStep(m, v float32, eps, mean, square float64) float64 {
	return mean * float64(m) / (math.Sqrt(square*float64(v)) + eps)
}

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
	for k := range matrices {
		from, r, c := k*rows*columns, r[k*rows:][:rows], c[k*columns:][:columns]
		o.means(g[from:][:rows*columns], r, c)
		mean := meanOf(r)
		for i, v := range r {
			for j, d := range g[from+i*columns:][:columns] {
				steps += float64(float64(d) * float64(d) / (float64(v) / mean * float64(c[j])))
			}
		}
	}
	rate := o.rate(weights/n, steps/n)
	for k := range matrices {
		r, c := r[k*rows:][:rows], c[k*columns:][:columns]
		mean := meanOf(r)
		for i, v := range r {
			from := (k*rows + i) * columns
			w := p[from:][:columns]
			for j, d := range g[from:][:columns] {
				w[j] -= float32(rate * float64(d) / math.Sqrt(float64(v)/mean*float64(c[j])))
			}
		}
	}
}

// mean is a running mean with one more number.
func (o *AdafactorOptions) mean(m float32, v float64) float32 {
	return float32(float64(o.Keep*float64(m)) + float64((1-o.Keep)*v))
}

// means takes the squares of a matrix of gradients into the means of its rows and columns.
func (o *AdafactorOptions) means(g, r, c []float32) {
	for i := range r {
		sum := 0.0
		for _, d := range g[i*len(c):][:len(c)] {
			sum += float64(float64(d)*float64(d)) + o.Epsilon1
		}
		r[i] = o.mean(r[i], sum/float64(len(c)))
	}
	for j := range c {
		sum := 0.0
		for i := range r {
			d := float64(g[i*len(c)+j])
			sum += float64(d*d) + o.Epsilon1
		}
		c[j] = o.mean(c[j], sum/float64(len(r)))
	}
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
