package metric

import "fmt"

// A perRow is how a metric is made of a value per row.
type perRow struct {
	prepare func(r Rows)                  // before value; nil: nothing
	value   func(r Rows, row int) float64 // of a row
	of      func(mean float64) float64    // the metric, from the mean of the values
	masked  bool                          // Keras leaves steps out that do not count
}

// maxWeighted is the most sums of a metric of rows with weights: where a row counts as much as its weight, a count is an exact sum, of 300 bytes.
const maxWeighted = 1 << 16

// Weighted is the metric of rows that have weights, Rows.Weights: a row counts as often as its weight says. The mean of the rows' values becomes
// Σ weight·value / Σ weight, 0 where all weights are 0, and what counts rows or elements adds up the weights of their rows. Weights that are all 1
// change nothing but the last bits.
//
// A correlation over the rows of a table is refused: Keras has none with weights.
//
// Source: keras/src/metrics/reduction_metrics.py, Mean; update_state of the others, sample_weight.
func (m *Metric) Weighted() (*Metric, error) {
	if m.rows != nil {
		return m.weightedMean(), nil
	}
	if m.weigh == nil {
		return nil, fmt.Errorf("%s correlates over rows, which have no weights there; give it as one of metrics", m.Name)
	}
	w := m.weigh()
	if w.sums > maxWeighted {
		return nil, fmt.Errorf("%s has %d numbers per table, of rows with weights it may have %d; give it fewer thresholds", m.Name, w.sums, maxWeighted)
	}
	w.Name, w.LogName, w.Better = m.Name, m.LogName, m.Better
	return w, nil
}

// Masked is the metric of steps of which those that do not count have the weight 0, Rows.Weights, and the others 1. As Keras, it looks at
// these in a mean of a value per step alone; any other metric is that of all steps, and stays as it is.
//
// Source: keras/src/metrics/reduction_metrics.py, MeanMetricWrapper.
func (m *Metric) Masked() *Metric {
	if m.rows == nil || !m.rows.masked {
		return m
	}
	return m.weightedMean()
}

// weightedMean is Weighted of a mean over rows.
func (m *Metric) weightedMean() *Metric {
	rows, w := m.rows, *m
	w.counts, w.sums, w.rows = 0, 2, nil
	w.add = func(s *State, r Rows) {
		if rows.prepare != nil {
			rows.prepare(r)
		}
		for row := range r.Values {
			if w.Loss != nil && w.Loss.Ignore.Has(r.y(row)) {
				continue // as Keras, which multiplies the weights by the mask of the values
			}
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
	return &w
}

// A tally is what counts rows, or their elements: whole numbers, or where rows have weights the sums of these. It has places in a State.
type tally struct {
	weighted bool
	first    int // its first place
}

// room is what n places take of a State.
func (t tally) room(n int) (counts, sums int) {
	if t.weighted {
		return 0, n
	}
	return n, 0
}

// add counts a row, or one of its elements.
func (t tally) add(s *State, place int, weight float64) {
	if t.weighted {
		s.sums[t.first+place].Add(weight)
		return
	}
	s.counts[t.first+place]++
}

// at is what a place has counted.
func (t tally) at(s *State, place int) float64 {
	if t.weighted {
		return s.sums[t.first+place].Float64()
	}
	return float64(s.counts[t.first+place])
}
