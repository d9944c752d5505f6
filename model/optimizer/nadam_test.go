package optimizer

import (
	"math"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// TestNadamScheduleDecay has the weights that keras.optimizers.legacy.Nadam of tf_keras 2.21 has after steps in float64.
func TestNadamScheduleDecay(t *testing.T) {
	for _, tt := range []struct {
		decay float64
		want  map[int][3]float64
	}{
		{0.004, map[int][3]float64{
			1:  {0.9894354839903307, -2.0105645070950886, 0.4894354876226606},
			2:  {0.9935038272895906, -2.0196024753185555, 0.496380591908929},
			20: {0.973222767344883, -2.1928816339840624, 0.49449714060389544},
		}},
		{0.5, map[int][3]float64{
			1:  {0.9894039335265221, -2.010596057532274, 0.4894039371696998},
			2:  {0.9933787564849397, -2.019560442938371, 0.4962328650148683},
			20: {0.9760618215855847, -2.1871782204077026, 0.49344055392530084},
		}},
	} {
		o, err := New(params.Call{Name: "nadam", Args: args{"learning_rate": 0.01, "beta_2": 0.99, "schedule_decay": tt.decay}})
		if err != nil {
			t.Fatal(err)
		}
		rule := o.Rule.(Nadam)
		weights := [3]float64{1, -2, 0.5}
		var m, v [3]float64
		for step := 1; step <= 20; step++ {
			x := float64(step)
			s := o.Scalars(int64(step - 1))
			for i, g := range [3]float64{math.Cos(x) + 0.1, 0.3 * x / (x + 2), -0.2 * math.Pow(-1, x)} {
				m[i] += (g - m[i]) * (1 - rule.Beta1)
				v[i] += (g*g - v[i]) * (1 - rule.Beta2)
				weights[i] -= s.Rate * (s.Mean*m[i] + s.Gradient*g) / (math.Sqrt(v[i]*s.Square) + rule.Epsilon)
				if want, ok := tt.want[step]; ok && math.Abs(weights[i]-want[i]) > 2e-6 {
					t.Errorf("schedule_decay %v, step %d, weight %d: %v, Keras has %v", tt.decay, step, i, weights[i], want[i])
				}
			}
		}
	}
}

// TestNadamWarmed: the series is the product.
func TestNadamWarmed(t *testing.T) {
	for _, decay := range []float64{0, 1e-9, 0.004, 1, 30} {
		product := 1.0
		for step := 1.0; step <= 200; step++ {
			product *= (Nadam{ScheduleDecay: decay}).warming(step)
			if got := (Nadam{ScheduleDecay: decay}).warmed(step); math.Abs(got/product-1) > 1e-12 {
				t.Fatalf("schedule_decay %v, step %v: %v, the product is %v", decay, step, got, product)
			}
		}
	}
}
