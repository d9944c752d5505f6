package cpu

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
)

// stepOf makes an optimizer's step without clipping and weight decay on weights p with gradients g.
func stepOf(o *optimizer.Optimizer, iteration int64, p, g []float32, slots [][]float32) {
	s := &plan.Step{Scalars: o.Scalars(iteration)}
	n := o.Rule.Slots()
	update(plan.UpdateAttr{Rule: o.Rule}, operands{in: [][]float32{g}, out: p, side: slots[:n]})(s)
	if o.Averaging != nil {
		average(plan.AverageAttr{Momentum: o.Averaging.Momentum}, operands{out: p, side: slots[n:]})(s)
	}
}

// A rule64 makes one step on one weight in float64; memory is what it keeps, zero at first.
type rule64 func(t int, p, g float64, memory *[3]float64) float64

// TestUpdates compares 50 steps on random gradients with the formulas in float64, written out per weight.
func TestUpdates(t *testing.T) {
	adam := func(lr func(t int) float64, beta1, beta2, eps float64, amsgrad bool) rule64 {
		return func(t int, p, g float64, s *[3]float64) float64 {
			s[0] = beta1*s[0] + (1-beta1)*g
			s[1] = beta2*s[1] + (1-beta2)*g*g
			v := s[1]
			if amsgrad {
				s[2] = max(s[2], v)
				v = s[2]
			}
			n := float64(t + 1)
			return p - lr(t)*math.Sqrt(1-math.Pow(beta2, n))/(1-math.Pow(beta1, n))*s[0]/(math.Sqrt(v)+eps)
		}
	}
	constant := func(lr float64) func(int) float64 { return func(int) float64 { return lr } }
	decayed := func(lr, decay float64) func(int) float64 {
		return func(t int) float64 { return lr / (1 + decay*float64(t)) }
	}
	rmsprop := func(lr func(int) float64, rho, momentum, eps float64, centered bool) rule64 {
		return func(t int, p, g float64, s *[3]float64) float64 {
			s[0] = rho*s[0] + (1-rho)*g*g
			d := s[0] + eps
			if centered {
				s[1] = rho*s[1] + (1-rho)*g
				d -= s[1] * s[1]
			}
			s[2] = momentum*s[2] + lr(t)*g/math.Sqrt(d)
			return p - s[2]
		}
	}
	sgd := func(lr func(int) float64, momentum float64, nesterov bool) rule64 {
		return func(t int, p, g float64, s *[3]float64) float64 {
			s[0] = momentum*s[0] - lr(t)*g
			if nesterov {
				return p + momentum*s[0] - lr(t)*g
			}
			return p + s[0]
		}
	}
	tests := []struct {
		call  params.Call
		slots int
		ref   rule64
	}{
		{params.Call{Name: "SGD"}, 0, sgd(constant(0.01), 0, false)},
		{params.Call{Name: "sgd", Args: args{"lr": 0.1, "decay": 0.01}}, 0, sgd(decayed(0.1, 0.01), 0, false)},
		{params.Call{Name: "SGD", Args: args{"momentum": 0.9}}, 1, sgd(constant(0.01), 0.9, false)},
		{params.Call{Name: "SGD", Args: args{"learning_rate": 0.02, "momentum": 0.8, "nesterov": true}}, 1, sgd(constant(0.02), 0.8, true)},
		{params.Call{Name: "RMSprop"}, 1, rmsprop(constant(0.001), 0.9, 0, 1e-7, false)},
		{params.Call{Name: "rmsprop", Args: args{"rho": 0.8, "epsilon": 1e-3, "decay": 0.1}}, 1, rmsprop(decayed(0.001, 0.1), 0.8, 0, 1e-3, false)},
		{params.Call{Name: "RMSprop", Args: args{"momentum": 0.9}}, 2, rmsprop(constant(0.001), 0.9, 0.9, 1e-7, false)},
		{params.Call{Name: "RMSprop", Args: args{"centered": true}}, 2, rmsprop(constant(0.001), 0.9, 0, 1e-7, true)},
		{params.Call{Name: "RMSprop", Args: args{"centered": true, "momentum": 0.5}}, 3, rmsprop(constant(0.001), 0.9, 0.5, 1e-7, true)},
		{params.Call{Name: "Adam"}, 2, adam(constant(0.001), 0.9, 0.999, 1e-7, false)},
		{params.Call{Name: "adam", Args: args{"epsilon": nil, "amsgrad": false, "lr": nil}}, 2, adam(constant(0.001), 0.9, 0.999, 1e-7, false)},
		{
			params.Call{Name: "ADAM", Args: args{"lr": 0.01, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3, "decay": 0.05}},
			2,
			adam(decayed(0.01, 0.05), 0.8, 0.99, 1e-3, false),
		},
		{params.Call{Name: "Adam", Args: args{"amsgrad": true, "learning_rate": int64(1)}}, 3, adam(constant(1), 0.9, 0.999, 1e-7, true)},
	}
	for _, tt := range tests {
		o, err := optimizer.New(tt.call)
		if err != nil {
			t.Error(err)
			continue
		}
		if o.Slots() != tt.slots {
			t.Errorf("%v: %d slots, want %d", tt.call, o.Slots(), tt.slots)
			continue
		}
		const n, steps = 23, 50
		rng := rand.New(rand.NewPCG(5, 6))
		p, g, want, memory := make([]float32, n), make([]float32, n), make([]float64, n), make([][3]float64, n)
		slots := make([][]float32, tt.slots)
		for i := range slots {
			slots[i] = make([]float32, n)
		}
		for i := range p {
			p[i] = float32(rng.NormFloat64())
			want[i] = float64(p[i])
		}
		moved := 0.0
		for step := range steps {
			for i := range g {
				g[i] = float32(rng.NormFloat64() * math.Exp(float64(i%5-2)))
				before := want[i]
				want[i] = tt.ref(step, before, float64(g[i]), &memory[i])
				moved = max(moved, math.Abs(want[i]-before))
			}
			stepOf(o, int64(step), p, g, slots)
		}
		for i, w := range want {
			if d := math.Abs(float64(p[i]) - w); !(d <= 1e-5*max(moved, math.Abs(w))) {
				t.Errorf("%v: weight %d is %v after %d steps, want %v", tt.call, i, p[i], steps, w)
			}
		}
	}
}

