package optimizer

import (
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// TestAveraging: the average starts as the first weights, follows them, and becomes the weights every second step.
func TestAveraging(t *testing.T) {
	o, err := New(params.Call{Name: "SGD", Args: args{
		"learning_rate": 1.0, "use_ema": true, "ema_momentum": 0.75, "ema_overwrite_frequency": int64(2), "clipvalue": 1.0,
	}})
	if err != nil {
		t.Fatal(err)
	}
	p, slots := []float32{8, -4}, [][]float32{{0, 0}}
	steps := []struct{ p, average []float32 }{
		{[]float32{7, -3}, []float32{7, -3}},
		{[]float32{6.75, -2.75}, []float32{6.75, -2.75}}, // 0.75·7 + 0.25·6
		{[]float32{5.75, -1.75}, []float32{6.5, -2.5}},
	}
	for i, want := range steps {
		g := []float32{1, -1}
		o.Update(int64(i), p, g, slots)
		if !slices.Equal(p, want.p) || !slices.Equal(slots[0], want.average) {
			t.Errorf("step %d: weights %v, average %v, want %v, %v", i, p, slots[0], want.p, want.average)
		}
	}
	f := FinisherOf(o)
	if f == nil {
		t.Fatal("no Finisher behind clipping")
	}
	if f.Finish(p, slots); !slices.Equal(p, slots[0]) {
		t.Errorf("in the end: weights %v, average %v", p, slots[0])
	}
}

func TestNoFinisher(t *testing.T) {
	for _, with := range []args{nil, {"clipnorm": 1.0}, {"use_ema": false, "ema_momentum": 0.5}} {
		o, err := New(params.Call{Name: "Adam", Args: with})
		if err != nil {
			t.Fatal(err)
		}
		if f := FinisherOf(o); f != nil {
			t.Errorf("%v: %T", with, f)
		}
	}
}
