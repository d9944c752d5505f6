package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// Circle compares every row of a batch with every other by d = max(1 - p_r·p_c, 0): rows are unit vectors, so d is their
// cosine distance. Of the rows c of the same class as r (pos; r itself only without remove_diagonal) and of the others (neg) it
// is log(1 + exp(P + N)) with
//
//	P = log Σ_pos exp(-gamma·max(margin + d, 0)·(margin - d))
//	N = log Σ_neg exp(gamma·max(1 + margin - d, 0)·(1 - margin - d))
//
// A row without one or the other has no loss and does not count: as in Keras, whose loss sets a mask, the mean is over the rows
// with a loss above 0.
//
// Arguments: gamma 80, margin 0.4, remove_diagonal True.
//
// Source: keras/src/losses/losses.py, circle; keras/src/utils/numerical_utils.py, build_pos_neg_masks;
// keras/src/losses/loss.py, apply_mask.
type Circle struct {
	Gamma, Margin float64
	Diagonal      bool // a row is of its own class
}

func newCircle(a *params.Args) *Loss {
	c := Circle{Gamma: a.Float(80, "gamma"), Margin: a.Float(0.4, "margin"), Diagonal: !a.Bool(true, "remove_diagonal")}
	return &Loss{Labels: ClassNumbers, WholeBatch: true, Output: c}
}

// Kind is circle.
func (Circle) Kind() string { return "circle" }

// A pair is what row c is to row r: its exponent in P or N and the derivative by p_r·p_c.
type pair struct {
	same         bool // of one class
	value, slope float64
}

// pair compares rows r and c of n numbers; ok is false where they are one row that is left out.
func (k Circle) pair(r, c, n int, p, y []float32) (q pair, ok bool) {
	if r == c && !k.Diagonal {
		return q, false
	}
	var dot float64
	other := p[c*n : (c+1)*n]
	for j, v := range p[r*n : (r+1)*n] {
		dot += float64(v) * float64(other[j])
	}
	d, moves := 1-dot, true
	if d < 0 {
		d, moves = 0, false
	}
	weight, distance, sign := k.Margin+d, k.Margin-d, -1.0
	slope := 1.0 // of the weight by d
	if q.same = y[r] == y[c]; !q.same {
		weight, distance, sign, slope = 1+k.Margin-d, 1-k.Margin-d, 1, -1
	}
	if weight < 0 {
		weight, slope = 0, 0
	}
	q.value = sign * k.Gamma * weight * distance
	if moves {
		q.slope = -sign * k.Gamma * (slope*distance - weight)
	}
	return q, true
}

// sums are P and N of row r.
func (k Circle) sums(r, rows, n int, p, y []float32) (pos, neg logSum) {
	pos, neg = noSum, noSum
	for c := range rows {
		if q, ok := k.pair(r, c, n, p, y); !ok {
			continue
		} else if q.same {
			pos.add(q.value)
		} else {
			neg.add(q.value)
		}
	}
	return pos, neg
}

// Rows writes losses that count 0 or rows / rows that count, so that their mean over all rows is the batch's loss.
func (k Circle) Rows(rows, n int, p, y, losses []float32) {
	counted := 0
	for r := range rows {
		pos, neg := k.sums(r, rows, n, p, y)
		losses[r] = float32(softplus(pos.log() + neg.log()))
		if losses[r] > 0 {
			counted++
		}
	}
	for r := range rows {
		if losses[r] > 0 {
			losses[r] = float32(float64(losses[r]) * float64(rows) / float64(counted))
		}
	}
}

// Grad: with E = P + N, ∂/∂(p_r·p_c) is sigmoid(E) · exp(exponent - P or N) · slope, which moves both rows.
func (k Circle) Grad(rows, n int, p, y, scale, dp []float32) {
	clear(dp[:rows*n])
	counted := 0
	for r := range rows {
		pos, neg := k.sums(r, rows, n, p, y)
		e := pos.log() + neg.log()
		if float32(softplus(e)) <= 0 {
			continue // NaN goes on
		}
		counted++
		share := float64(scale[r]) / (1 + math.Exp(-e))
		for c := range rows {
			q, ok := k.pair(r, c, n, p, y)
			if !ok {
				continue
			}
			total := neg
			if q.same {
				total = pos
			}
			g := share * math.Exp(q.value-total.log()) * q.slope
			for j := range n {
				pr, pc := float64(p[r*n+j]), float64(p[c*n+j])
				dp[r*n+j] += float32(g * pc)
				dp[c*n+j] += float32(g * pr)
			}
		}
	}
	for i := range dp[:rows*n] {
		dp[i] = float32(float64(dp[i]) * float64(rows) / float64(max(counted, 1)))
	}
}

// A logSum is the logarithm of a sum of exponentials that grows, without overflow.
type logSum struct{ top, sum float64 }

// noSum is that of none, -∞.
var noSum = logSum{top: math.Inf(-1)}

// add adds exp(v).
func (s *logSum) add(v float64) {
	if v > s.top {
		s.sum *= math.Exp(s.top - v)
		s.top = v
	}
	s.sum += math.Exp(v - s.top)
}

func (s logSum) log() float64 { return s.top + math.Log(s.sum) }

// softplus is log(1 + exp(x)) without overflow.
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
