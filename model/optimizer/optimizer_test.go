package optimizer

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

type args = map[string]params.Value

// A reference makes one step on one weight in float64; memory is what it keeps, zero at first.
type reference func(t int, p, g float64, memory *[3]float64) float64

// TestUpdates compares 50 steps on random gradients with the formulas in float64, written out per weight.
func TestUpdates(t *testing.T) {
	adam := func(lr func(t int) float64, beta1, beta2, eps float64, amsgrad bool) reference {
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
	rmsprop := func(lr func(int) float64, rho, momentum, eps float64, centered bool) reference {
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
	sgd := func(lr func(int) float64, momentum float64, nesterov bool) reference {
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
		ref   reference
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
		o, err := New(tt.call)
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
			o.Update(int64(step), p, g, slots)
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
	o, err := New(params.Call{Name: "Adam", Args: args{"decay": 0.1}})
	if err != nil {
		t.Fatal(err)
	}
	g := []float32{1, -2, 3, -4}
	whole, parts := make([]float32, 4), make([]float32, 4)
	ws, ps := [][]float32{make([]float32, 4), make([]float32, 4)}, [][]float32{make([]float32, 4), make([]float32, 4)}
	for step := range int64(5) {
		o.Update(step, whole, g, ws)
		o.Update(step, parts[:2], g[:2], [][]float32{ps[0][:2], ps[1][:2]})
		o.Update(step, parts[2:], g[2:], [][]float32{ps[0][2:], ps[1][2:]})
	}
	for i := range whole {
		if whole[i] != parts[i] {
			t.Errorf("weight %d: %v in parts, %v as a whole", i, parts[i], whole[i])
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		call params.Call
		want string
	}{
		{params.Call{Name: "LBFGS"}, "Adadelta, Adagrad, Adam, AdamW, Adamax, Ftrl, Lion, Nadam, RMSprop, SGD"},
		{params.Call{Name: ""}, "known"},
		{params.Call{Name: "SGD", Args: args{"beta_1": 0.9}}, "learning_rate, decay, momentum, nesterov"},
		{params.Call{Name: "SGD", Args: args{"lr": 0.1, "learning_rate": 0.1}}, "given twice"},
		{params.Call{Name: "SGD", Args: args{"nesterov": 0.5}}, "True or False"},
		{params.Call{Name: "SGD", Args: args{"lr": "big"}}, "must be a number"},
		{params.Call{Name: "SGD", Args: args{"lr": -0.1}}, "must not be negative"},
		{params.Call{Name: "SGD", Args: args{"lr": math.NaN()}}, "must not be negative"},
		{params.Call{Name: "SGD", Args: args{"momentum": 1.5}}, "from 0 to 1"},
		{params.Call{Name: "Adam", Args: args{"beta_1": int64(1)}}, "below 1"},
		{params.Call{Name: "Adam", Args: args{"use_ema": true, "ema_momentum": 1.5}}, "ema_momentum"},
		{params.Call{Name: "Adam", Args: args{"use_ema": true, "ema_overwrite_frequency": int64(0)}}, "ema_overwrite_frequency"},
		{params.Call{Name: "Adam", Args: args{"gradient_accumulation_steps": int64(2)}}, "gradient_accumulation_steps"},
		{params.Call{Name: "Adam", Args: args{"loss_scale_factor": 2.0}}, "loss_scale_factor"},
		{params.Call{Name: "Adam", Args: args{"clipnorm": -1.0}}, "clipnorm"},
		{params.Call{Name: "Adam", Args: args{"clipnorm": 1.0, "clipvalue": 1.0}}, "at most one"},
		{params.Call{Name: "AdamW", Args: args{"weight_decay": -0.1}}, "weight_decay"},
		{params.Call{Name: "Lion", Args: args{"beta_1": int64(0)}}, "beta_1"},
		{params.Call{Name: "Ftrl", Args: args{"learning_rate_power": 0.5}}, "learning_rate_power"},
		{params.Call{Name: "Adagrad", Args: args{"initial_accumulator_value": -0.5}}, "initial_accumulator_value"},
		{params.Call{Name: "Adam", Positional: []params.Value{0.1}}, "need names"},
		{params.Call{Name: "RMSprop", Args: args{"rho": -0.1}}, "rho"},
		{params.Call{Name: "RMSprop", Args: args{"momentum": -1.0}}, "momentum"},
	}
	for _, tt := range tests {
		if _, err := New(tt.call); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want one with %q", tt.call, err, tt.want)
		}
	}
}
