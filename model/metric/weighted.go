package metric

// A perRow is how a metric is made of a value per row.
type perRow struct {
	prepare func(r Rows)                  // before value; nil: nothing
	value   func(r Rows, row int) float64 // of a row
	of      func(mean float64) float64    // the metric, from the mean of the values
}

// Weighted is the metric of rows that have weights, Rows.Weights: the mean of the rows' values becomes Σ weight·value / Σ weight, 0 where all
// weights are. ok is false for a metric that is not made of a mean over rows.
//
// Source: keras/src/metrics/reduction_metrics.py, Mean.
func (m *Metric) Weighted() (weighted *Metric, ok bool) {
	rows := m.rows
	if rows == nil {
		return nil, false
	}
	w := *m
	w.counts, w.sums, w.rows = 0, 2, nil
	w.add = func(s *State, r Rows) {
		if rows.prepare != nil {
			rows.prepare(r)
		}
		for row := range r.Values {
			weight := r.weight(row)
			s.sums[0].Add(rows.value(r, row) * weight)
			s.sums[1].Add(weight)
		}
	}
	w.value = func(s *State) float64 {
		total := s.sums[1].Float64()
		if total == 0 {
			return rows.of(0)
		}
		return rows.of(s.sums[0].Float64() / total)
	}
	return &w, true
}
