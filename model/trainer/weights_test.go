package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// weighted has a weight for every row.
func weighted(data Buffers, weight func(row int) float32) Buffers {
	data = slices.Clone(data)
	row := 0
	for i := range data {
		data[i].Weights = make([]float32, data[i].N)
		for k := range data[i].Weights {
			data[i].Weights[k] = weight(row)
			row++
		}
	}
	return data
}

// Rows with weights train and score as Keras says: scripts/keras-fixtures/weights.py.
func TestRowWeightsAsInKeras(t *testing.T) {
	text, err := os.ReadFile("testdata/weights.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		JSON          json.RawMessage
		Compile       string
		X, Y          []float32
		Weights       []float32
		Before, After []float32
		Scores        map[string]float64
		ClassWeight   map[int]float64 `json:"class_weight"`
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		m := newModel(t, string(c.JSON), compiled(t, c.Compile))
		var data Buffers
		for _, rows := range [][2]int{{0, 9}, {9, 23}} { // two buffers
			of := func(values []float32) []float32 {
				width := len(values) / 23
				return values[width*rows[0] : width*rows[1]]
			}
			data = append(data, Buffer{
				N: rows[1] - rows[0], Inputs: [][]float32{of(c.X)}, Labels: [][]int16{nil},
				Numbers: [][]float32{of(c.Y)}, Weights: of(c.Weights),
			})
		}
		r := train(t, m, TrainInput{Data: data, Weights: c.Before, Fit: params.Fit{BatchSize: 5, Epochs: 3, ClassWeight: c.ClassWeight}})
		for i, w := range r.Weights {
			if d := math.Abs(float64(w - c.After[i])); d > 1e-5 {
				t.Errorf("%s: weight %d is %v, Keras' is %v", c.Compile, i, w, c.After[i])
				break
			}
		}
		s := evaluate(t, m, data, c.After)
		got := map[string]float64{"loss": s.Loss()}
		for i, v := range m.Metrics(s) {
			got[m.OutputMetrics()[i].LogName] = v.Value
		}
		if len(got) != len(c.Scores) {
			t.Errorf("%s: scores %v, Keras has %v", c.Compile, got, c.Scores)
		}
		for name, want := range c.Scores {
			if v, ok := got[name]; !ok || math.Abs(v-want) > 1e-5*max(1, math.Abs(want)) {
				t.Errorf("%s: %s is %v, Keras' is %v", c.Compile, name, v, want)
			}
		}
	}
}

// Weights of 1 are no weights, bit for bit; other ones, cut into slices or not and merged in any way, are those of the rows.
func TestRowWeights(t *testing.T) {
	m := newModel(t, imageJSON, compiled(t, "optimizer=adam, loss=categorical_crossentropy, metrics=['accuracy'], weighted_metrics=['accuracy']"))
	w, data := weightsFor(m, 1), dataFor(m, 1, 130, 60)
	fit := params.Fit{BatchSize: 64, Epochs: 1, Shuffle: true}
	plain := train(t, m, TrainInput{Data: data, Weights: w, Fit: fit}).Weights
	ones := weighted(data, func(int) float32 { return 1 })
	if !slices.Equal(plain, train(t, m, TrainInput{Data: ones, Weights: w, Fit: fit}).Weights) {
		t.Error("weights of 1 change the result")
	}
	if a, b := evaluate(t, m, data, w), evaluate(t, m, ones, w); a.Loss() != b.Loss() || !slices.Equal(m.Metrics(a), m.Metrics(b)) {
		t.Errorf("weights of 1 change the score: %v, %v", m.Metrics(a), m.Metrics(b))
	}
	other := weighted(data, func(row int) float32 { return float32(row % 3) })
	if slices.Equal(plain, train(t, m, TrainInput{Data: other, Weights: w, Fit: fit}).Weights) {
		t.Error("weights change nothing")
	}
	whole := evaluate(t, m, other, w)
	merged, err := evaluate(t, m, other[1:], w).Merge(evaluate(t, m, other[:1], w))
	if err != nil {
		t.Fatal(err)
	}
	if merged.Loss() != whole.Loss() || !slices.Equal(m.Metrics(merged), m.Metrics(whole)) {
		t.Error("merged scores are others")
	}
	if v := m.Metrics(whole); len(v) != 2 || v[1].Name != "weighted_accuracy" || v[0].Value == v[1].Value {
		t.Errorf("metrics %v", v)
	}
	none := weighted(data, func(int) float32 { return 0 })
	if s := evaluate(t, m, none, w); s.outputs[0].loss.Value() != 0 || m.Metrics(s)[1].Value != 0 || m.Metrics(s)[0].Value == 0 {
		t.Errorf("rows that count nothing: loss %v, metrics %v", s.Loss(), m.Metrics(s))
	}
}

