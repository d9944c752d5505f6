package metric

import "github.com/beamfit/beamfit/model/loss"

// A Metric is one number that rows of predictions and labels have, bound to one output of a model. It has no state of its
// own: a State says what it has seen.
type Metric struct {
	// Name is the name= argument, or the metric as the user wrote it.
	Name string
	// LogName is the metric in Keras' logs: the name= argument, the text of a name, or of a call Keras' snake case of the class.
	LogName string
	// Better says which values are better.
	Better Direction
	// Loss is the loss whose mean the metric is; it is computed with the model, which may have the logits. Nil for any
	// other.
	Loss *loss.Loss

	// FirstAxis: it is over axis 1, which is the last one of an output of one dimension only. None is over another axis than the last here.
	FirstAxis bool

	counts, sums int     // of a State
	rows         *perRow // nil: it is no mean over rows
	// weigh makes the metric of rows that have weights where rows is nil; nil: it has none.
	weigh func() *Metric
	add   func(s *State, r Rows)
	value func(s *State) float64
}

// A Direction says which values of a metric are better: those that go Up or Down, or Neither, of which Keras does not know.
type Direction int

// The directions.
const (
	Up Direction = iota
	Down
	Neither
)

// Rows are rows of one output.
type Rows struct {
	N    int       // width of the output
	P, Y []float32 // predictions and labels, rows x N
	// Values has one element per row: for a metric that is a loss the losses, else room.
	Values []float32
	// Weights are those of the rows, which a weighted metric looks at; nil: all 1.
	Weights []float32
}

func (r Rows) weight(row int) float64 {
	if r.Weights == nil {
		return 1
	}
	return float64(r.Weights[row])
}

// p and y are those of one row.
func (r Rows) p(row int) []float32 { return r.P[row*r.N : (row+1)*r.N] }
func (r Rows) y(row int) []float32 { return r.Y[row*r.N : (row+1)*r.N] }

// NewState has seen nothing.
func (m *Metric) NewState() State {
	return State{make([]uint64, m.counts), make([]Sum, m.sums)}
}

// Add takes in rows.
func (m *Metric) Add(s *State, r Rows) { m.add(s, r) }

// Value is the metric of the rows that a state has seen.
func (m *Metric) Value(s *State) float64 { return m.value(s) }

// A rowFunc writes one value per row of predictions p against labels y, both rows x n.
type rowFunc func(rows, n int, p, y, values []float32)

// rowMean is the metric that is the mean of a value per row. rows is nil for a loss, whose values come with the rows.
func rowMean(rows rowFunc) *Metric {
	prepare := func(r Rows) {
		if rows != nil {
			rows(len(r.Values), r.N, r.P, r.Y, r.Values)
		}
	}
	return &Metric{
		counts: 1, sums: 1,
		rows: &perRow{
			prepare: prepare,
			value:   func(r Rows, row int) float64 { return float64(r.Values[row]) },
			of:      func(mean float64) float64 { return mean },
			masked:  true,
		},
		add: func(s *State, r Rows) {
			prepare(r)
			for _, v := range r.Values {
				s.sums[0].Add(float64(v))
			}
			s.counts[0] += uint64(len(r.Values))
		},
		value: func(s *State) float64 { return mean(&s.sums[0], s.counts[0]) },
	}
}

// ofLoss is the metric that is the mean of a loss.
func ofLoss(l *loss.Loss) *Metric {
	m := rowMean(nil)
	m.Loss = l
	return m
}
