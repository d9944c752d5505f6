package optimizer

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/params/paramstest"
)

type args = map[string]params.Value

func TestRefused(t *testing.T) {
	tests := []struct {
		call params.Call
		want string
	}{
		{params.Call{Name: "LBFGS"}, "the nearest of 14 known: Lamb, Lion, SGD"},
		{params.Call{Name: ""}, "known"},
		{params.Call{Name: "SGD", Args: args{"beta_1": 0.9}}, "the nearest of 15 known: decay, "},
		{params.Call{Name: "SGD", Args: args{"lr": 0.1, "learning_rate": 0.1}}, "given twice"},
		{params.Call{Name: "SGD", Args: args{"nesterov": 0.5}}, "True or False"},
		{params.Call{Name: "SGD", Args: args{"lr": "big"}}, "must be a number"},
		{params.Call{Name: "SGD", Args: args{"lr": -0.1}}, "must not be negative"},
		{params.Call{Name: "SGD", Args: args{"lr": math.NaN()}}, "must not be negative"},
		{params.Call{Name: "SGD", Args: args{"momentum": 1.5}}, "from 0 to 1"},
		{params.Call{Name: "Adam", Args: args{"beta_1": int64(1)}}, "below 1"},
		{params.Call{Name: "Adam", Args: args{"use_ema": true, "ema_momentum": 1.5}}, "ema_momentum"},
		{params.Call{Name: "Adam", Args: args{"use_ema": true, "ema_overwrite_frequency": int64(0)}}, "ema_overwrite_frequency"},
		{params.Call{Name: "Adam", Args: args{"gradient_accumulation_steps": int64(1)}}, "at least 2, found 1"},
		{params.Call{Name: "Adam", Args: args{"loss_scale_factor": 0.0}}, "loss_scale_factor must be above 0, found 0"},
		{params.Call{Name: "Adam", Args: args{"loss_scale_factor": math.Inf(1)}}, "loss_scale_factor"},
		{params.Call{Name: "LossScaleOptimizer"}, "inner_optimizer must be an optimizer, found <nil>"},
		{params.Call{Name: "LossScaleOptimizer", Positional: []params.Value{"adam"}, Args: args{"initial_scale": -1.0}}, "initial_scale"},
		{params.Call{Name: "LossScaleOptimizer", Positional: []params.Value{"adam"}, Args: args{"dynamic_growth_steps": int64(0)}}, "dynamic_growth_steps"},
		{params.Call{Name: "LossScaleOptimizer", Positional: []params.Value{"adam"}, Args: args{"clipnorm": 1.0}}, "clipnorm is not supported"},
		{params.Call{Name: "LossScaleOptimizer", Positional: []params.Value{params.Call{Name: "LossScaleOptimizer"}}}, "unknown optimizer"},
		{params.Call{Name: "Adafactor", Args: args{"beta_2_decay": 0.5}}, "beta_2_decay"},
		{params.Call{Name: "Adafactor", Args: args{"clip_threshold": 0.0}}, "clip_threshold"},
		{params.Call{Name: "ScheduleFreeAdamW", Args: args{"beta_1": 0.0}}, "beta_1 must be above 0"},
		{params.Call{Name: "ScheduleFreeAdamW", Args: args{"warmup_steps": int64(-1)}}, "warmup_steps"},
		{params.Call{Name: "Muon", Args: args{"ns_steps": int64(-1)}}, "ns_steps"},
		{params.Call{Name: "Muon", Args: args{"exclude_layers": "a"}}, "a list of texts, found a"},
		{params.Call{Name: "Muon", Args: args{"exclude_layers": []params.Value{0.5}}}, "a list of texts, found 0.5 in it"},
		{params.Call{Name: "Muon", Args: args{"exclude_layers": []params.Value{"("}}}, "missing closing )"},
		{params.Call{Name: "Adam", Args: args{"clipnorm": -1.0}}, "clipnorm"},
		{params.Call{Name: "Adam", Args: args{"clipnorm": 1.0, "clipvalue": 1.0}}, "at most one"},
		{params.Call{Name: "AdamW", Args: args{"weight_decay": -0.1}}, "weight_decay"},
		{params.Call{Name: "Lion", Args: args{"beta_1": int64(0)}}, "beta_1"},
		{params.Call{Name: "Ftrl", Args: args{"learning_rate_power": 0.5}}, "learning_rate_power"},
		{params.Call{Name: "Adagrad", Args: args{"initial_accumulator_value": -0.5}}, "initial_accumulator_value"},
		{params.Call{Name: "Adam", Positional: []params.Value{0.1}, Args: args{"lr": 0.2}}, "given twice"},
		{params.Call{Name: "Lion", Positional: slices.Repeat([]params.Value{nil}, 14)}, "14 arguments, at most 13"},
		{params.Call{Name: "RMSprop", Args: args{"rho": -0.1}}, "rho"},
		{params.Call{Name: "RMSprop", Args: args{"momentum": -1.0}}, "momentum"},
	}
	for _, tt := range tests {
		if _, err := New(tt.call); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want one with %q", tt.call, err, tt.want)
		}
	}
}

