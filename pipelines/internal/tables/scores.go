package tables

import (
	"time"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// The columns of summaries and of evaluate's output, beside MADlib's, where there are several metrics: names and values of all.
const (
	MetricNamesColumn  = "metric_names"
	MetricValuesColumn = "metric_values"
)

// ScoresOf rounds a score to float32, as Keras computes it. A metric of a model with several outputs is called
// output_metric, as Keras does.
func ScoresOf(model *trainer.Model, s trainer.Score, outputs int) *Scores {
	r := &Scores{Loss: float32(s.Loss())}
	if outputs > 1 {
		for _, l := range s.OutputLosses() {
			r.OutputLosses = append(r.OutputLosses, float32(l))
		}
	}
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

// MetricNames are the names of all metrics.
func MetricNames(model *trainer.Model, outputs int) []string {
	return ScoresOf(model, trainer.Score{}, outputs).Names
}

// MetricsType are the metrics as the summary lists them: those for all outputs as written, else each with its output.
func MetricsType(model *trainer.Model, c *params.Compile, outputs int) []string {
	if c.OutputMetrics != nil || c.WeightedMetrics != nil || c.OutputWeightedMetrics != nil {
		return MetricNames(model, outputs)
	}
	var names []string
	for _, m := range c.Metrics {
		names = append(names, m.String())
	}
	return names
}

// Values are all metrics.
func (s *Scores) Values() []float64 {
	values := make([]float64, len(s.Metrics))
	for i, m := range s.Metrics {
		values[i] = float64(m)
	}
	return values
}

// A Report is what was computed after an iteration. Values are float32 numbers, as Keras computes them.
type Report struct {
	Iteration            int
	Elapsed              time.Duration // since the start of training
	Training, Validation *Scores       // Validation nil: no validation table
}

// Scores are the loss and the metrics over a table: those of the first output in the order of compile_params, then those
// of the others.
type Scores struct {
	Loss    float32
	Names   []string // of the metrics
	Metrics []float32
	// OutputLosses are the losses of the outputs without their loss weights, where there are several.
	OutputLosses []float32
}

// FirstMetric is the metric that MADlib's columns hold; nil where there is none.
func (s *Scores) FirstMetric() any {
	if s == nil || len(s.Metrics) == 0 {
		return nil
	}
	return float64(s.Metrics[0])
}

func (s *Scores) LossValue() any {
	if s == nil {
		return nil
	}
	return float64(s.Loss)
}
