package optimizer

import (
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// TestScalarsOfAveraging: the average begins with the first step and becomes the weights every second one.
func TestScalarsOfAveraging(t *testing.T) {
	o, err := New(params.Call{Name: "SGD", Args: args{"use_ema": true, "ema_overwrite_frequency": int64(2), "decay": 1.0}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Scalars{{Rate: 0.01, First: true}, {Rate: 0.01 / 2, Overwrite: true}, {Rate: 0.01 / 3}, {Rate: 0.01 / 4, Overwrite: true}} {
		if got := o.Scalars(int64(i)); got != want {
			t.Errorf("step %d: %+v, want %+v", i, got, want)
		}
	}
}

func TestNoAveraging(t *testing.T) {
	for _, with := range []args{nil, {"clipnorm": 1.0}, {"use_ema": false, "ema_momentum": 0.5}} {
		o, err := New(params.Call{Name: "Adam", Args: with})
		if err != nil {
			t.Fatal(err)
		}
		if o.Averaging != nil || o.Slots() != 2 {
			t.Errorf("%v: %+v, %d slots", with, o.Averaging, o.Slots())
		}
	}
}

func TestNoClipping(t *testing.T) {
	if o, err := New(params.Call{Name: "SGD", Args: args{"clipnorm": int64(0), "global_clipnorm": nil}}); err != nil || o.Clip != (Clip{}) {
		t.Errorf("a clipnorm of 0 clips: %+v, %v", o, err)
	}
}

// TestSlotStart: what an optimizer keeps starts where Keras' does, whatever else it does.
func TestSlotStart(t *testing.T) {
	for _, name := range Names() {
		o, err := New(params.Call{Name: name, Args: args{"weight_decay": 0.1, "clipnorm": 1.0, "use_ema": true}})
		if err != nil {
			t.Fatal(err)
		}
		if o.Name != name {
			t.Errorf("%s is called %s", name, o.Name)
		}
		for slot := range o.Slots() {
			want := float32(0)
			if slot == 0 && (name == "Adagrad" || name == "Ftrl") {
				want = 0.1
			}
			if got := o.SlotStart(slot); got != want {
				t.Errorf("%s: slot %d starts as %v, want %v", name, slot, got, want)
			}
		}
	}
}
