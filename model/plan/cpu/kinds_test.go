package cpu

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
)

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
		for _, shape := range [][]int{{3, 4}, {4}} {
			rule, _ := o.Of("layer/weight", shape)
			found[rule.Kind()] = true
			if rules[rule.Kind()].rule != reflect.TypeOf(rule) {
				t.Errorf("%s: no kernel for %T", o.Name, rule)
			}
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
		{Code: plan.CodeUpdate, Attr: plan.UpdateAttr{Rule: optimizer.Lamb{}}},                        // of no shape
		{Code: plan.CodeUpdate, Attr: plan.UpdateAttr{Rule: optimizer.Muon{}, Shape: []int{2, 2, 2}}}, // no matrix
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
