package optimizer

import (
	"math"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// TestSchedules compares rates with values worked out by hand from the formulas.
func TestSchedules(t *testing.T) {
	type list = []params.Value
	tests := []struct {
		name string
		args list
		with args
		want map[int64]float64
	}{
		{"ExponentialDecay", list{0.8, int64(2), 0.25}, nil, map[int64]float64{0: 0.8, 1: 0.4, 2: 0.2, 4: 0.05}},
		{"ExponentialDecay", list{0.8, int64(2), 0.25, true}, nil, map[int64]float64{0: 0.8, 1: 0.8, 2: 0.2, 3: 0.2}},
		{"InverseTimeDecay", list{0.8, int64(2), 1.0}, nil, map[int64]float64{0: 0.8, 2: 0.4, 6: 0.2}},
		{"PolynomialDecay", list{1.0, int64(4)}, args{"end_learning_rate": 0.2}, map[int64]float64{0: 1, 1: 0.8, 4: 0.2, 9: 0.2}},
		{"PolynomialDecay", list{1.0, int64(4), 0.0, 2.0, true}, nil, map[int64]float64{0: 1, 2: 0.25, 4: 0, 6: 0.0625, 8: 0}},
		{"CosineDecay", list{1.0, int64(4), 0.5}, nil, map[int64]float64{0: 1, 2: 0.75, 4: 0.5, 40: 0.5}},
		{
			"CosineDecay",
			list{0.0, int64(4)},
			args{"warmup_target": 2.0, "warmup_steps": int64(2)},
			map[int64]float64{0: 0, 1: 1, 2: 2, 4: 1, 6: 0, 7: 0},
		},
		{"CosineDecayRestarts", list{1.0, int64(2)}, args{"m_mul": 0.5}, map[int64]float64{0: 1, 1: 0.5, 2: 0.5, 4: 0.25, 6: 0.25, 10: 0.125}},
		{"CosineDecayRestarts", list{1.0, int64(2), 1.0}, nil, map[int64]float64{0: 1, 1: 0.5, 2: 1, 5: 0.5}},
		{"PiecewiseConstantDecay", list{list{int64(2), int64(5)}, list{1.0, 0.5, 0.1}}, nil, map[int64]float64{0: 1, 2: 1, 3: 0.5, 5: 0.5, 6: 0.1}},
	}
	for _, tt := range tests {
		r, err := NewSchedule(params.Call{Name: tt.name, Args: tt.with, Positional: tt.args})
		if err != nil {
			t.Errorf("%s%v: %v", tt.name, tt.args, err)
			continue
		}
		for step, want := range tt.want {
			if got := r(step); !(math.Abs(got-want) < 1e-12) {
				t.Errorf("%s%v %v: step %d has rate %v, want %v", tt.name, tt.args, tt.with, step, got, want)
			}
		}
	}
}

func TestSchedulesRefused(t *testing.T) {
	type list = []params.Value
	tests := []struct {
		call params.Call
		want string
	}{
		{params.Call{Name: "StepDecay"}, "known: CosineDecay"},
		{params.Call{Name: "ExponentialDecay", Positional: list{0.1, int64(2)}}, "decay_rate is missing"},
		{params.Call{Name: "ExponentialDecay", Positional: list{0.1, int64(0), 0.5}}, "decay_steps must be greater than 0"},
		{params.Call{Name: "ExponentialDecay", Positional: list{0.1, int64(1), 0.5, true, "x", 1.0}}, "6 arguments, at most 5"},
		{params.Call{Name: "CosineDecay", Positional: list{0.1, int64(1)}, Args: args{"decay_rate": 0.5}}, "decay_rate is not supported"},
		{params.Call{Name: "CosineDecayRestarts", Positional: list{0.1, int64(1), 0.5}}, "t_mul"},
		{params.Call{Name: "PiecewiseConstantDecay", Positional: list{list{int64(1)}, list{0.5}}}, "one number more"},
		{params.Call{Name: "PiecewiseConstantDecay", Positional: list{list{int64(3), int64(1)}, list{0.5, 0.4, 0.3}}}, "must rise"},
		{params.Call{Name: "PiecewiseConstantDecay", Positional: list{0.5, list{0.5}}}, "list of numbers"},
	}
	for _, tt := range tests {
		_, err := New(params.Call{Name: "SGD", Args: args{"learning_rate": tt.call}})
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "learning_rate") {
			t.Errorf("%v: error %v, want one with %q", tt.call, err, tt.want)
		}
	}
	both := args{"learning_rate": params.Call{Name: "CosineDecay", Positional: list{0.1, int64(4)}}, "decay": 0.1}
	if _, err := New(params.Call{Name: "SGD", Args: both}); err == nil || !strings.Contains(err.Error(), "decay") {
		t.Errorf("schedule and decay: %v", err)
	}
}
