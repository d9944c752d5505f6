package trainer

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
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
	if err := m.resolveLabels(); err != nil {
		return err
	}
	if m.lossWeights, err = m.resolveLossWeights(c); err != nil {
		return err
	}
	if m.metrics, err = m.resolveMetrics(c); err != nil {
		return err
	}
	_, m.trainable = plan.TrainableRuns(m.spec)
	m.slots = opt.Slots() * m.trainable
	m.optimizer = opt
	return nil
}

// Functions are the names of losses and metrics of compile parameters that are none of Keras': people's own, each once.
func Functions(c params.Compile) (names []string) {
	add := func(call params.Call, known bool) {
		if !known && !slices.Contains(names, call.Name) {
			names = append(names, call.Name)
		}
	}
	for _, call := range c.Loss {
		add(call, loss.Known(loss.ByWidth(call, 1).Name))
	}
	metrics := slices.Concat(c.Metrics, c.WeightedMetrics)
	for _, output := range slices.Concat(c.OutputMetrics, c.OutputWeightedMetrics) {
		metrics = append(metrics, output.Metrics...)
	}
	for _, call := range metrics {
		add(call, metric.Known(call.Name))
	}
	return names
}

// LossesOf are the losses of compile parameters, one per output of a model. One that is none of Keras' is taken for a person's own: of it
// no more than the name is known, and that its labels are like the output.
func LossesOf(spec *keras.Spec, c params.Compile) ([]*loss.Loss, error) {
	m := Model{spec: spec, outWidth: lastDimensions(spec), outNames: spec.OutputNames(), withoutFunctions: true}
	return m.resolveLosses(c)
}

// checkUnits refuses a loss that compares the units of an output with each other where there is one: it would be the same whatever the
// weights are.
func (m *Model) checkUnits(output int, l *loss.Loss) error {
	if m.outWidth[output] != 1 || !l.AmongClasses {
		return nil
	}
	return fmt.Errorf("output %q has one unit, and the loss %s compares the units of an output: it would train nothing. "+
		"One unit tells two classes apart with a sigmoid and the loss binary_crossentropy", m.outNames[output], l)
}

// resolveLosses finds one loss per output; a single one serves all outputs.
func (m *Model) resolveLosses(c params.Compile) ([]*loss.Loss, error) {
	n := len(m.outWidth)
	if len(c.Loss) != n && (len(c.Loss) != 1 || c.LossOutputs != nil) {
		return nil, fmt.Errorf("%d losses for a model with %d outputs; give one for all, or one per output", len(c.Loss), n)
	}
	losses := make([]*loss.Loss, n)
	for i, call := range c.Loss {
		if c.LossOutputs != nil {
			if i = slices.Index(m.outNames, c.LossOutputs[i]); i < 0 || losses[i] != nil {
				return nil, fmt.Errorf("loss names the outputs %q, the model has %q", c.LossOutputs, m.outNames)
			}
		}
		var err error
		if losses[i], err = m.resolveLoss(call, i); err != nil {
			return nil, err
		}
	}
	for i := len(c.Loss); i < n; i++ {
		var err error
		if losses[i], err = m.resolveLoss(c.Loss[0], i); err != nil {
			return nil, err
		}
	}
	for i, l := range losses {
		if err := m.checkUnits(i, l); err != nil {
			return nil, err
		}
	}
	return losses, nil
}

// resolveLoss finds a loss of Keras, or else one of the model's functions, for an output.
func (m *Model) resolveLoss(call params.Call, output int) (*loss.Loss, error) {
	call = loss.ByWidth(call, m.outWidth[output])
	f := m.functions[call.Name]
	switch {
	case loss.Known(call.Name), f == nil && !m.withoutFunctions:
		return loss.New(call)
	case m.withoutFunctions:
		return &loss.Loss{Name: call.Name, Labels: loss.LikeOutput, TwoClasses: true}, nil
	}
	l, err := loss.Custom(f, call, m.spec.OutputShapes()[output])
	if err != nil {
		return nil, fmt.Errorf("loss %s for output %q: %w", call, m.outNames[output], err)
	}
	if !l.Program.Differentiable {
		return nil, fmt.Errorf("loss %s for output %q has no gradient: its value does not change with small changes of the model's output; "+
			"it can only be a metric", call, m.outNames[output])
	}
	return l, nil
}

