package keras

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/graph"
	spec "github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cpu"
	"github.com/beamfit/beamfit/model/trainer"
)

// A functionCase is a loss and metric of a person's own, in Python and most often in beamfit's form, with what Keras makes of it.
type functionCase struct {
	Name, Data, Python, Text string
	Loss, Metric             float64
	Gradient                 *array // of the loss by the outputs; nil: there is none, or it is 0
}

// functionCases are those of testdata/functions.
func functionCases(t *testing.T) (cases []functionCase, data map[string]struct{ Labels, Outputs array }) {
	t.Helper()
	f, err := os.Open("testdata/functions/values.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Data  map[string]struct{ Labels, Outputs array }
		Cases []functionCase
	}
	if err := json.NewDecoder(z).Decode(&all); err != nil {
		t.Fatal(err)
	}
	if len(all.Cases) < 300 {
		t.Fatalf("%d functions", len(all.Cases))
	}
	return all.Cases, all.Data
}

// identitySpec is a network whose output for row i of the identity matrix is row i of its weights. So the gradient of its weights is
// that of its output.
func identitySpec(t *testing.T, rows, width int) *spec.Spec {
	t.Helper()
	s, err := spec.Parse(fmt.Appendf(nil, `{"class_name":"Sequential","config":[{"class_name":"Dense","config":{"name":"d",
		"batch_input_shape":[null,%d],"units":%d,"use_bias":false}}]}`, rows, width))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func identity(n int) []float32 {
	m := make([]float32, n*n)
	for i := range n {
		m[i*n+i] = 1
	}
	return m
}

// TestFunctions compares losses and metrics that are given as text, in both forms, with Keras running the Python: values and gradients.
func TestFunctions(t *testing.T) {
	cases, data := functionCases(t)
	for _, c := range cases {
		for form, text := range map[string]string{"Python": c.Python, "own": c.Text} {
			if text == "" {
				continue
			}
			t.Run(c.Name+", "+form, func(t *testing.T) {
				f, err := expr.Parse("f", text)
				if err != nil {
					t.Fatal(err)
				}
				d := data[c.Data]
				rows, width := d.Outputs.Shape[0], d.Outputs.Shape[1]
				l, err := loss.Custom(f, params.Call{Name: "f"}, []int{width})
				if err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
				if !l.Program.Differentiable && c.Gradient != nil {
					t.Fatalf("not differentiable, Keras has the gradient %v\n%s", c.Gradient, text)
				}
				compareLoss(t, c, l, d.Labels.Values, d.Outputs.Values, rows, width, text)
				if !l.WholeBatch {
					compareMetric(t, c, f, d.Labels.Values, d.Outputs.Values, rows, width)
				}
			})
		}
	}
}

func compareLoss(t *testing.T, c functionCase, l *loss.Loss, labels, outputs []float32, rows, width int, text string) {
	t.Helper()
	for _, training := range []bool{false, true} {
		if training && !l.Program.Differentiable {
			return
		}
		g, err := graph.Build(identitySpec(t, rows, width), graph.Options{Batch: rows, Training: training, Losses: []*loss.Loss{l}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.Compile(g, cpu.Device{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		mem, err := cpu.Device{}.NewMemory(p.Sizes)
		if err != nil {
			t.Fatal(err)
		}
		copy(mem.Host(plan.Ref{Space: plan.Weights, Len: rows * width}), outputs)
		copy(mem.Host(p.Inputs[0]), identity(rows))
		copy(mem.Host(p.Labels[0]), labels)
		for i := range rows {
			mem.Host(p.Scales[0])[i] = 1 / float32(rows)
		}
		runAll(t, []*plan.Plan{p}, mem)
		if training {
			want := make([]float32, rows*width)
			if c.Gradient != nil {
				want = c.Gradient.Values
			}
			near(t, "gradient of\n"+text, mem.Host(plan.Ref{Space: plan.Grads, Len: rows * width}), want, 1e-5, 1e-3)
			continue
		}
		mean := 0.0
		for _, v := range mem.Host(p.RowLosses[0]) {
			mean += float64(v) / float64(rows)
		}
		if !(math.Abs(mean-c.Loss) <= 1e-5*max(1, math.Abs(c.Loss))) {
			t.Errorf("loss %v, Keras has %v\n%s", mean, c.Loss, text)
		}
	}
}

func compareMetric(t *testing.T, c functionCase, f *expr.Function, labels, outputs []float32, rows, width int) {
	t.Helper()
	compile, err := params.ParseCompile("loss='mse', optimizer='sgd', metrics=['f']")
	if err != nil {
		t.Fatal(err)
	}
	m, err := trainer.New(trainer.Config{Spec: identitySpec(t, rows, width), Compile: *compile, Functions: expr.Set{"f": f}})
	if err != nil {
		t.Fatal(err)
	}
	buffer := trainer.Buffer{N: rows, Inputs: [][]float32{identity(rows)}, Labels: [][]int16{nil}, Numbers: [][]float32{slices.Clone(labels)}}
	score, err := m.Evaluate(context.Background(), trainer.Buffers{buffer}, outputs)
	if err != nil {
		t.Fatal(err)
	}
	if v := m.Metrics(score)[0]; !(math.Abs(v.Value-c.Metric) <= 1e-5*max(1, math.Abs(c.Metric))) {
		t.Errorf("metric %v, Keras has %v\n%s", v.Value, c.Metric, c.Python)
	}
}
