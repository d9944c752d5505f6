package optimizer

import (
	"math"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

func TestClipping(t *testing.T) {
	tests := []struct {
		with args
		want []float32
	}{
		{args{"clipnorm": 5.0}, []float32{3, -4, 3, 4, 0}}, // arrays of norm 5 and 10
		{args{"global_clipnorm": 2.5}, []float32{0.6708204, -0.8944272, 1.3416408, 1.7888544, 0}},
		{args{"clipvalue": 3.5}, []float32{3, -3.5, 3.5, 3.5, 0}},
	}
	for _, tt := range tests {
		o, err := New(params.Call{Name: "SGD", Args: tt.with})
		if err != nil {
			t.Fatal(err)
		}
		g := []float32{3, -4, 6, 8, 0}
		o.(Clipper).Clip(g, []int{2, 3})
		for i, want := range tt.want {
			if math.Abs(float64(g[i]-want)) > 1e-6 {
				t.Errorf("%v: %v, want %v", tt.with, g, tt.want)
				break
			}
		}
		g = []float32{1, 1, 1, 1, 1}
		if o.(Clipper).Clip(g, []int{2, 3}); !slices.Equal(g, []float32{1, 1, 1, 1, 1}) {
			t.Errorf("%v: gradients below the bound became %v", tt.with, g)
		}
	}
	if o, err := New(params.Call{Name: "SGD", Args: args{"clipnorm": int64(0), "global_clipnorm": nil}}); err != nil {
		t.Error(err)
	} else if _, clips := o.(Clipper); clips {
		t.Error("a clipnorm of 0 clips")
	}
}

// TestClippingNotFinite: a norm that is not finite makes every gradient NaN, it does not hide the problem.
func TestClippingNotFinite(t *testing.T) {
	o, err := New(params.Call{Name: "SGD", Args: args{"global_clipnorm": 1.0}})
	if err != nil {
		t.Fatal(err)
	}
	g := []float32{1, float32(math.Inf(1))}
	if o.(Clipper).Clip(g, []int{1, 1}); g[0] == g[0] || g[1] == g[1] {
		t.Errorf("gradients %v", g)
	}
}

// TestSlotStart: what an optimizer keeps starts where Keras' does, also behind clipping and weight decay.
func TestSlotStart(t *testing.T) {
	for _, name := range Names() {
		o, err := New(params.Call{Name: name, Args: args{"weight_decay": 0.1, "clipnorm": 1.0}})
		if err != nil {
			t.Fatal(err)
		}
		if o.Name() != name {
			t.Errorf("%s is called %s", name, o.Name())
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
