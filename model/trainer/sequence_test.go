package trainer

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// framesJSON reads 5 frames of 2 numbers as frames of 4 classes.
const framesJSON = `{"class_name":"Sequential","config":[
{"class_name":"Reshape","config":{"name":"r","batch_input_shape":[null,10],"target_shape":[5,2]}},
{"class_name":"Dense","config":{"name":"d","units":4}}]}`

// sequencesOf are rows with sequences of labels in columns of that width, cut or filled up with zeros.
func sequencesOf(m *Model, width int) Buffers {
	data := dataFor(m, 3, 20)
	data[0].Labels, data[0].Numbers = [][]int16{nil}, [][]float32{nil}
	for r := range 20 {
		row := []float32{float32(r % 4), float32(r % 3), 0, 0, 0, 0, 0, 0}
		if row[0] == 0 {
			row[1] = 0
		}
		data[0].Numbers[0] = append(data[0].Numbers[0], row[:width]...)
	}
	return data
}

// TestSequencesOfAnyWidth: zeros at the end of labels change nothing, be they more than frames.
func TestSequencesOfAnyWidth(t *testing.T) {
	m := newModel(t, framesJSON, compiled(t, "optimizer=sgd, loss=ctc"))
	w := weightsFor(m, 1)
	fit := params.Fit{BatchSize: 8, Epochs: 3, Shuffle: true}
	var first []float32
	for _, width := range []int{2, 4, 5, 8} {
		data := sequencesOf(m, width)
		got := train(t, m, TrainInput{Data: data, Weights: w, Fit: fit}).Weights
		if first == nil {
			first = got
			if a, b := evaluate(t, m, data, w).Loss(), evaluate(t, m, data, got).Loss(); !(b < a) {
				t.Errorf("loss %v after training, %v before", b, a)
			}
		}
		if !slices.Equal(first, got) {
			t.Errorf("labels %d wide give other weights", width)
		}
	}
}

func TestCheckSequence(t *testing.T) {
	m := newModel(t, framesJSON, compiled(t, "optimizer=sgd, loss=ctc"))
	for _, tt := range []struct {
		labels []float32
		want   string
	}{
		{[]float32{0}, ""},
		{[]float32{3, 3, 1, 2, 1, 0, 0}, ""},
		{[]float32{1, 1.5}, "label 2: 1.5 is no class number"},
		{[]float32{float32(math.NaN())}, "NaN is no class number"},
		{[]float32{4}, "label 1: class number 4, the output has classes 1 to 3"},
		{[]float32{-1}, "label 1: class number -1"},
		{[]float32{0, 2}, "label 2: class number 2 after a 0"},
		{[]float32{1, 2, 1, 2, 1, 2}, "6 labels, the output has 5 frames"},
	} {
		err := m.checkSequence(0, tt.labels)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%v: error %v, want one with %q", tt.labels, err, tt.want)
		}
	}
}