// TestCheckOrder: of arguments whose places differ by the version of Keras, what each was taken for is said, and what can only be of Keras 2.0 to 2.3 refused.
func TestCheckOrder(t *testing.T) {
	for _, tt := range []struct{ text, notice, refused string }{
		{"RMSprop(0.001, 0.9)", "", ""},
		{"RMSprop(0.001, 0.9, 1e-8, 0.0)", "", "argument 3 is momentum, found 1e-08; Keras 2.0 to 2.3 have epsilon in its place: write epsilon=1e-08"},
		{"RMSprop(0.001, 0.9, None, 0.0)", "", "argument 4 is epsilon, found 0; Keras 2.0 to 2.3 have decay in its place: write decay=0"},
		{"RMSprop(0.001, 0.9, 0.5, 1e-6)", "arguments of RMSprop without names are taken as momentum=0.5, epsilon=1e-06; Keras 2.0 to 2.3 have epsilon, decay in these places", ""},
		{"RMSprop(0.001, 0.9, momentum=1e-8)", "", ""},
		{"SGD(0.01, 0.9)", "", ""},
		{"SGD(0.01, 0.9, True)", "", ""},
		{"SGD(0.01, 0.9, 1e-6, True)", "", "argument 3 is nesterov, found 1e-06; Keras 2.0 to 2.3 have decay in its place: write decay=1e-06"},
		{"Adam(0.001, 0.9, 0.999, 1e-8)", "", ""},
		{"Adam(0.001, 0.9, 0.999, 1e-8, 0.0)", "", "argument 5 is amsgrad, found 0; Keras 2.0 to 2.3 have decay"},
		{"Adam(0.001, 0.9, 0.999, 1e-8, True)", "", ""},
		{"Adam(0.001, 0.9, 0.999, 1e-8, True, 0.01)", "", ""},
		{"RMSprop(0.001, 0.9, 0.5, 1e-6, False)", "", ""},
		{"Adam(0.001, 0.9, 0.999, 1e-8, 0.0, True)", "", "argument 5 is amsgrad, found 0; Keras 2.0 to 2.3 have decay"},
		{"Adagrad(0.01, 1e-8, 0.0)", "", "argument 2 is initial_accumulator_value, found 1e-08; Keras 2.0 to 2.3 have epsilon"},
		{"Adagrad(0.01, 0.1)", "taken as initial_accumulator_value=0.1; ", ""},
		{"Adadelta(1.0, 0.95, 1e-8, 0.5)", "taken as weight_decay=0.5; ", ""},
		{"Adamax(0.002, 0.9, 0.999, 1e-8, 0.5)", "taken as weight_decay=0.5; ", ""},
		{"Nadam(0.002, 0.9, 0.999, 1e-8, 0.004)", "taken as weight_decay=0.004; Keras 2.0 to 2.3 have schedule_decay", ""},
		{"Lion(0.001, 0.9, 0.99, 0.004)", "", ""},
		{"LossScaleOptimizer(RMSprop(0.001, 0.9, 1e-8))", "", "argument 3 is momentum"},
	} {
		c, err := params.ParseCompile("loss=mse, optimizer=" + tt.text)
		if err != nil {
			t.Fatal(err)
		}
		notice, err := CheckOrder(c.Optimizer)
		if tt.refused != "" {
			if err == nil || !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("%s: error %v, want one with %q", tt.text, err, tt.refused)
			}
			continue
		}
		if err != nil || !strings.Contains(notice, tt.notice) || (notice == "") != (tt.notice == "") {
			t.Errorf("%s: notice %q and error %v, want %q", tt.text, notice, err, tt.notice)
		}
	}
}

