package cpu

import (
	"math"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/plan"
	"gorgonia.org/gorgonia"
)

// penaltyOf is l1·Σ|x| + l2·Σx².
func penaltyOf(l1, l2 float64, x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += l1*math.Abs(v) + l2*v*v
	}
	return sum
}

// orthogonalPenalty is the mean |cosine| of all pairs of rows, or columns, of a matrix.
func orthogonalPenalty(shape []int, columns bool, w []float64) float64 {
	rows, n := shape[0], shape[1]
	at := func(r, i int) float64 { return w[r*shape[1]+i] }
	if columns {
		rows, n = n, rows
		at = func(r, i int) float64 { return w[i*shape[1]+r] }
	}
	dot := func(r, s int) (sum float64) {
		for i := range n {
			sum += at(r, i) * at(s, i)
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

// weightPenalty is what the regularizers of trained weights add to the loss.
func (r *rig) weightPenalty(values map[*gorgonia.Node][]float64) float64 {
	var sum float64
	for _, wn := range r.graph.Grads {
		reg := wn.Weight.Regularizer
		if reg != (keras.Regularizer{}) {
			w := values[r.graph.Weights[index(r, wn)]]
			sum += penaltyOf(reg.L1, reg.L2, w)
			if reg.Orthogonal != 0 {
				sum += reg.Orthogonal * orthogonalPenalty(wn.Weight.Shape, reg.Columns, w)
			}
		}
	}
	return sum
}

func penaltyReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.PenaltyAttr)
	out := make([]float64, a.Rows)
	for r := range out {
		out[r] = penaltyOf(float64(a.L1), float64(a.L2), in[0][r*a.N:(r+1)*a.N])
	}
	return out
}