func TestRowWeightsRefused(t *testing.T) {
	m := newModel(t, imageJSON, compiled(t, "optimizer=adam, loss=mse"))
	for _, bad := range []float32{-1, float32(math.NaN()), float32(math.Inf(1))} {
		data := weighted(dataFor(m, 1, 3), func(row int) float32 { return bad })
		_, err := m.Evaluate(context.Background(), data, weightsFor(m, 1))
		if e := (*WeightError)(nil); !errors.As(err, &e) || !strings.Contains(err.Error(), "row 1 of the buffer: the weight is ") {
			t.Errorf("weight %v: error %v", bad, err)
		}
	}
	data := dataFor(m, 1, 3)
	data[0].Weights = make([]float32, 2)
	if _, err := m.Evaluate(context.Background(), data, weightsFor(m, 1)); err == nil || !strings.Contains(err.Error(), "2 weights for 3 rows") {
		t.Errorf("error %v", err)
	}
	_, err := New(Config{Spec: m.spec, Compile: compiled(t, "optimizer=adam, loss=mse, weighted_metrics=[PearsonCorrelation(axis=0)]")})
	if err == nil || !strings.Contains(err.Error(), "weighted_metrics: PearsonCorrelation(axis=0) correlates over rows, which have no weights there") {
		t.Errorf("error %v", err)
	}
}

// stepsJSON has two classes for each of four steps.
const stepsJSON = `{"class_name": "Sequential", "config": {"name": "m", "layers": [{"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 4, 3]}},
	{"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "softmax"}}]}}`

// TestRowWeightsOfSteps: rows with weights have metrics of their steps that look at none.
func TestRowWeightsOfSteps(t *testing.T) {
	m := newModel(t, stepsJSON, compiled(t, "optimizer=adam, loss=categorical_crossentropy, metrics=['accuracy', AUC(), Precision(), F1Score(average='micro'), MeanIoU(2, sparse_y_true=False, sparse_y_pred=False)]"))
	data := Buffers{{N: 3, Inputs: [][]float32{make([]float32, 3*4*3)}, Labels: [][]int16{make([]int16, 3*4*2)}}}
	for i := range data[0].Inputs[0] {
		data[0].Inputs[0][i] = float32(i%7) / 7
	}
	for step := range 3 * 4 {
		data[0].Labels[0][2*step+step%2] = 1
	}
	w := weightsFor(m, 1)
	plain := m.Metrics(evaluate(t, m, data, w))
	if got := m.Metrics(evaluate(t, m, weighted(data, func(row int) float32 { return float32(row) }), w)); !slices.Equal(got, plain) {
		t.Errorf("metrics %v, without weights %v", got, plain)
	}
}

// TestFirstAxis: axis 1 is the last one of an output of one dimension alone.
func TestFirstAxis(t *testing.T) {
	for _, c := range []string{
		"loss=CategoricalCrossentropy(axis=1)", "loss=CosineSimilarity(1)", "loss=Dice(axis=1)", "loss=mse, metrics=[CosineSimilarity(axis=1)]", "loss=mse, metrics=[CategoricalCrossentropy(axis=1)]",
	} {
		_, err := New(Config{Spec: parse(t, stepsJSON), Compile: compiled(t, "optimizer=adam, "+c)})
		if err == nil || !strings.Contains(err.Error(), "is not the last one of") {
			t.Errorf("%s: error %v", c, err)
		}
		if _, err := New(Config{Spec: parse(t, irisJSON), Compile: compiled(t, "optimizer=adam, "+c)}); err != nil {
			t.Errorf("%s of one dimension: %v", c, err)
		}
	}
}

// TestLogNameOfAccuracy: callbacks know accuracy by the name that it was asked for by, whatever the loss makes of it.
func TestLogNameOfAccuracy(t *testing.T) {
	for _, name := range []string{"accuracy", "acc"} {
		m := newModel(t, irisJSON, compiled(t, "optimizer=adam, loss=sparse_categorical_crossentropy, metrics=['"+name+"']"))
		if got := m.metrics[0][0].LogName; got != name {
			t.Errorf("%s is called %s", name, got)
		}
	}
}
