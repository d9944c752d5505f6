package trainer

import (
	"fmt"
	"math"

	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
)

// CheckFit checks fit parameters against the model.
func (m *Model) CheckFit(fit params.Fit) error {
	switch {
	case m.optimizer == nil:
		return errPredictOnly
	case fit.BatchSize < 1:
		return fmt.Errorf("batch_size must be at least 1, found %d", fit.BatchSize)
	case fit.Epochs < 0 || fit.InitialEpoch < 0:
		return fmt.Errorf("epochs and initial_epoch must not be negative, found %d and %d", fit.Epochs, fit.InitialEpoch)
	case fit.StepsPerEpoch < 0:
		return fmt.Errorf("steps_per_epoch must not be negative, found %d", fit.StepsPerEpoch)
	case fit.ClassWeight != nil && len(m.outWidth) > 1:
		return fmt.Errorf("class_weight needs a model with one output, this one has %d", len(m.outWidth))
	case fit.ClassWeight != nil && m.losses[0].Labels == loss.Sequences:
		return fmt.Errorf("class_weight needs labels that are classes, those of the loss %s are sequences", m.losses[0])
	case fit.ClassWeight != nil && m.steps(0) > 1:
		return fmt.Errorf("class_weight needs labels of one class per row, those of output %q have one per step", m.outNames[0])
	case m.losses[0].Labels == loss.ClassNumbers: // of any classes
		return nil
	}
	for class := range fit.ClassWeight {
		if n := max(m.outWidth[0], 2); class < 0 || class >= n {
			return fmt.Errorf("class_weight for class %d, the output has classes 0 to %d", class, n-1)
		}
	}
	return nil
}

// checkData checks that every buffer in memory has the model's inputs and outputs. The buffers of another Dataset are checked before.
func (m *Model) checkData(data Dataset) error {
	buffers, _ := data.(Buffers)
	for i, b := range buffers {
		if err := m.CheckBuffer(b); err != nil {
			return fmt.Errorf("buffer %d: %w", i, err)
		}
	}
	return nil
}

// CheckBuffer checks that a buffer has the model's inputs and outputs. Values that the loss of an output cannot have as labels
// are a *LabelError.
func (m *Model) CheckBuffer(b Buffer) error {
	if b.N < 0 {
		return fmt.Errorf("trainer: %d rows", b.N)
	}
	if err := m.checkInputs(b.Inputs, b.N); err != nil {
		return err
	}
	if err := checkRowWeights(&b); err != nil {
		return err
	}
	return m.checkLabels(&b)
}

// A WeightError is a weight of a row that cannot be.
type WeightError struct{ Err error }

func (e *WeightError) Error() string { return e.Err.Error() }

func (e *WeightError) Unwrap() error { return e.Err }

// checkRowWeights checks the weights of rows, where they have some.
func checkRowWeights(b *Buffer) error {
	if b.Weights == nil {
		return nil
	}
	if len(b.Weights) != b.N {
		return fmt.Errorf("trainer: %d weights for %d rows", len(b.Weights), b.N)
	}
	for i, w := range b.Weights {
		if !(w >= 0 && w <= math.MaxFloat32) {
			return &WeightError{fmt.Errorf("row %d of the buffer: the weight is %v, expected a number of at least 0", i+1, w)}
		}
	}
	return nil
}

func (m *Model) checkInputs(inputs [][]float32, n int) error {
	if len(inputs) != len(m.inWidth) {
		return fmt.Errorf("trainer: %d input arrays, the model has %d inputs", len(inputs), len(m.inWidth))
	}
	for i, w := range m.inWidth {
		if len(inputs[i]) != n*w {
			t := m.spec.Tensors[m.spec.Inputs[i]]
			return fmt.Errorf("trainer: input %q: %d elements for %d rows, the model wants %v per row",
				t.Name, len(inputs[i]), n, t.Shape)
		}
	}
	return nil
}

func (m *Model) checkWeights(weights []float32) error {
	if len(weights) != m.spec.NumWeights {
		return fmt.Errorf("trainer: %d weights, the model has %d", len(weights), m.spec.NumWeights)
	}
	return nil
}