// TestPositional: arguments without names are those of Keras' signatures, and mean what they mean with their names.
func TestPositional(t *testing.T) {
	paramstest.Signatures(t, "signatures.txt", []string{lossScale, "MultiOptimizer", "Optimizer", "OptimizerMap"}, func(class string) ([]string, bool) {
		i := slices.IndexFunc(table, func(row entry) bool { return row.name == class })
		if i < 0 {
			return nil, false
		}
		return positional(table[i].order), true
	})
	paramstest.Signatures(t, "schedules.txt", []string{"LearningRateSchedule"}, func(class string) ([]string, bool) {
		for _, row := range schedules {
			if row.name == class {
				return row.order, true
			}
		}
		return nil, false
	})
	got, err := New(params.Call{Name: "SGD", Positional: []params.Value{0.1, 0.5, true, 0.25, nil, 2.0, nil, true, 0.75, int64(3), 8.0, int64(4), "x"}})
	want, errNamed := New(params.Call{Name: "SGD", Args: args{
		"learning_rate": 0.1, "momentum": 0.5, "nesterov": true, "weight_decay": 0.25, "clipvalue": 2.0, "use_ema": true, "ema_momentum": 0.75,
		"ema_overwrite_frequency": int64(3), "gradient_accumulation_steps": int64(4),
	}})
	if err != nil || errNamed != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; with names %+v, %v", got, err, want, errNamed)
	}
}

