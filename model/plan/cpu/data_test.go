package cpu

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
)

// kinds are the structs that an attribute may hold behind one of its two interfaces, by the interface and the struct's name.
func kinds() map[reflect.Type]map[string]reflect.Type {
	forms, ofRules := map[string]reflect.Type{}, map[string]reflect.Type{}
	for _, k := range losses {
		forms[k.form.Name()] = k.form
	}
	for _, k := range rules {
		ofRules[k.rule.Name()] = k.rule
	}
	return map[reflect.Type]map[string]reflect.Type{
		reflect.TypeFor[loss.Form]():      forms,
		reflect.TypeFor[optimizer.Rule](): ofRules,
	}
}

// TestAttributesAreData: the attributes of every opcode, form and rule consist of exported numbers, texts, and structs and lists of them.
func TestAttributesAreData(t *testing.T) {
	for code, r := range table {
		plainType(t, code, r.attr)
	}
}

func plainType(t *testing.T, path string, typ reflect.Type) {
	t.Helper()
	switch typ.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint8, reflect.Uint64, reflect.Float32, reflect.Float64, reflect.String:
	case reflect.Slice, reflect.Array, reflect.Pointer:
		plainType(t, path, typ.Elem())
	case reflect.Struct:
		for f := range typ.NumField() {
			field := typ.Field(f)
			if !field.IsExported() {
				t.Errorf("%s.%s is not exported", path, field.Name)
			}
			plainType(t, path+"."+field.Name, field.Type)
		}
	case reflect.Interface:
		known := kinds()[typ]
		if known == nil {
			t.Errorf("%s is of interface type %v", path, typ)
		}
		for name, form := range known {
			plainType(t, path+"("+name+")", form)
		}
	default:
		t.Errorf("%s is of type %v", path, typ)
	}
}

// tree is a value as what JSON can hold without loss: numbers are texts.
func tree(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return v.String()
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Uint8, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'x', -1, 64)
	case reflect.Pointer:
		return tree(v.Elem())
	case reflect.Interface:
		return map[string]any{v.Elem().Type().Name(): tree(v.Elem())}
	case reflect.Slice, reflect.Array:
		list := []any{}
		for i := range v.Len() {
			list = append(list, tree(v.Index(i)))
		}
		return list
	case reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			fields[v.Type().Field(i).Name] = tree(v.Field(i))
		}
		return fields
	}
	panic(fmt.Sprintf("a value of type %v", v.Type()))
}

// grow sets a value to what tree made of one.
func grow(v reflect.Value, from any) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(from.(bool))
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(from.(string), 10, 64)
		v.SetInt(must(n, err))
	case reflect.Uint8, reflect.Uint64:
		n, err := strconv.ParseUint(from.(string), 10, 64)
		v.SetUint(must(n, err))
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(from.(string), 64)
		v.SetFloat(must(n, err))
	case reflect.String:
		v.SetString(from.(string))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		grow(v.Elem(), from)
	case reflect.Interface:
		for name, value := range from.(map[string]any) {
			form := reflect.New(kinds()[v.Type()][name]).Elem()
			grow(form, value)
			v.Set(form)
		}
	case reflect.Slice:
		list := from.([]any)
		if len(list) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		}
		for i, e := range list {
			grow(v.Index(i), e)
		}
	case reflect.Struct:
		for name, value := range from.(map[string]any) {
			grow(v.FieldByName(name), value)
		}
	default:
		panic(fmt.Sprintf("a value of type %v", v.Type()))
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// An encoded instruction has its attributes as a tree.
type encoded struct {
	plan.Instr
	Attr any
}

// sent is a plan that was written as JSON and read again: what another process would have of it.
func sent(t *testing.T, p *plan.Plan) *plan.Plan {
	t.Helper()
	type whole struct {
		plan.Plan
		Instrs []encoded
	}
	out := whole{Plan: *p}
	for _, in := range p.Instrs {
		e := encoded{Instr: in}
		if in.Attr != nil {
			e.Attr = tree(reflect.ValueOf(in.Attr))
		}
		out.Instrs = append(out.Instrs, e)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	var back whole
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	q := back.Plan
	q.Instrs = nil
	for _, e := range back.Instrs {
		in := e.Instr
		if e.Attr != nil {
			attr := reflect.New(table[in.Code].attr).Elem()
			grow(attr, e.Attr)
			in.Attr = attr.Interface()
		}
		q.Instrs = append(q.Instrs, in)
	}
	return &q
}

// TestPlansAreData: plans of every layer, loss and optimizer survive being written as text and read again, and give the same bits.
func TestPlansAreData(t *testing.T) {
	for i, m := range testModels() {
		spec := m.Spec(t)
		for _, training := range []bool{true, false} {
			o := graph.Options{Batch: 6, Training: training, Losses: m.LossList(t)}
			checkSent(t, m.Name, spec, o, optimizers(t)[i%len(optimizers(t))])
		}
	}
	network := testModels()[0]
	spec := network.Spec(t)
	for _, opt := range optimizers(t) {
		checkSent(t, opt.Name, spec, graph.Options{Batch: 6, Training: true, Losses: network.LossList(t)}, opt)
	}
	for _, activation := range []string{"softmax", "sigmoid", "softplus"} {
		spec := testModel{JSON: sequential(4, fmt.Sprintf(`Dense {"units":3,"activation":%q}`, activation))}.Spec(t)
		for _, call := range lossCalls() {
			l, err := loss.New(call)
			if err != nil {
				t.Fatal(err)
			}
			if l.Labels == loss.Sequences { // of frames: among the test models
				continue
			}
			checkSent(t, call.Name+" of "+activation, spec, graph.Options{Batch: 6, Training: true, Losses: []*loss.Loss{l}}, optimizers(t)[0])
		}
	}
}

// checkSent compares a plan and what it does in three steps with those of the plan that was sent.
func checkSent(t *testing.T, name string, spec *keras.Spec, o graph.Options, opt *optimizer.Optimizer) {
	t.Helper()
	g, err := graph.Build(spec, o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	p, err := plan.Compile(g, Device{}, opt)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	q := sent(t, p)
	if p.String() != q.String() {
		t.Errorf("%s: the plan\n%vbecame\n%v", name, p, q)
	}
	if want, got := steps(t, spec, p, opt), steps(t, spec, q, opt); !slices.EqualFunc(want, got, sameBits) {
		t.Errorf("%s: the plan that was sent does something else", name)
	}
}

func sameBits(a, b float32) bool { return a == b || a != a && b != b }

// steps is all memory after three steps of a plan.
func steps(t *testing.T, spec *keras.Spec, p *plan.Plan, opt *optimizer.Optimizer) (all []float32) {
	t.Helper()
	mem, err := Device{}.NewMemory(p.Sizes)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	copy(mem.Host(plan.Ref{Space: plan.Weights, Len: spec.NumWeights}), randomWeights(spec, rng))
	for _, r := range p.Inputs {
		copy(mem.Host(r), normals(r.Len, rng))
	}
	for _, r := range p.Labels {
		copy(mem.Host(r), oneHot(p.Batch, r.Len/p.Batch, rng))
	}
	for _, r := range p.Scales {
		copy(mem.Host(r), normals(r.Len, rng))
	}
	program, err := Device{}.Bind(p, mem)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := program.Run(&plan.Step{Seed: 3, Counter: uint64(i), Scalars: opt.Scalars(int64(i))}); err != nil {
			t.Fatal(err)
		}
	}
	for s, n := range p.Sizes {
		all = append(all, mem.Host(plan.Ref{Space: plan.Space(s), Len: n})...)
	}
	return all
}
