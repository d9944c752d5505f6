package trainer

import (
	"math"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
)

// weightPenalty is what the regularizers of all trained weights add to the loss.
func (m *Model) weightPenalty(weights []float32) float64 {
	var total float64
	for _, l := range m.spec.Layers {
		for _, w := range l.Weights {
			if graph.Trainable(l, w) && w.Regularizer != (keras.Regularizer{}) {
				values := weights[w.Offset : w.Offset+w.Size()]
				total += penaltyOf(w, values)
			}
		}
	}
	return total
}

// penaltyOf is what a weight's regularizer adds.
func penaltyOf(w *keras.Weight, values []float32) float64 {
	r := w.Regularizer
	total := r.L1*sumAbs(values) + r.L2*kernels.SumSquares64(values)
	if r.Orthogonal != 0 {
		m := graph.MatrixOf(w)
		total += r.Orthogonal * kernels.OrthogonalPenalty(m, values, make([]float32, kernels.OrthogonalWorkspace(m)))
	}
	return total
}

func sumAbs(values []float32) float64 {
	var sum float64
	for _, v := range values {
		sum += math.Abs(float64(v))
	}
	return sum
}

// penalise adds the penalties of the first rows of a batch to a score; weights is that of the weights, which every row has.
func (w *worker) penalise(s *Score, b *bound, rows int, weights float64) {
	values := w.values[:rows]
	for i := range values {
		total := weights
		for _, penalties := range b.rowPenalties {
			total += float64(penalties[i])
		}
		values[i] = float32(total)
	}
	s.penalty.Add(values)
}
