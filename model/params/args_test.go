package params

import (
	"slices"
	"strings"
	"testing"
)

func TestArgs(t *testing.T) {
	a := NewArgs(Call{Name: "X", Args: map[string]Value{
		"lr": int64(2), "rho": 0.5, "epsilon": nil, "k": int64(3), "n": 4.0, "nesterov": true,
	}})
	if v := a.Float(1, "learning_rate", "lr"); v != 2 {
		t.Errorf("learning_rate = %v", v)
	}
	if v := a.Float(1, "rho"); v != 0.5 {
		t.Errorf("rho = %v", v)
	}
	if v := a.Float(1e-7, "epsilon"); v != 1e-7 {
		t.Errorf("epsilon = %v", v)
	}
	if k, n, absent := a.Int(5, "k"), a.Int(5, "n"), a.Int(5, "m"); k != 3 || n != 4 || absent != 5 {
		t.Errorf("k, n, m = %v, %v, %v", k, n, absent)
	}
	if yes, absent := a.Bool(false, "nesterov"), a.Bool(true, "amsgrad"); !yes || !absent {
		t.Errorf("nesterov, amsgrad = %v, %v", yes, absent)
	}
	if err := a.Check(); err != nil {
		t.Error(err)
	}
}

func TestTextArgs(t *testing.T) {
	a := NewArgs(Call{Called: true, Args: map[string]Value{
		"name": "x", "curve": "pr", "one": 0.5, "whole": int64(2), "list": []Value{int64(1), 0.5}, "none": nil,
	}})
	if s, absent := a.Text("", "name"), a.Text("y", "title"); s != "x" || absent != "y" {
		t.Errorf("texts %q, %q", s, absent)
	}
	if s, absent, none := a.Choice("ROC", "curve", "ROC", "PR"), a.Choice("a", "kind", "a", "b"), a.Choice("", "none", "a"); s != "PR" || absent != "a" || none != "" {
		t.Errorf("choices %q, %q, %q", s, absent, none)
	}
	for name, want := range map[string][]float64{"one": {0.5}, "whole": {2}, "list": {1, 0.5}, "none": nil, "absent": nil} {
		if got := a.FloatOrFloats(name); !slices.Equal(got, want) {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	if !a.Given("none") || a.Given("absent") || a.Has("none") || !a.Called() {
		t.Error("what is given is not known")
	}
	if err := a.Check(); err != nil {
		t.Error(err)
	}
	for want, read := range map[string]func(a *Args){
		"argument one must be a text, found 0.5":                       func(a *Args) { a.Text("", "one") },
		"argument curve must be one of ROC, PRG, found pr":             func(a *Args) { a.Choice("ROC", "curve", "ROC", "PRG") },
		"argument name must be a number or a list of numbers, found x": func(a *Args) { a.FloatOrFloats("name") },
		"argument texts must be a list of numbers, found x in it":      func(a *Args) { a.FloatOrFloats("texts") },
		"argument name is not supported (known: curve)":                func(a *Args) { a.Text("", "curve") },
	} {
		b := NewArgs(Call{Args: map[string]Value{"name": "x", "curve": "pr", "one": 0.5, "texts": []Value{"x"}}})
		read(b)
		if err := b.Check(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	c := Call{Name: "A", Args: map[string]Value{"name": "x", "k": int64(1)}}
	if d := c.Without("name"); len(d.Args) != 1 || len(c.Args) != 2 || c.String() != "A" {
		t.Errorf("%v without a name is %v", c, d)
	}
}

func TestRefusedArgs(t *testing.T) {
	read := func(a *Args) {
		a.Float(0, "learning_rate", "lr")
		a.Int(0, "k")
		a.Bool(false, "nesterov")
	}
	tests := []struct {
		args map[string]Value
		want string
	}{
		{map[string]Value{"lr": "x"}, `argument learning_rate must be a number, found x`},
		{map[string]Value{"lr": true}, `argument learning_rate must be a number, found true`},
		{map[string]Value{"k": 2.5}, `argument k must be a whole number, found 2.5`},
		{map[string]Value{"k": 1e300}, `argument k must be a whole number`},
		{map[string]Value{"nesterov": int64(1)}, `argument nesterov must be True or False, found 1`},
		{map[string]Value{"lr": 1.0, "learning_rate": 2.0}, `argument learning_rate is given twice, as learning_rate and lr`},
		{map[string]Value{"speed": 1.0}, `argument speed is not supported (known: learning_rate, k, nesterov)`},
	}
	for _, tt := range tests {
		a := NewArgs(Call{Args: tt.args})
		read(a)
		if err := a.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want %s", tt.args, err, tt.want)
		}
	}
	none := NewArgs(Call{Args: map[string]Value{"k": int64(1)}})
	if err := none.Check(); err == nil || err.Error() != "argument k is not supported (it takes none)" {
		t.Errorf("error %v", err)
	}
}

func TestPositionalArgs(t *testing.T) {
	c, err := ParseCompile("loss=mse, optimizer=SGD(learning_rate=Decay(0.1, [1, 2.5], rate=0.9))")
	if err != nil {
		t.Fatal(err)
	}
	schedule, ok := NewArgs(c.Optimizer).Call("learning_rate")
	if !ok {
		t.Fatalf("learning_rate is %v", c.Optimizer.Args["learning_rate"])
	}
	a := NewArgs(schedule)
	a.Order("start", "steps", "rate")
	start, steps, rate := a.RequiredFloat("start"), a.Floats("steps"), a.Float(0, "rate")
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
	if start != 0.1 || len(steps) != 2 || steps[0] != 1 || steps[1] != 2.5 || rate != 0.9 {
		t.Errorf("%v, %v, %v", start, steps, rate)
	}
	for _, tt := range []struct {
		order []string
		want  string
	}{
		{nil, "arguments need names"},
		{[]string{"start"}, "2 arguments, at most 1"},
		{[]string{"start", "rate"}, "given twice"},
	} {
		a := NewArgs(schedule)
		if tt.order != nil {
			a.Order(tt.order...)
		}
		if err := a.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("order %v: error %v, want one with %q", tt.order, err, tt.want)
		}
	}
	a = NewArgs(schedule)
	a.Order("start", "steps")
	a.RequiredFloat("end")
	if err := a.Check(); err == nil || !strings.Contains(err.Error(), "argument end is missing") {
		t.Errorf("missing argument: %v", err)
	}
}
