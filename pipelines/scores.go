package pipelines

import (
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// scoresOf rounds a score to float32, as Keras computes it. A metric of a model with several outputs is called
// output_metric, as Keras does.
func scoresOf(model *trainer.Model, s trainer.Score, outputs int) *scores {
	r := &scores{Loss: float32(s.Loss())}
	for _, m := range model.Metrics(s) {
		name := m.Name
		if outputs > 1 {
			name = m.Output + "_" + m.Name
		}
		r.Names = append(r.Names, name)
		r.Metrics = append(r.Metrics, float32(m.Value))
	}
	return r
}

// metricLabels are the names of all metrics.
func metricLabels(model *trainer.Model, outputs int) []string {
	return scoresOf(model, trainer.Score{}, outputs).Names
}

// metricsType are the metrics as the summary lists them: those for all outputs as written, else each with its output.
func metricsType(model *trainer.Model, c *params.Compile, outputs int) []string {
	if c.OutputMetrics != nil || c.WeightedMetrics != nil || c.OutputWeightedMetrics != nil {
		return metricLabels(model, outputs)
	}
	var names []string
	for _, m := range c.Metrics {
		names = append(names, m.String())
	}
	return names
}

// values are all metrics.
func (s *scores) values() []float64 {
	values := make([]float64, len(s.Metrics))
	for i, m := range s.Metrics {
		values[i] = float64(m)
	}
	return values
}

// named are the metrics with their names.
func (s *scores) named() []NamedValue {
	values := make([]NamedValue, len(s.Metrics))
	for i, m := range s.Metrics {
		values[i] = NamedValue{s.Names[i], float64(m)}
	}
	return values
}
