package plan

import (
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
)

func TestTrainableRuns(t *testing.T) {
	offset := 0
	layer := func(trainable bool, flags ...bool) *keras.Layer {
		l := &keras.Layer{Trainable: trainable}
		for _, f := range flags {
			l.Weights = append(l.Weights, &keras.Weight{Shape: []int{2, 5}, Offset: offset, Trainable: f})
			offset += 10
		}
		return l
	}
	spec := &keras.Spec{Layers: []*keras.Layer{
		layer(true, true, true),               // 0 to 20
		layer(true, true, true, false, false), // gamma, beta to 40, moving statistics to 60
		layer(true, true),                     // 60 to 70
		layer(false, true, true),              // frozen to 90
		layer(true),                           // no weights
		layer(true, true),                     // 90 to 100
	}}
	runs, total := TrainableRuns(spec)
	want := []Run{{0, 0, 40}, {60, 40, 10}, {90, 50, 10}}
	if !slices.Equal(runs, want) || total != 60 {
		t.Errorf("runs %v of %d, want %v of 60", runs, total, want)
	}
	for offset, at := range map[int]int{0: 0, 10: 10, 30: 30, 60: 40, 90: 50} {
		if got := compact(runs, offset); got != at {
			t.Errorf("weight at %d is trainable element %d, want %d", offset, got, at)
		}
	}
}
