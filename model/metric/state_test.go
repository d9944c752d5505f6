package metric

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// calls have every kind of state.
var calls = []string{
	"'accuracy'", "'mse'", "AUC()", "AUC(curve='PR', multi_label=True)", "AUC(label_weights=[1, 0.5, 0.1])", "Precision(top_k=2)", "Recall(class_id=1)",
	"'true_positives'", "RecallAtPrecision(0.5)", "F1Score(average='macro')", "'r2_score'", "'root_mean_squared_error'",
	"PearsonCorrelation(axis=0)", "ConcordanceCorrelation()", "OneHotMeanIoU(num_classes=3)", "BinaryIoU()",
}

func newMetrics(t testing.TB, n int) []*Metric {
	t.Helper()
	text := "optimizer=sgd, loss=mse, metrics=["
	for _, c := range calls {
		text += c + ", "
	}
	c, err := params.ParseCompile(text + "]")
	if err != nil {
		t.Fatal(err)
	}
	var all []*Metric
	for _, call := range c.Metrics {
		m, err := New(call, n)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// TestStateOrder: shuffled and divided in any way, the same rows give the same bytes and value, and bytes bring them back.
func TestStateOrder(t *testing.T) {
	const n, rows = 3, 500
	rng := rand.New(rand.NewPCG(5, 6))
	p, y := make([]float32, rows*n), make([]float32, rows*n)
	for i := range p {
		p[i], y[i] = float32(rng.Float64()), float32(rng.IntN(2))
	}
	for k, m := range newMetrics(t, n) {
		whole := m.NewState()
		m.Add(&whole, rowsOf(m, n, p, y))
		want, _ := whole.AppendBinary(nil)
		for range 3 {
			parts := make([]State, 4)
			for i := range parts {
				parts[i] = m.NewState()
			}
			for _, r := range rng.Perm(rows) {
				m.Add(&parts[rng.IntN(4)], rowsOf(m, n, p[r*n:(r+1)*n], y[r*n:(r+1)*n]))
			}
			sum := m.NewState()
			for i := range parts {
				sum.Merge(&parts[i])
			}
			got, _ := sum.AppendBinary(nil)
			if !bytes.Equal(got, want) || m.Value(&sum) != m.Value(&whole) {
				t.Errorf("%s depends on the order", calls[k])
			}
			var back State
			if err := back.UnmarshalBinary(got); err != nil {
				t.Fatal(err)
			}
			if again, _ := back.AppendBinary(nil); !bytes.Equal(again, got) || !back.Mergeable(&sum) || m.Value(&back) != m.Value(&sum) {
				t.Errorf("%s changed on its way through bytes", calls[k])
			}
			clone := sum.Clone()
			clone.Merge(&sum)
			if after, _ := sum.AppendBinary(nil); !bytes.Equal(after, want) {
				t.Errorf("%s shares memory with its clone", calls[k])
			}
		}
	}
}

// TestNoRows: no rows change nothing, neither as a batch nor as the state of a part without rows.
func TestNoRows(t *testing.T) {
	for k, m := range newMetrics(t, 3) {
		rows := rowsOf(m, 3, []float32{0.1, 0.7, 0.2, 0.5, 0.3, 0.2}, []float32{0, 1, 0, 1, 0, 0})
		whole, empty := m.NewState(), m.NewState()
		m.Add(&whole, rows)
		want := m.Value(&whole)
		m.Add(&empty, Rows{N: 3})
		m.Value(&empty) // whatever it is
		m.Add(&whole, Rows{N: 3})
		if got := m.Value(&whole); !same(got, want) {
			t.Errorf("%s is %v after a batch without rows, want %v", calls[k], got, want)
		}
		empty.Merge(&whole)
		if got := m.Value(&empty); !same(got, want) {
			t.Errorf("%s is %v merged into the state of no rows, want %v", calls[k], got, want)
		}
	}
}

// same says whether two values are equal, or both NaN.
func same(a, b float64) bool { return a == b || a != a && b != b }

func FuzzState(f *testing.F) {
	for _, m := range newMetrics(f, 3) {
		s := m.NewState()
		m.Add(&s, rowsOf(m, 3, []float32{0.1, 0.7, 0.2}, []float32{0, 1, 0}))
		b, _ := s.AppendBinary(nil)
		f.Add(b)
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again State
		if s.UnmarshalBinary(b) != nil {
			return
		}
		out, _ := s.AppendBinary(nil)
		if err := again.UnmarshalBinary(out); err != nil || !again.Mergeable(&s) {
			t.Errorf("%d bytes do not come back: %v", len(out), err)
		}
		for i := range s.sums {
			_ = s.sums[i].Float64()
		}
	})
}
