package trainer

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
)

// embeddingJSON gives four numbers a place on the unit circle.
const embeddingJSON = `{"class_name":"Sequential","config":[
{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":10,"activation":"tanh"}},
{"class_name":"Dense","config":{"name":"d2","units":2}},
{"class_name":"UnitNormalization","config":{"name":"u","axis":-1}}]}`

const circleParams = "optimizer=Adam(learning_rate=0.05), loss=Circle(gamma=10)"

// withClasses is data for a model with the labels of one of more classes than the output has numbers: as class numbers or one-hot.
func withClasses(m *Model, numeric bool, sizes ...int) Buffers {
	const classes = 5
	data := dataFor(m, 3, sizes...)
	for i := range data {
		b := &data[i]
		numbers, oneHot := make([]float32, b.N), make([]int16, b.N*classes)
		for r := range b.N {
			class := 2 * min(2, int(math.Round(math.Abs(float64(b.Inputs[0][4*r])))))
			numbers[r], oneHot[r*classes+class] = float32(class), 1
		}
		b.Labels, b.Numbers = [][]int16{oneHot}, nil
		if numeric {
			b.Labels, b.Numbers = [][]int16{nil}, [][]float32{numbers}
		}
	}
	return data
}

// TestCircle: it learns, and class numbers and one-hot labels of any number of classes are the same to it.
func TestCircle(t *testing.T) {
	m := newModel(t, embeddingJSON, compiled(t, circleParams))
	numbers, oneHot := withClasses(m, true, 50, 31), withClasses(m, false, 50, 31)
	w := weightsFor(m, 1)
	fit := params.Fit{BatchSize: 27, Epochs: 30, Shuffle: true}
	a := train(t, m, TrainInput{Data: numbers, Weights: w, Fit: fit}).Weights
	b := train(t, m, TrainInput{Data: oneHot, Weights: w, Fit: fit}).Weights
	if !slices.Equal(a, b) {
		t.Error("class numbers and one-hot labels give different weights")
	}
	before, after := evaluate(t, m, numbers, w), evaluate(t, m, oneHot, a)
	if !(after.Loss() < 0.95*before.Loss()) {
		t.Errorf("loss %v after training, %v before", after.Loss(), before.Loss())
	}
	fit.ClassWeight = map[int]float64{0: 1, 4: 1, 77: 5}
	if c := train(t, m, TrainInput{Data: numbers, Weights: w, Fit: fit}).Weights; !slices.Equal(a, c) {
		t.Error("weights of 1, and of classes that are not there, change the result")
	}
	fit.ClassWeight[4] = 3
	if c := train(t, m, TrainInput{Data: numbers, Weights: w, Fit: fit}).Weights; slices.Equal(a, c) {
		t.Error("the weight of a class changes nothing")
	}
}

// TestWholeBatchScores: a score is that of batches of EvaluationBatch rows from the first on, and parts of whole batches merge to
// the same bits.
func TestWholeBatchScores(t *testing.T) {
	m := newModel(t, embeddingJSON, compiled(t, circleParams))
	w := weightsFor(m, 1)
	rows := 2*EvaluationBatch + 7
	data := withClasses(m, true, rows)
	part := func(from, to int) Buffers {
		b := data[0]
		return Buffers{{
			Inputs: [][]float32{b.Inputs[0][4*from : 4*to]}, Labels: [][]int16{nil}, Numbers: [][]float32{b.Numbers[0][from:to]}, N: to - from,
		}}
	}
	whole := evaluate(t, m, data, w)
	merged := Score{}
	var sum float64
	for from := 0; from < rows; from += EvaluationBatch {
		to := min(from+EvaluationBatch, rows)
		one := evaluate(t, m, part(from, to), w)
		sum += one.Loss() * float64(to-from)
		var err error
		if merged, err = one.Merge(merged); err != nil {
			t.Fatal(err)
		}
	}
	if merged.Loss() != whole.Loss() || math.Abs(sum/float64(rows)-whole.Loss()) > 1e-9*whole.Loss() || whole.Rows() != rows {
		t.Errorf("the whole has loss %v, its batches merged %v, their mean is %v", whole.Loss(), merged.Loss(), sum/float64(rows))
	}
	if other := evaluate(t, m, part(1, rows), w).Loss(); other == whole.Loss() {
		t.Error("the loss does not depend on the batches")
	}
	if none := evaluate(t, m, Buffers{}, w); none.Rows() != 0 {
		t.Errorf("%d rows of none", none.Rows())
	}
}