// resolveMetric finds a metric of Keras, or else one of the model's functions, for an output.
func (m *Model) resolveMetric(call params.Call, output int) (*metric.Metric, error) {
	f := m.functions[call.Name]
	shape := m.spec.OutputShapes()[output]
	if f == nil || metric.Known(call.Name) {
		bound, err := metric.New(metric.ForLoss(call, m.losses[output], m.outWidth[output]), m.outWidth[output])
		if err == nil && bound.FirstAxis && len(shape) > 1 {
			return nil, fmt.Errorf("metric %s: axis 1 is not the last one of output %q, which has shape %v; it is computed over the last alone (axis=-1)", call, m.outNames[output], shape)
		}
		if err == nil && bound.Loss != nil && bound.Loss.Ignore.On && len(shape) > 1 {
			return nil, fmt.Errorf("metric %s: ignore_class is supported for outputs of one dimension, output %q has shape %v", call, m.outNames[output], shape)
		}
		return bound, err
	}
	if len(shape) > 1 {
		return nil, fmt.Errorf("metric %s: a metric of your own needs an output of one dimension, output %q has shape %v", call, m.outNames[output], shape)
	}
	bound, err := metric.Custom(f, call, m.spec.OutputShapes()[output])
	if err != nil {
		return nil, fmt.Errorf("metric %s for output %q: %w", call, m.outNames[output], err)
	}
	return bound, nil
}

// resolveLabels finds what the losses want to see of a batch.
func (m *Model) resolveLabels() error {
	for i, l := range m.losses {
		shape, err := graph.LabelShape(m.spec, i, l)
		if err != nil {
			return err
		}
		m.labelWidth = append(m.labelWidth, widths([][]int{shape})[0])
		m.wholeBatch = m.wholeBatch || l.WholeBatch
	}
	return nil
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

// resolveMetrics binds metrics to outputs, and then those that are weighted.
func (m *Model) resolveMetrics(c params.Compile) ([][]*metric.Metric, error) {
	metrics, err := m.bindMetrics(c.Metrics, c.OutputMetrics)
	if err != nil {
		return nil, err
	}
	weighted, err := m.bindMetrics(c.WeightedMetrics, c.OutputWeightedMetrics)
	if err != nil {
		return nil, err
	}
	for i := range metrics {
		m.unweighted = append(m.unweighted, len(metrics[i]))
		if !m.masked(i) {
			continue
		}
		for k, bound := range metrics[i] {
			metrics[i][k] = bound.Masked()
		}
	}
	for i := range weighted {
		for _, bound := range weighted[i] {
			if m.steps(i) > 1 && bound.Loss == nil {
				return nil, fmt.Errorf("weighted_metrics: %s: output %q has several steps per row, where rows have weights in losses only", bound.Name, m.outNames[i])
			}
			w, err := bound.Weighted()
			if err != nil {
				return nil, fmt.Errorf("weighted_metrics: %w", err)
			}
			// Keras calls it by its name alone where no other has that.
			if slices.ContainsFunc(metrics[i], func(other *metric.Metric) bool { return other.LogName == w.LogName }) {
				w.Name, w.LogName = "weighted_"+w.Name, "weighted_"+w.LogName
			}
			metrics[i] = append(metrics[i], w)
		}
	}
	return metrics, nil
}

// bindMetrics binds metrics to outputs: those of a plain list to every output.
func (m *Model) bindMetrics(all []params.Call, outputs []params.OutputMetrics) ([][]*metric.Metric, error) {
	calls := slices.Repeat([][]params.Call{all}, len(m.spec.Outputs))
	if outputs != nil {
		var err error
		if calls, err = m.metricsPerOutput(outputs); err != nil {
			return nil, err
		}
	}
	metrics := make([][]*metric.Metric, len(calls))
	for i := range metrics {
		for _, call := range calls[i] {
			if l := m.losses[i]; l.Labels != loss.LikeOutput {
				return nil, fmt.Errorf("metric %s: the labels of output %q are those of the loss %s, which no metric compares with an output",
					call, m.outNames[i], l)
			}
			bound, err := m.resolveMetric(call, i)
			if err != nil {
				return nil, err
			}
			metrics[i] = append(metrics[i], bound)
		}
	}
	return metrics, nil
}

// metricsPerOutput puts metrics in the order of the outputs.
func (m *Model) metricsPerOutput(given []params.OutputMetrics) ([][]params.Call, error) {
	calls := make([][]params.Call, len(m.outNames))
	for i, g := range given {
		if g.Output != "" {
			if i = slices.Index(m.outNames, g.Output); i < 0 {
				return nil, fmt.Errorf("metrics names the output %q, the model has %q", g.Output, m.outNames)
			}
		} else if len(given) != len(calls) {
			return nil, fmt.Errorf("metrics for %d outputs of a model with %d", len(given), len(calls))
		}
		calls[i] = g.Metrics
	}
	return calls, nil
}
