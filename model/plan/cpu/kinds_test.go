package cpu

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
)

// lossCalls are all losses, and those with arguments that change their form.
func lossCalls() []params.Call {
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

// optimizers are all optimizers, with what all of them can have among them.
func optimizers(t *testing.T) (all []*optimizer.Optimizer) {
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
		params.Call{Name: "SGD", Args: args{"momentum": 0.9, "nesterov": true}})
	for _, call := range calls {
		o, err := optimizer.New(call)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// TestEveryKind: the device has a kernel for every loss, every optimizer and every way to clip, and no others.
func TestEveryKind(t *testing.T) {
	forms, found := map[string]bool{}, map[string]bool{}
	for _, call := range lossCalls() {
		l, err := loss.New(call)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []loss.Form{l.Output, l.Logits, l.SoftmaxLogits} {
			if f == nil {
				continue
			}
			forms[f.Kind()] = true
			if losses[f.Kind()].form != reflect.TypeOf(f) {
				t.Errorf("%v: no kernel for %T", call, f)
			}
		}
	}
	if len(forms) != len(losses) {
		t.Errorf("kernels for %v, losses have %v", slices.Sorted(maps.Keys(losses)), slices.Sorted(maps.Keys(forms)))
	}
	for _, o := range optimizers(t) {
		found[o.Rule.Kind()] = true
		if rules[o.Rule.Kind()].rule != reflect.TypeOf(o.Rule) {
			t.Errorf("%s: no kernel for %T", o.Name, o.Rule)
		}
		if o.Rule.Slots() > len(slots{}) {
			t.Errorf("%s has %d slots", o.Name, o.Rule.Slots())
		}
	}
	if len(found) != len(rules) {
		t.Errorf("kernels for %v, optimizers have %v", slices.Sorted(maps.Keys(rules)), slices.Sorted(maps.Keys(found)))
	}
}

// A foreign form and rule are of no kind that the device knows.
type foreign struct{}

func (foreign) Kind() string { return "huber" }
func (foreign) Slots() int   { return 0 }

// TestForeignAttributes: attributes of another type or kind are an error, where a plan is compiled and where it is bound.
func TestForeignAttributes(t *testing.T) {
	for _, in := range []plan.Instr{
		{Code: graph.CodeDense},
		{Code: graph.CodeDense, Attr: graph.RowsAttr{}},
		{Code: graph.CodeDense, Attr: &graph.DenseAttr{}},
		{Code: graph.CodeAdd, Attr: graph.RowsAttr{}},
		{Code: graph.CodeLoss, Attr: graph.LossAttr{}},
		{Code: graph.CodeLoss, Attr: graph.LossAttr{Form: foreign{}}},
		{Code: plan.CodeUpdate, Attr: plan.UpdateAttr{}},
		{Code: plan.CodeUpdate, Attr: plan.UpdateAttr{Rule: foreign{}}},
		{Code: plan.CodeClip, Attr: plan.ClipAttr{}},
	} {
		if _, err := (Device{}).Scratch(&in); err == nil {
			t.Errorf("scratch of %s with %#v: no error", in.Code, in.Attr)
		}
		mem, _ := Device{}.NewMemory(plan.Sizes{})
		if _, err := (Device{}).Bind(&plan.Plan{Instrs: []plan.Instr{in}}, mem); err == nil {
			t.Errorf("bound %s with %#v", in.Code, in.Attr)
		}
	}
}
