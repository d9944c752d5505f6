package expr

import (
	"slices"
	"strings"
)

// A definition is a function that texts can call: written in Go, or in our own form.
type definition struct {
	name string // in our own form
	// spelled are the modules that have it, each with its name there where that is another one: "K tf:reduce_sum".
	spelled string
	// params are its parameters with their defaults: "x axis=None". A parameter may have other names: "x|input".
	params string
	make   func(b *binder, a *arguments) value
	text   string // instead of make

	body []binding
}

// arguments are those of a call.
type arguments struct {
	*definition
	b      *binder
	pos    int
	word   string // the function as it was written
	values map[string]value
	places map[string]int
	given  map[string]bool
}

// call is the value of a call.
func (b *binder) call(t *tree, scope map[string]value) value {
	if _, bound := scope[t.word]; bound {
		b.fail(t.pos, "%s is a value, and only functions can be called", t.word)
	}
	b.noAttribute(t, scope)
	d := lookup(b.full(t.word))
	if d == nil {
		b.unknown(t.items[0])
	}
	a := b.arguments(d, t, scope)
	if d.make != nil {
		return d.make(b, a)
	}
	outer, outerModules, python := b.pos, b.modules, b.python
	if b.pos < 0 {
		b.pos = t.pos
	}
	b.modules, b.python = nil, false
	inner := a.values
	var v value
	for _, bound := range d.body {
		v = b.eval(bound.value, inner)
		inner[bound.name] = v
	}
	b.pos, b.modules, b.python = outer, outerModules, python
	return v
}

// arguments pairs those of a call with the parameters of a function.
func (b *binder) arguments(d *definition, t *tree, scope map[string]value) *arguments {
	a := &arguments{
		definition: d, b: b, pos: t.pos, word: t.word,
		values: map[string]value{}, places: map[string]int{}, given: map[string]bool{},
	}
	params := strings.Fields(d.params)
	unnamed := len(t.items) - 1 - len(t.names)
	if unnamed > len(params) {
		b.fail(t.pos, "%s takes at most %d arguments, found %d", t.word, len(params), unnamed)
	}
	var known []string
	used := map[string]bool{"name": true} // TensorFlow's name of an operation says nothing here
	for i, p := range params {
		spelling, otherwise, optional := strings.Cut(p, "=")
		names := strings.Split(spelling, "|")
		known = append(known, names[0])
		item := (*tree)(nil)
		if i < unnamed {
			item = t.items[1+i]
		}
		for _, name := range names {
			used[name] = true
			k := slices.Index(t.names, name)
			if k >= 0 && item != nil {
				b.fail(t.items[1+unnamed+k].pos, "%s is given twice", name)
			}
			if k >= 0 {
				item = t.items[1+unnamed+k]
			}
		}
		switch {
		case item != nil:
			a.values[names[0]], a.places[names[0]], a.given[names[0]] = b.eval(item, scope), item.pos, true
		case optional:
			a.values[names[0]], a.places[names[0]] = defaultOf(otherwise), t.pos
		default:
			b.fail(t.pos, "%s needs the argument %s", t.word, names[0])
		}
	}
	for k, name := range t.names {
		if !used[name] {
			b.fail(t.items[1+unnamed+k].pos, "%s has no argument %s; known: %s", t.word, name, strings.Join(known, ", "))
		}
	}
	return a
}

// defaultOf is the default of a parameter in the table.
func defaultOf(word string) value {
	switch word {
	case "None":
		return value{kind: ofNone}
	case "True":
		return value{kind: ofBoolean, num: 1}
	case "False":
		return value{kind: ofBoolean}
	case "-1":
		return value{kind: ofNumber, num: -1, whole: true}
	case "0":
		return value{kind: ofNumber, whole: true}
	case "1":
		return value{kind: ofNumber, num: 1, whole: true}
	case "5":
		return value{kind: ofNumber, num: 5, whole: true}
	case "0.5":
		return number64(0.5)
	case "epsilon":
		return constants["epsilon"]
	case "1e-12":
		return number64(1e-12)
	}
	panic("expr: the default " + word)
}

// x is an argument that is an array or a number.
func (a *arguments) x(name string) value {
	v := a.values[name]
	if v.kind != ofArray && v.kind != ofNumber && v.kind != ofBoolean {
		a.b.fail(a.places[name], "%s: argument %s must be an array or a number, found %s", a.word, name, a.b.describe(v))
	}
	return v
}

// flag is an argument that is True or False.
func (a *arguments) flag(name string) bool {
	v := a.values[name]
	if v.kind != ofBoolean && (v.kind != ofNumber || v.num != 0 && v.num != 1) {
		a.b.fail(a.places[name], "%s: argument %s must be True or False, found %s", a.word, name, a.b.describe(v))
	}
	return v.num != 0
}

// axis is an argument that is an axis of an array, counted from the front.
func (a *arguments) axis(name string, of value) int {
	return a.axisOf(a.values[name], name, len(a.b.shape(of)))
}

func (a *arguments) axisOf(v value, name string, dims int) int {
	if v.kind != ofNumber || !v.whole {
		a.b.fail(a.places[name], "%s: argument %s must be a whole number, found %s", a.word, name, a.b.describe(v))
	}
	if v.num < float64(-dims) || v.num >= float64(dims) {
		a.b.fail(a.places[name], "%s: the axis %v of an array of %d dimensions", a.word, v.num, dims)
	}
	if v.num < 0 {
		return int(v.num) + dims
	}
	return int(v.num)
}

// axes are those of an argument that is an axis, a list of them, or None for all, which is nil; ascending.
func (a *arguments) axes(name string, of value) []int {
	dims := len(a.b.shape(of))
	switch v := a.values[name]; {
	case of.kind != ofArray || v.kind == ofNone:
		return nil
	case v.kind == ofList:
		axes := []int{}
		for _, item := range v.items {
			axes = append(axes, a.axisOf(item, name, dims))
		}
		slices.Sort(axes)
		if len(slices.Compact(slices.Clone(axes))) != len(axes) {
			a.b.fail(a.places[name], "%s: an axis stands twice in argument %s", a.word, name)
		}
		return axes
	default:
		return []int{a.axisOf(v, name, dims)}
	}
}
