package trainer

import (
	"errors"
	"slices"

	"github.com/beamfit/beamfit/model/metric"
)

// A Score is the loss and the metrics of some rows. Scores of parts of the data merge into the score of the whole; the
// result, bit by bit, does not depend on the parts or their order. The zero value is the score of no rows and merges with
// any other.
type Score struct {
	outputs []outputScore
	penalty metric.Mean // what regularizers add to the loss, per row
}

// An outputScore is what one output of the model contributes.
type outputScore struct {
	name       string
	lossWeight float64
	loss       metric.Mean
	names      []string
	metrics    []metric.State
}

// A MetricValue is one metric of one output.
type MetricValue struct {
	Output string // the output layer
	Name   string // the metric as written in compile parameters
	Value  float64
}

func (m *Model) newScore() Score {
	s := Score{outputs: make([]outputScore, len(m.outWidth))}
	for i := range s.outputs {
		o := outputScore{name: m.outNames[i], lossWeight: m.lossWeights[i]}
		for _, bound := range m.metrics[i] {
			o.names = append(o.names, bound.Name)
			o.metrics = append(o.metrics, bound.NewState())
		}
		s.outputs[i] = o
	}
	return s
}

// Rows is the number of rows scored.
func (s Score) Rows() int {
	return int(s.penalty.Rows())
}

// Loss is the total loss: the mean loss of every output times its loss weight, summed, and what regularizers add.
func (s Score) Loss() float64 {
	total := s.penalty.Value()
	for i := range s.outputs {
		total += s.outputs[i].lossWeight * s.outputs[i].loss.Value()
	}
	return total
}

// OutputLosses are the mean losses of the outputs, in their order, without their loss weights.
func (s Score) OutputLosses() []float64 {
	losses := make([]float64, len(s.outputs))
	for i := range s.outputs {
		losses[i] = s.outputs[i].loss.Value()
	}
	return losses
}

// Metrics are the metrics of a score of this model: those of the first output in the order of compile parameters, then those
// of the others. The zero value has seen no rows.
func (m *Model) Metrics(s Score) []MetricValue {
	if len(s.outputs) == 0 {
		s = m.newScore()
	}
	var values []MetricValue
	for i := range s.outputs {
		o := &s.outputs[i]
		for k := range o.metrics {
			values = append(values, MetricValue{o.name, o.names[k], m.metrics[i][k].Value(&o.metrics[k])})
		}
	}
	return values
}

// An OutputMetric is a metric of an output.
type OutputMetric struct {
	Output string
	*metric.Metric
}

// OutputMetrics are the metrics of the model, in the order of Metrics.
func (m *Model) OutputMetrics() []OutputMetric {
	var all []OutputMetric
	for i, metrics := range m.metrics {
		for _, of := range metrics {
			all = append(all, OutputMetric{m.outNames[i], of})
		}
	}
	return all
}

// Merge is the score of the rows of both. Neither is changed, and the result shares no memory with them.
func (s Score) Merge(other Score) (Score, error) {
	if len(s.outputs) == 0 {
		return other.clone(), nil
	}
	if len(other.outputs) == 0 {
		return s.clone(), nil
	}
	merged := s.clone()
	if !slices.EqualFunc(s.outputs, other.outputs, outputScore.comparable) {
		return Score{}, errors.New("trainer: scores of different models do not merge")
	}
	merged.penalty.Merge(&other.penalty)
	for i := range merged.outputs {
		o := &merged.outputs[i]
		o.loss.Merge(&other.outputs[i].loss)
		for k := range o.metrics {
			o.metrics[k].Merge(&other.outputs[i].metrics[k])
		}
	}
	return merged, nil
}

func (o outputScore) comparable(p outputScore) bool {
	return o.name == p.name && o.lossWeight == p.lossWeight && slices.Equal(o.names, p.names) &&
		slices.EqualFunc(o.metrics, p.metrics, func(a, b metric.State) bool { return a.Mergeable(&b) })
}

func (s Score) clone() Score {
	c := Score{outputs: slices.Clone(s.outputs), penalty: s.penalty}
	for i := range c.outputs {
		o := &c.outputs[i]
		o.metrics = slices.Clone(o.metrics)
		for k := range o.metrics {
			o.metrics[k] = o.metrics[k].Clone()
		}
	}
	return c
}
