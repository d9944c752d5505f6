package optimizer

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

type args = map[string]params.Value

func TestRefused(t *testing.T) {
	tests := []struct {
		call params.Call
		want string
	}{
		{params.Call{Name: "LBFGS"}, "the nearest of 10 known: Lion, SGD, "},
		{params.Call{Name: ""}, "known"},
		{params.Call{Name: "SGD", Args: args{"beta_1": 0.9}}, "the nearest of 13 known: decay, "},
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
		{params.Call{Name: "Adam", Positional: []params.Value{0.1}, Args: args{"lr": 0.2}}, "given twice"},
		{params.Call{Name: "Lion", Positional: []params.Value{0.1, 0.9, 0.9, 0.1, 0.1}}, "5 arguments, at most 4"},
		{params.Call{Name: "RMSprop", Args: args{"rho": -0.1}}, "rho"},
		{params.Call{Name: "RMSprop", Args: args{"momentum": -1.0}}, "momentum"},
	}
	for _, tt := range tests {
		if _, err := New(tt.call); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want one with %q", tt.call, err, tt.want)
		}
	}
}

// TestPositional: arguments without names are those of Keras' signatures.
func TestPositional(t *testing.T) {
	for name, positional := range map[string][]params.Value{
		"SGD": {0.1, 0.5, true, 0.25}, "Adam": {0.1, 0.5, 0.75, 1e-3, true, 0.25}, "AdamW": {0.1, 0.25, 0.5, 0.75, 1e-3, true},
		"RMSprop": {0.1, 0.5, 0.25, 1e-3, true, 0.25}, "Adagrad": {0.1, 0.5, 1e-3, 0.25}, "Adadelta": {0.1, 0.5, 1e-3, 0.25},
		"Adamax": {0.1, 0.5, 0.75, 1e-3, 0.25}, "Nadam": {0.1, 0.5, 0.75, 1e-3, 0.25}, "Lion": {0.1, 0.5, 0.75, 0.25},
		"Ftrl": {0.1, -0.25, 0.5, 0.1, 0.2, 0.3, 0.4, 0.25},
	} {
		var order []string
		for _, row := range table {
			if row.name == name {
				order = row.order
			}
		}
		named := map[string]params.Value{"learning_rate": positional[0]}
		for i, v := range positional[1:] {
			named[order[i]] = v
		}
		got, err := New(params.Call{Name: name, Positional: positional})
		want, errNamed := New(params.Call{Name: name, Args: named})
		if err != nil || errNamed != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; with names %+v, %v", name, got, err, want, errNamed)
		}
	}
}
