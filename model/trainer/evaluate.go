package trainer

import (
	"context"

	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/plan"
)

// Evaluate scores weights on data. A loss that looks at all rows of a batch is that of batches of EvaluationBatch rows from the
// first row on, each weighted by its rows. The score of no rows merges with any other of the model without changing it.
func (m *Model) Evaluate(ctx context.Context, data Dataset, weights []float32) (Score, error) {
	if m.optimizer == nil {
		return Score{}, errPredictOnly
	}
	if err := m.checkWeights(weights); err != nil {
		return Score{}, err
	}
	if err := m.CheckData(data); err != nil {
		return Score{}, err
	}
	batch, err := m.inferBatch(scoring)
	if err != nil {
		return Score{}, err
	}
	w, err := m.worker(m.inferKey(scoring, batch, data.Rows()))
	if err != nil {
		return Score{}, err
	}
	defer w.release()
	if err := w.load(weights, nil); err != nil {
		return Score{}, err
	}
	if w.values == nil {
		w.values = make([]float32, batch*m.mostSteps())
	}
	s := m.newScore()
	penalty := m.weightPenalty(weights)
	reader := data.Reader(ctx, batch)
	defer reader.Close()
	reader.Walk(nil)
	err = w.chunks(ctx, data.Rows(), batch, func(b *bound, _, rows int) error {
		index, numbers, err := reader.Next()
		if err != nil {
			return err
		}
		b.gather(m, index, numbers)
		if err := b.run(&plan.Step{}); err != nil {
			return err
		}
		w.score(&s, b, rows)
		w.penalise(&s, b, rows, penalty)
		return nil
	})
	if err != nil {
		return Score{}, err
	}
	return s, nil
}

// score adds the first rows of a batch to a score.
func (w *worker) score(s *Score, b *bound, rows int) {
	for i := range s.outputs {
		o := &s.outputs[i]
		w.addLoss(o, i, b, rows)
		losses := b.rowMetrics[i]
		for k, m := range w.model.metrics[i] {
			values := w.values[:rows*w.model.steps(i)]
			seen := metric.Rows{N: w.model.outWidth[i], P: b.outputs[i], Y: b.labels[i], Values: values, Weights: b.weights}
			if m.Loss != nil {
				seen.Values, losses = losses[0][:rows], losses[1:]
			}
			m.Add(&o.metrics[k], seen)
		}
	}
}

// addLoss adds the losses of the first rows of a batch, but for those that the loss ignores.
func (w *worker) addLoss(o *outputScore, output int, b *bound, rows int) {
	l, n, losses := w.model.losses[output], w.model.outWidth[output], b.rowLosses[output]
	if b.weights != nil {
		for r, weight := range b.weights {
			w.values[r] = losses[r] * weight
		}
		losses = w.values
	}
	if !l.Ignore.On {
		o.loss.Add(losses[:rows])
		return
	}
	for r := range rows {
		if !l.Ignore.Has(b.labels[output][r*n : (r+1)*n]) {
			o.loss.Add(losses[r : r+1])
		}
	}
}
