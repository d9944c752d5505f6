package trainer

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

func compiled(t *testing.T, text string) params.Compile {
	t.Helper()
	c, err := params.ParseCompile(text)
	if err != nil {
		t.Fatal(err)
	}
	return *c
}

// withClassNumbers is data with class numbers in place of one-hot labels.
func withClassNumbers(data Buffers) Buffers {
	var out Buffers
	for _, b := range data {
		c := Buffer{Inputs: b.Inputs, Labels: make([][]int16, len(b.Labels)), N: b.N}
		for _, y := range b.Labels {
			numbers := make([]float32, b.N)
			k := len(y) / b.N
			for r := range numbers {
				numbers[r] = float32(slices.Index(y[r*k:(r+1)*k], 1))
			}
			c.Numbers = append(c.Numbers, numbers)
		}
		out = append(out, c)
	}
	return out
}

// TestClassNumbers: with a loss of class numbers they train and score as one-hot labels do, bit by bit, and as
// categorical_crossentropy does.
func TestClassNumbers(t *testing.T) {
	fit := params.Fit{BatchSize: 8, Epochs: 2, Shuffle: true, ClassWeight: map[int]float64{1: 2}}
	run := func(compile string, class bool) ([]float32, []float64) {
		m := newModel(t, irisJSON, compiled(t, compile))
		data := dataFor(m, 3, 30, 21)
		if class {
			data = withClassNumbers(data)
		}
		w := train(t, m, TrainInput{Data: data, Weights: weightsFor(m, 1), Fit: fit}).Weights
		s := evaluate(t, m, data, w)
		values := []float64{s.Loss()}
		for _, v := range m.Metrics(s) {
			values = append(values, v.Value)
		}
		return w, values
	}
	const sparse = "optimizer=adam, loss=sparse_categorical_crossentropy, metrics=['accuracy', 'SparseCategoricalCrossentropy', 'AUC']"
	w1, v1 := run(sparse, false)
	w2, v2 := run(sparse, true)
	w3, v3 := run("optimizer=adam, loss=categorical_crossentropy, metrics=['categorical_accuracy', 'CategoricalCrossentropy', 'AUC']", false)
	if !slices.Equal(w1, w2) || !slices.Equal(v1, v2) {
		t.Errorf("class numbers give %v, one-hot labels %v", v2, v1)
	}
	if !slices.Equal(w1, w3) || !slices.Equal(v1, v3) {
		t.Errorf("the sparse loss gives %v, the categorical one %v", v1, v3)
	}
}

// TestNumbersTrain: labels that are numbers are learned as they are.
func TestNumbersTrain(t *testing.T) {
	m := newModel(t, linearJSON, compiled(t, "optimizer=Adam(learning_rate=0.1), loss=mse, metrics=['r2_score', 'RootMeanSquaredError']"))
	data := dataFor(m, 3, 40)
	data[0].Labels = make([][]int16, 1)
	y := make([]float32, 80)
	for r := range 40 {
		x := data[0].Inputs[0][3*r:]
		y[2*r], y[2*r+1] = 10.5+x[0]-2*x[1], 0.25*x[2]-0.5
	}
	data[0].Numbers = [][]float32{y}
	w := train(t, m, TrainInput{Data: data, Weights: weightsFor(m, 1), Fit: params.Fit{BatchSize: 8, Epochs: 600, Shuffle: true}}).Weights
	s := evaluate(t, m, data, w)
	r2, rmse := m.Metrics(s)[0].Value, m.Metrics(s)[1].Value
	if !(s.Loss() < 1e-3) || !(r2 > 0.999) || math.Abs(rmse*rmse-s.Loss()) > 1e-6 {
		t.Errorf("loss %v, R2 %v, RMSE %v", s.Loss(), r2, rmse)
	}
}

