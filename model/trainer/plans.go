package trainer

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
)

// A mode is what a plan is for.
type mode uint8

const (
	training   mode = iota // one optimizer step
	slicing                // gradients of a slice of a batch
	scoring                // outputs and losses of rows
	predicting             // outputs only
)

// A planKey names a plan of a model: for how many rows, and where they are a slice, of how many rows in how many slices.
type planKey struct {
	mode          mode
	batch         int
	whole, slices int
}

// plan is the plan for a batch size, compiled on first use.
func (m *Model) plan(key planKey) (*plan.Plan, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.compiled(key)
}

// compiled is plan for callers that hold the lock.
func (m *Model) compiled(key planKey) (*plan.Plan, error) {
	if p := m.plans[key]; p != nil {
		return p, nil
	}
	o := graph.Options{Batch: key.batch, Whole: key.whole, Slices: key.slices, Training: key.mode == training || key.mode == slicing}
	var opt *optimizer.Optimizer
	if key.mode != predicting {
		o.Losses = m.losses
	}
	if key.mode == scoring {
		o.Metrics = m.lossMetrics()
	}
	if key.mode == training {
		opt = m.optimizer
	}
	g, err := graph.Build(m.spec, o)
	if err != nil {
		return nil, err
	}
	p, err := plan.Compile(g, m.device, opt)
	if err != nil {
		return nil, err
	}
	m.plans[key] = p
	return p, nil
}

// lossMetrics are the metrics that are losses, per output.
func (m *Model) lossMetrics() [][]*loss.Loss {
	metrics := make([][]*loss.Loss, len(m.metrics))
	for i := range m.metrics {
		for _, bound := range m.metrics[i] {
			if bound.Loss != nil {
				metrics[i] = append(metrics[i], bound.Loss)
			}
		}
	}
	return metrics
}

// Limits of the batch for scoring and predicting: rows, and float32 of working memory.
const (
	maxInferRows   = 256
	maxInferFloats = 4 << 20
)

// EvaluationBatch is the batch whose loss Evaluate computes where a loss looks at all rows of a batch: that of Keras' evaluate
// where it is given none.
const EvaluationBatch = 32

// inferBatch is the largest batch for scoring or predicting: a power of two, bounded by memory, or EvaluationBatch where the
// batch decides the loss.
func (m *Model) inferBatch(mode mode) (int, error) {
	if mode == scoring && m.wholeBatch {
		return EvaluationBatch, nil
	}
	p, err := m.plan(planKey{mode: mode, batch: 1})
	if err != nil {
		return 0, err
	}
	perRow := p.Sizes[plan.Batch] + p.Sizes[plan.Work]
	batch := maxInferRows
	for batch > 1 && batch*perRow > maxInferFloats {
		batch /= 2
	}
	return batch, nil
}
