package pipelines

import "github.com/beamfit/beamfit/model/trainer"

// scoresOf rounds a score to float32, as Keras computes it. A metric of a model with several outputs is called
// output_metric, as Keras does.
func scoresOf(s trainer.Score, outputs int) *scores {
	r := &scores{Loss: float32(s.Loss())}
	for _, m := range s.Metrics() {
		name := m.Name
		if outputs > 1 {
			name = m.Output + "_" + m.Name
		}
		r.Names = append(r.Names, name)
		r.Metrics = append(r.Metrics, float32(m.Value))
	}
	return r
}

// named are the metrics with their names.
func (s *scores) named() []NamedValue {
	values := make([]NamedValue, len(s.Metrics))
	for i, m := range s.Metrics {
		values[i] = NamedValue{s.Names[i], float64(m)}
	}
	return values
}
