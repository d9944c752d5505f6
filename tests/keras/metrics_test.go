package keras

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/params"
)

// A metricGroup is what Keras says of some rows.
type metricGroup struct {
	Name                string
	Predictions, Labels array
	Values              map[string]float64 // by metric
	Losses              map[string]struct {
		Loss      float64
		Gradients array
	}
}

func metricGroups(t *testing.T, file string) []metricGroup {
	t.Helper()
	text, err := os.ReadFile("testdata/metrics/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var content struct{ Groups []metricGroup }
	if err := json.Unmarshal(text, &content); err != nil {
		t.Fatal(err)
	}
	if len(content.Groups) == 0 {
		t.Fatalf("%s has no rows", file)
	}
	return content.Groups
}

// TestMetrics compares metrics over rows, cut into uneven parts, with Keras'.
func TestMetrics(t *testing.T) {
	for _, g := range metricGroups(t, "values.json") {
		n := g.Predictions.Shape[1]
		for text, want := range g.Values {
			c, err := params.ParseCompile("optimizer=sgd, loss=mse, metrics=[" + text + "]")
			if err != nil {
				t.Fatal(err)
			}
			m, err := metric.New(c.Metrics[0], n)
			if err != nil {
				t.Errorf("%s: %v", g.Name, err)
				continue
			}
			whole := m.NewState()
			for from, size := 0, 1; from < g.Predictions.Shape[0]; from, size = from+size, 2*size {
				to := min(from+size, g.Predictions.Shape[0])
				part := m.NewState()
				rows := metric.Rows{
					N: n, P: g.Predictions.Values[from*n : to*n], Y: g.Labels.Values[from*n : to*n], Values: make([]float32, to-from),
				}
				if m.Loss != nil {
					m.Loss.Output.(computed).Rows(to-from, n, rows.P, rows.Y, rows.Values)
				}
				m.Add(&part, rows)
				whole.Merge(&part)
			}
			if got := m.Value(&whole); !(math.Abs(got-want) <= 1e-6*max(1, math.Abs(want))) {
				t.Errorf("%s: %s is %v, Keras has %v", g.Name, text, got, want)
			}
		}
	}
}

// A computed form of a loss has kernels for the CPU.
type computed interface {
	Rows(rows, n int, p, y, losses []float32)
	Grad(rows, n int, p, y, scale, dp []float32)
}

// TestSparseLosses compares the losses of class numbers, which are one-hot here but for circle, and their gradients.
func TestSparseLosses(t *testing.T) {
	for _, g := range metricGroups(t, "losses.json") {
		rows, n, k := g.Predictions.Shape[0], g.Predictions.Shape[1], g.Labels.Shape[1]
		for text, want := range g.Losses {
			c, err := params.ParseCompile("optimizer=sgd, loss=" + text)
			if err != nil {
				t.Fatal(err)
			}
			l, err := loss.New(c.Loss[0])
			if err != nil {
				t.Fatal(err)
			}
			losses, scale := make([]float32, rows), make([]float32, rows)
			output := l.Output.(computed)
			output.Rows(rows, n, g.Predictions.Values, g.Labels.Values, losses)
			var total, count float64
			for r, v := range losses {
				if !l.Ignore.Has(g.Labels.Values[r*k : (r+1)*k]) {
					total += float64(v)
					count++
				}
			}
			for r := range scale {
				scale[r] = float32(1 / count)
			}
			if got := total / count; !(math.Abs(got-want.Loss) <= 1e-6*max(1, math.Abs(want.Loss))) {
				t.Errorf("%s: %s is %v, Keras has %v", g.Name, text, got, want.Loss)
			}
			gradients := make([]float32, rows*n)
			output.Grad(rows, n, g.Predictions.Values, g.Labels.Values, scale, gradients)
			near(t, g.Name+": gradient of "+text, gradients, want.Gradients.Values, 1e-5, 0)
		}
	}
}