// A loss scale changes nothing: the optimizer inside is made, under its own name.
func TestLossScale(t *testing.T) {
	want, err := New(params.Call{Name: "Adam", Args: args{"beta_1": 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	inside := params.Call{Name: "adam", Args: args{"beta_1": 0.5}}
	for _, call := range []params.Call{
		{Name: "LossScaleOptimizer", Positional: []params.Value{inside}},
		{Name: "lossscaleoptimizer", Args: args{"inner_optimizer": inside, "initial_scale": 1024.0, "dynamic_growth_steps": int64(3), "name": "x"}},
		{Name: "Adam", Args: args{"beta_1": 0.5, "loss_scale_factor": 8.0}},
	} {
		if got, err := New(call); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, %v", call, got, err)
		}
	}
	if o, err := New(params.Call{Name: "LossScaleOptimizer", Positional: []params.Value{"sgd"}}); err != nil || o.Name != "SGD" {
		t.Errorf("by name: %+v, %v", o, err)
	}
}

// Rules and their corrections count steps of the rule, schedules all steps.
func TestAccumulation(t *testing.T) {
	o, err := New(params.Call{Name: "Adam", Args: args{
		"gradient_accumulation_steps": int64(3), "use_ema": true, "ema_overwrite_frequency": int64(2),
		"learning_rate": params.Call{Name: "InverseTimeDecay", Positional: []params.Value{1.0, int64(1), 1.0}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := New(params.Call{Name: "Adam"})
	if err != nil {
		t.Fatal(err)
	}
	if o.Accumulation != 3 || o.Slots() != 4 {
		t.Errorf("%+v: %d slots", o, o.Slots())
	}
	for i := range int64(9) {
		s, ratio := o.Scalars(i), plain.Scalars(i/3)
		if s.Hold != (i%3 != 2) || s.First != (i < 3) || s.Overwrite != (i/3 == 1) || s.Rate != 1/float64(i+1) {
			t.Errorf("step %d: %+v", i, s)
		}
		if got, want := s.Corrected/s.Rate, ratio.Corrected/ratio.Rate; math.Abs(got-want) > 1e-12 {
			t.Errorf("step %d: corrected by %v, want %v", i, got, want)
		}
	}
}

// Muon's rule is for matrices that are neither embeddings nor excluded; all others have Adam's.
func TestMuonOrAdam(t *testing.T) {
	o, err := New(params.Call{Name: "Muon", Args: args{"exclude_layers": []params.Value{"^out/", "d.2"}, "adam_weight_decay": nil, "weight_decay": 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path  string
		shape []int
		muon  bool
	}{
		{"d1/kernel", []int{3, 4}, true},
		{"d1/bias", []int{4}, false},
		{"c/kernel", []int{3, 3, 1, 4}, false},
		{"tok/Embeddings", []int{9, 4}, false},
		{"out/kernel", []int{3, 4}, false},
		{"d12/kernel", []int{3, 4}, false},
		{"without/kernel", []int{3, 4}, true},
	} {
		rule, decay := o.Of(c.path, c.shape)
		if _, muon := rule.(Muon); muon != c.muon || decay != map[bool]float64{true: 0.5}[muon] {
			t.Errorf("%s %v: %T, decay %v", c.path, c.shape, rule, decay)
		}
	}
	if o.Slots() != 2 || !o.ByArray() {
		t.Errorf("%+v", o)
	}
}

// What follows Keras' formulas in float64, for the steps 1 to 4.
func TestCorrections(t *testing.T) {
	make := func(name string, a args) *Optimizer {
		o, err := New(params.Call{Name: name, Args: a})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	factor, free, lamb := make("Adafactor", args{"learning_rate": 0.6}), make("ScheduleFreeAdamW", args{"warmup_steps": int64(2), "beta_2": 0.5}), make("Lamb", args{"beta_1": 0.5, "beta_2": 0.25})
	for i := range int64(4) {
		n := float64(i + 1)
		if s := factor.Scalars(i); s.Rate != 0.6 || s.Corrected != min(0.6, 1/math.Sqrt(n)) || math.Abs(s.Square-(1-math.Pow(n, -0.8))) > 1e-15 {
			t.Errorf("Adafactor, step %v: %+v", n, s)
		}
		if s := free.Scalars(i); s.Rate != 0.0025 || s.Corrected != 0.0025*min(n/2, 1) || s.Mean != 1/n || s.Square != 1/(1-math.Pow(0.5, n)) || s.Begin != (i == 0) {
			t.Errorf("ScheduleFreeAdamW, step %v: %+v", n, s)
		}
		if s := lamb.Scalars(i); s.Mean != 1/(1-math.Pow(0.5, n)) || s.Square != 1/(1-math.Pow(0.25, n)) || s.Begin {
			t.Errorf("Lamb, step %v: %+v", n, s)
		}
	}
}

// The correction of a running mean has the bits of its formula also where it does without the power.
func TestCorrection(t *testing.T) {
	for _, beta := range []float64{0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999} {
		around := 38 / (1 - beta)
		for _, n := range []float64{1, 2, 10, around / 2, around - 1, around, around + 1, around + 2, 2 * around} {
			n = math.Max(1, math.Floor(n))
			if got, want := correction(beta, n), 1-math.Pow(float64(float32(beta)), n); got != want {
				t.Errorf("1 - %v^%v is %v, want %v", beta, n, got, want)
			}
		}
	}
}
