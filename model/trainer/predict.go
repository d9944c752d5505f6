package trainer

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/model/plan"
)

// Predict computes the outputs of n rows. inputs has, per input of the model, n rows row-major; outputs has, per output,
// room for n rows and is filled.
func (m *Model) Predict(ctx context.Context, inputs [][]float32, n int, weights []float32, outputs [][]float32) error {
	if err := m.checkInputs(inputs, n); err != nil {
		return err
	}
	if err := m.checkWeights(weights); err != nil {
		return err
	}
	if len(outputs) != len(m.outSize) {
		return fmt.Errorf("trainer: %d output arrays, the model has %d outputs", len(outputs), len(m.outSize))
	}
	for i, w := range m.outSize {
		if len(outputs[i]) != n*w {
			return fmt.Errorf("trainer: output %q: room for %d elements, %d rows need %d", m.outNames[i], len(outputs[i]), n, n*w)
		}
	}
	batch, err := m.inferBatch(predicting)
	if err != nil {
		return err
	}
	w, err := m.worker(m.inferKey(predicting, batch, n))
	if err != nil {
		return err
	}
	defer w.release()
	if err := w.load(weights, nil); err != nil {
		return err
	}
	return w.chunks(ctx, n, batch, func(b *bound, from, rows int) error {
		for i, d := range m.inWidth {
			copy(b.inputs[i], inputs[i][from*d:(from+rows)*d])
		}
		if err := b.run(&plan.Step{}); err != nil {
			return err
		}
		for i, k := range m.outSize {
			copy(outputs[i][from*k:(from+rows)*k], b.outputs[i])
		}
		return nil
	})
}
