package trainer

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
)

// compile resolves and checks the compile parameters.
func (m *Model) compile(c params.Compile) error {
	opt, err := optimizer.New(c.Optimizer)
	if err != nil {
		return err
	}
	if m.losses, err = m.resolveLosses(c); err != nil {
		return err
	}
	if m.lossWeights, err = m.resolveLossWeights(c); err != nil {
		return err
	}
	if m.metrics, err = m.resolveMetrics(c.Metrics); err != nil {
		return err
	}
	// The training graph of one row finds everything that does not depend on the batch.
	g, err := graph.Build(m.spec, graph.Options{Batch: 1, Training: true, Losses: m.losses})
	if err != nil {
		return err
	}
	if _, err := plan.Compile(g, m.device, opt); err != nil {
		return err
	}
	_, m.trainable = plan.TrainableRuns(m.spec)
	m.slots = opt.Slots() * m.trainable
	m.optimizer = opt
	return nil
}

// resolveLosses finds one loss per output; a single one serves all outputs.
func (m *Model) resolveLosses(c params.Compile) ([]*loss.Loss, error) {
	n := len(m.outWidth)
	if len(c.Loss) != n && (len(c.Loss) != 1 || c.LossOutputs != nil) {
		return nil, fmt.Errorf("%d losses for a model with %d outputs; give one for all, or one per output", len(c.Loss), n)
	}
	losses := make([]*loss.Loss, n)
	for i, call := range c.Loss {
		l, err := loss.New(call)
		if err != nil {
			return nil, err
		}
		if c.LossOutputs != nil {
			if i = slices.Index(m.outNames, c.LossOutputs[i]); i < 0 || losses[i] != nil {
				return nil, fmt.Errorf("loss names the outputs %q, the model has %q", c.LossOutputs, m.outNames)
			}
		}
		losses[i] = l
	}
	for i := len(c.Loss); i < n; i++ {
		losses[i] = losses[0]
	}
	return losses, nil
}

// resolveLossWeights finds one loss weight per output.
func (m *Model) resolveLossWeights(c params.Compile) ([]float64, error) {
	n := len(m.spec.Outputs)
	switch {
	case c.LossWeightsByName != nil:
		weights := slices.Repeat([]float64{1}, n)
		found := 0
		for i := range weights {
			if w, ok := c.LossWeightsByName[m.outNames[i]]; ok {
				weights[i] = w
				found++
			}
		}
		if found != len(c.LossWeightsByName) {
			return nil, fmt.Errorf("loss_weights names an output that does not exist; the outputs are %q", m.outNames)
		}
		return weights, nil
	case c.LossWeights != nil && len(c.LossWeights) != n:
		return nil, fmt.Errorf("%d loss_weights for a model with %d outputs", len(c.LossWeights), n)
	case c.LossWeights != nil:
		return slices.Clone(c.LossWeights), nil
	}
	return slices.Repeat([]float64{1}, n), nil
}

// resolveMetrics binds every metric to every output.
func (m *Model) resolveMetrics(calls []params.Call) ([][]*metric.Metric, error) {
	metrics := make([][]*metric.Metric, len(m.spec.Outputs))
	for i := range metrics {
		for _, call := range calls {
			bound, err := metric.New(call, m.outWidth[i])
			if err != nil {
				return nil, err
			}
			metrics[i] = append(metrics[i], bound)
		}
	}
	return metrics, nil
}
