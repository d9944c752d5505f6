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
	if err := m.checkData(data); err != nil {
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
		w.values, w.counts = make([]float32, batch*m.mostSteps()), make([]float32, batch*m.mostSteps())
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
		losses, masked := b.rowMetrics[i], b.masks[i] != nil
		values := w.values[:rows*w.model.steps(i)]
		lossValues := rows
		if masked {
			lossValues = len(values)
		}
		for k, m := range w.model.metrics[i] {
			seen := metric.Rows{N: w.model.outWidth[i], P: b.outputs[i], Y: b.labels[i], Values: values, Weights: b.weights}
			if m.Loss != nil {
				seen.Values, losses = losses[0][:lossValues], losses[1:]
			}
			switch {
			case masked:
				seen.Weights = w.stepWeights(i, k, b, rows)
			case k < w.model.unweighted[i]:
				seen.Weights = nil
			}
			m.Add(&o.metrics[k], seen)
		}
	}
}

// stepWeights are what the steps of the first rows count in metric k of an output with a mask: 0 or 1, times the row's weight where the
// metric is weighted.
func (w *worker) stepWeights(output, k int, b *bound, rows int) []float32 {
	steps := w.model.steps(output)
	mask := b.masks[output][:rows*steps]
	if b.weights == nil || k < w.model.unweighted[output] {
		return mask
	}
	for s, counts := range mask {
		w.counts[s] = counts * b.weights[s/steps]
	}
	return w.counts[:len(mask)]
}

// addCounted adds the losses of the steps that count of the first rows of a batch.
func (w *worker) addCounted(o *outputScore, losses, mask []float32, b *bound, rows int) {
	steps, n := len(mask)/b.Batch, 0
	for s, counts := range mask[:rows*steps] {
		if counts == 0 {
			continue
		}
		w.values[n] = losses[s]
		if b.weights != nil {
			w.values[n] *= b.weights[s/steps]
		}
		n++
	}
	o.loss.Add(w.values[:n])
}

// addLoss adds the losses of the first rows of a batch, but for those that the loss ignores; where there is a mask, those of steps that count.
func (w *worker) addLoss(o *outputScore, output int, b *bound, rows int) {
	l, n, losses := w.model.losses[output], w.model.outWidth[output], b.rowLosses[output]
	if mask := b.masks[output]; mask != nil && !l.WholeBatch {
		w.addCounted(o, losses, mask, b, rows)
		return
	}
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
