package plantest

import (
	"testing"

	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
)

type args = map[string]params.Value

// LossCalls are all losses, and those with arguments that change their form.
func LossCalls() []params.Call {
	var calls []params.Call
	for _, name := range loss.Names() {
		calls = append(calls, params.Call{Name: name})
	}
	for _, with := range []args{
		{"from_logits": true},
		{"label_smoothing": 0.2},
		{"ignore_class": int64(1)},
		{"ignore_class": int64(0), "from_logits": true},
		{"apply_class_balancing": true},
		{"axis": int64(-1)},
		{"q": 0.7},
		{"delta": 0.3},
		{"remove_diagonal": false},
	} {
		for _, name := range loss.Names() {
			call := params.Call{Name: name, Args: with}
			if _, err := loss.New(call); err == nil {
				calls = append(calls, call)
			}
		}
	}
	return calls
}

// Optimizers are all optimizers, with what all of them can have among them.
func Optimizers(t testing.TB) (all []*optimizer.Optimizer) {
	t.Helper()
	options := []args{
		nil, {"clipnorm": 0.1}, {"use_ema": true, "ema_overwrite_frequency": int64(2)}, {"global_clipnorm": 0.1, "weight_decay": 0.1}, {"clipvalue": 0.01},
	}
	var calls []params.Call
	for i, name := range optimizer.Names() {
		calls = append(calls, params.Call{Name: name, Args: options[i%len(options)]})
	}
	calls = append(calls,
		params.Call{Name: "Adam", Args: args{"amsgrad": true}},
		params.Call{Name: "RMSprop", Args: args{"centered": true, "momentum": 0.9}},
		params.Call{Name: "SGD", Args: args{"momentum": 0.9, "nesterov": true}},
		params.Call{Name: "Adam", Args: args{"gradient_accumulation_steps": int64(2), "clipnorm": 0.1, "weight_decay": 0.1, "use_ema": true}},
		params.Call{Name: "Muon", Args: args{"nesterov": false, "rms_rate": nil, "ns_steps": int64(2)}})
	for _, call := range calls {
		o, err := optimizer.New(call)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}
