package expr

import (
	"maps"
	"slices"
)

// A Formula is an expression of numbers that have names, such as a learning rate of epoch and lr. It is immutable.
type Formula struct {
	source *source
	names  []string
	body   []binding
}

// ParseFormula reads a text in our own form, or Python's lambda, whose parameters are called as they are there. Whether it makes sense says At. Errors are of
// type *params.Error.
func ParseFormula(name, text string, names ...string) (f *Formula, err error) {
	defer catch(&err)
	p := &parser{source: &source{name, text}}
	p.tokens = p.source.tokens()
	f = &Formula{source: p.source, names: names}
	if p.take("lambda") {
		f.names = p.lambda(len(names))
	}
	f.body = p.bindings(names)
	return f, nil
}

// lambda reads the names of at most so many parameters.
func (p *parser) lambda(most int) (names []string) {
	for !p.take(":") {
		t := p.peek()
		switch {
		case t.kind != name:
			p.fail(t.pos, "expected the name of a parameter, found %s", p.found())
		case len(names) == most:
			p.fail(t.pos, "%d parameters are given, %s is one more", most, t.text)
		case slices.Contains(names, t.text):
			p.fail(t.pos, "the parameter %s stands twice", t.text)
		}
		names = append(names, t.text)
		p.at++
		if !p.take(",") && !p.is(":") {
			p.fail(p.peek().pos, "expected : after the parameters, found %s", p.found())
		}
	}
	return names
}

// At is the value of the formula where its names have these values, in their order, in double precision. It may be infinite, or no number.
func (f *Formula) At(values ...float64) (result float64, err error) {
	defer catch(&err)
	b := &binder{source: f.source, writer: writer{seen: map[string]int{}}, modules: maps.Clone(usualModules), pos: -1}
	scope := map[string]value{}
	for i, name := range f.names {
		scope[name] = number64(values[i])
	}
	var v value
	for _, bound := range f.body {
		v = b.eval(bound.value, scope)
		scope[bound.name] = v
	}
	if v.kind != ofNumber {
		b.fail(f.body[len(f.body)-1].value.pos, "the result is %s, expected a number", b.describe(v))
	}
	return v.num, nil
}