// TestUpdateInParts: updating halves with one iteration number equals updating the whole.
func TestUpdateInParts(t *testing.T) {
	o, err := optimizer.New(params.Call{Name: "Adam", Args: args{"decay": 0.1}})
	if err != nil {
		t.Fatal(err)
	}
	g := []float32{1, -2, 3, -4}
	whole, parts := make([]float32, 4), make([]float32, 4)
	ws, ps := [][]float32{make([]float32, 4), make([]float32, 4)}, [][]float32{make([]float32, 4), make([]float32, 4)}
	for step := range int64(5) {
		stepOf(o, step, whole, g, ws)
		stepOf(o, step, parts[:2], g[:2], [][]float32{ps[0][:2], ps[1][:2]})
		stepOf(o, step, parts[2:], g[2:], [][]float32{ps[0][2:], ps[1][2:]})
	}
	for i := range whole {
		if whole[i] != parts[i] {
			t.Errorf("weight %d: %v in parts, %v as a whole", i, parts[i], whole[i])
		}
	}
}

// TestAveraging: the average starts as the first weights, follows them, and becomes the weights every second step.
func TestAveraging(t *testing.T) {
	o, err := optimizer.New(params.Call{Name: "SGD", Args: args{
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
		stepOf(o, int64(i), p, g, slots)
		if !slices.Equal(p, want.p) || !slices.Equal(slots[0], want.average) {
			t.Errorf("step %d: weights %v, average %v, want %v, %v", i, p, slots[0], want.p, want.average)
		}
	}
}

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
		o, err := optimizer.New(params.Call{Name: "SGD", Args: tt.with})
		if err != nil {
			t.Fatal(err)
		}
		g := []float32{3, -4, 6, 8, 0}
		clip(plan.ClipAttr{Clip: o.Clip, Sizes: []int{2, 3}}, operands{out: g})(nil)
		for i, want := range tt.want {
			if math.Abs(float64(g[i]-want)) > 1e-6 {
				t.Errorf("%v: %v, want %v", tt.with, g, tt.want)
				break
			}
		}
		g = []float32{1, 1, 1, 1, 1}
		if clip(plan.ClipAttr{Clip: o.Clip, Sizes: []int{2, 3}}, operands{out: g})(nil); !slices.Equal(g, []float32{1, 1, 1, 1, 1}) {
			t.Errorf("%v: gradients below the bound became %v", tt.with, g)
		}
	}
}

// TestClippingNotFinite: a norm that is not finite makes every gradient NaN, it does not hide the problem.
func TestClippingNotFinite(t *testing.T) {
	o, err := optimizer.New(params.Call{Name: "SGD", Args: args{"global_clipnorm": 1.0}})
	if err != nil {
		t.Fatal(err)
	}
	g := []float32{1, float32(math.Inf(1))}
	if clip(plan.ClipAttr{Clip: o.Clip, Sizes: []int{1, 1}}, operands{out: g})(nil); g[0] == g[0] || g[1] == g[1] {
		t.Errorf("gradients %v", g)
	}
}
