package metric

import "github.com/beamfit/beamfit/model/loss"

// A Rows function writes one value per row of predictions p against labels y, both rows x n. It does not allocate.
type Rows func(rows, n int, p, y, values []float32)

// A Metric is a quantity that is averaged over rows, bound to one output of a model.
type Metric struct {
	// Name is the metric as the user wrote it.
	Name string
	// Rows computes it; nil for a loss.
	Rows Rows
	// Loss is the loss that the metric is; it is computed with the model, which may have the logits. Nil for any other.
	Loss *loss.Loss
}