// TestWholeBatchIsNotCut, however much work it is.
func TestWholeBatchIsNotCut(t *testing.T) {
	for text, want := range map[string]bool{
		"Dice(axis=-1)": true, "Dice()": false, "Tversky": false, "Circle": false, "mse": true,
	} {
		m := newModel(t, imageJSON, compiled(t, "optimizer=sgd, loss="+text))
		n, err := m.sliceCount(128)
		if err != nil {
			t.Fatal(err)
		}
		if cut := n > 1; cut != want {
			t.Errorf("%s: %d slices", text, n)
		}
	}
}

func TestClassNumbersOfAnyClass(t *testing.T) {
	m := newModel(t, embeddingJSON, compiled(t, circleParams))
	for _, tt := range []struct {
		label Label
		want  string
	}{
		{Label{Width: 1, Numeric: true}, ""},
		{Label{Width: 7}, ""},
		{Label{Width: 2, Numeric: true}, "2 numbers per row; the loss circle takes classes, or one class number per row"},
	} {
		err := m.CheckLabels([]Label{tt.label}, false)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%v: error %v, want one with %q", tt.label, err, tt.want)
		}
	}
	data := withClasses(m, true, 3)
	data[0].Numbers[0][1] = 1.5
	if _, err := m.Evaluate(context.Background(), data, weightsFor(m, 1)); err == nil || !strings.Contains(err.Error(), "row 2 of the buffer: 1.5 is no class number") {
		t.Errorf("error %v", err)
	}
	for text, want := range map[string]string{
		"loss=circle, metrics=['accuracy']": "which no metric compares",
		"loss=mse, metrics=['circle']":      "is not supported",
		"loss=mse, metrics=[Dice()]":        "no mean over rows",
	} {
		_, err := New(Config{Spec: m.spec, Compile: compiled(t, "optimizer=sgd, "+text)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
	}
	losses, err := LossesOf(m.spec, compiled(t, circleParams))
	if err != nil || len(losses) != 1 || losses[0].Labels != loss.ClassNumbers {
		t.Errorf("losses %v, error %v", losses, err)
	}
}

// TestLossesOfBatchesAndSequencesAllocateNothing: many steps allocate as often as few.
func TestLossesOfBatchesAndSequencesAllocateNothing(t *testing.T) {
	circle := newModel(t, embeddingJSON, compiled(t, circleParams))
	ctc := newModel(t, framesJSON, compiled(t, "optimizer=sgd, loss=ctc"))
	for _, c := range []struct {
		m    *Model
		data Buffers
		fit  params.Fit
	}{
		{circle, withClasses(circle, false, 20), params.Fit{BatchSize: 5, ClassWeight: map[int]float64{1: 2}}},
		{ctc, sequencesOf(ctc, 4), params.Fit{BatchSize: 5}},
	} {
		w, err := c.m.worker(poolKey{mode: training, batch: 5})
		if err != nil {
			t.Fatal(err)
		}
		allocs := func(epochs int) float64 {
			c.fit.Epochs = epochs
			return testing.AllocsPerRun(5, func() {
				if _, _, err := w.passes(context.Background(), TrainInput{Data: c.data, Fit: c.fit}, 20, 5); err != nil {
					t.Error(err)
				}
			})
		}
		if few, many := allocs(1), allocs(20); many != few {
			t.Errorf("%s: %v allocations with 4 steps, %v with 80", c.m.losses[0], few, many)
		}
	}
}