// TestIgnoredRows: rows of an ignored class change nothing but the number of rows, in training as in the loss.
func TestIgnoredRows(t *testing.T) {
	m := newModel(t, irisJSON, compiled(t, "optimizer=sgd, loss=SparseCategoricalCrossentropy(ignore_class=-1), metrics=['accuracy']"))
	some := withClassNumbers(dataFor(m, 3, 12))
	all := withClassNumbers(dataFor(m, 3, 12))
	all[0].Numbers[0] = append(slices.Clone(some[0].Numbers[0]), -1, -1, -1, -1)
	all[0].Inputs[0] = append(slices.Clone(some[0].Inputs[0]), make([]float32, 16)...)
	all[0].N = 16
	w := weightsFor(m, 1)
	a, b := evaluate(t, m, some, w), evaluate(t, m, all, w)
	if a.Loss() != b.Loss() || b.Rows() != 16 {
		t.Errorf("loss %v with ignored rows, %v without; %d rows", b.Loss(), a.Loss(), b.Rows())
	}
	if x, y := m.Metrics(a)[0], m.Metrics(b)[0]; y.Name != "accuracy" || x.Value == 0 || y.Value != x.Value*12/16 {
		t.Errorf("%s %v with ignored rows, %v without: an ignored row is right", y.Name, y.Value, x.Value)
	}
	fit := params.Fit{BatchSize: 16, Epochs: 3}
	with := train(t, m, TrainInput{Data: all, Weights: w, Fit: fit}).Weights
	without := train(t, m, TrainInput{Data: some, Weights: w, Fit: fit}).Weights
	for i := range with {
		if math.Abs(float64(with[i]-without[i])) > 1e-6 {
			t.Fatalf("weight %d is %v with ignored rows, %v without", i, with[i], without[i])
		}
	}
}

func TestLabelsRefused(t *testing.T) {
	mse := newModel(t, irisJSON, compiled(t, "optimizer=sgd, loss=mse"))
	sparse := newModel(t, irisJSON, compiled(t, "optimizer=sgd, loss=sparse_categorical_crossentropy"))
	one := newModel(t, strings.Replace(irisJSON, `"units":3,"activation":"softmax"`, `"units":1`, 1), compiled(t, "optimizer=sgd, loss=mse"))
	with := func(numbers ...float32) Buffers {
		return Buffers{{Inputs: [][]float32{make([]float32, 8)}, Labels: [][]int16{nil}, Numbers: [][]float32{numbers}, N: 2}}
	}
	for _, tt := range []struct {
		m    *Model
		data Buffers
		want string
	}{
		{mse, with(0, 1), "2 elements for 2 rows, the output is 3 wide"},
		{sparse, with(0, 1, 2, 3), "4 elements for 2 rows"},
		{sparse, with(0, 3), `labels of output "d3", row 2 of the buffer: class number 3, the output has classes 0 to 2`},
		{sparse, with(0.5, 1), "row 1 of the buffer: 0.5 is no class number"},
		{sparse, with(1, float32(math.NaN())), "NaN is no class number"},
		{one, with(1, 2), "row 2 of the buffer: 2 is no class, by which class_weight"},
	} {
		_, err := tt.m.Train(context.Background(), TrainInput{
			Data: tt.data, Weights: weightsFor(tt.m, 1), State: tt.m.NewState(), Fit: params.Fit{BatchSize: 2, Epochs: 1, ClassWeight: map[int]float64{1: 2}},
		})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want one with %s", err, tt.want)
		}
	}
	for _, tt := range []struct {
		m      *Model
		label  Label
		weight bool
		want   string
	}{
		{mse, Label{Width: 3, Numeric: false}, true, ""},
		{mse, Label{Width: 3, Numeric: true}, false, ""},
		{mse, Label{Width: 3, Numeric: true}, true, "class_weight needs labels that are classes"},
		{mse, Label{Width: 1, Numeric: true}, false, "class numbers need a loss such as sparse_categorical_crossentropy"},
		{mse, Label{Width: 2, Numeric: false}, false, "2 wide, the output is 3 wide"},
		{sparse, Label{Width: 1, Numeric: true}, true, ""},
		{one, Label{Width: 1, Numeric: true}, true, ""},
		{mse, Label{Width: 15, Steps: 5}, false, "classes of 5 steps, the output of shape [3] has 1"},
	} {
		err := tt.m.CheckLabels([]Label{tt.label}, tt.weight)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%v: error %v, want one with %s", tt.label, err, tt.want)
		}
	}
}
