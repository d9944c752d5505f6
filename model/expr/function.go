package expr

import (
	"maps"
	"slices"
	"strings"
)

// A Function is a loss or metric as a person wrote it. It is immutable.
type Function struct {
	Name, Text string

	source *source
	python bool // the text is a def
	// labels and output are the names of the first two parameters.
	labels, output string
	constants      []binding // before the def
	params         []parameter
	body           []binding         // in order; the last one is the result
	modules        map[string]string // what imports call modules and functions, with their full names
}

// A Set are functions by their names.
type Set map[string]*Function

// Names are the functions of a set, sorted.
func (s Set) Names() []string { return slices.Sorted(maps.Keys(s)) }

// Arguments are the names of the parameters beside labels and output, which have defaults.
func (f *Function) Arguments() []string {
	var names []string
	for _, p := range f.params {
		names = append(names, p.name)
	}
	return names
}

// IsBoolean tells whether the default of a parameter is True or False.
func (f *Function) IsBoolean(name string) bool {
	for _, p := range f.params {
		if p.name == name {
			return p.value.form == formBoolean
		}
	}
	return false
}

// Parse reads a text of either form. What depends on the shapes of arrays is for Bind. Errors are of type *params.Error.
func Parse(name, text string) (f *Function, err error) {
	defer catch(&err)
	p := &parser{source: &source{name, text}}
	p.tokens = p.source.tokens()
	f = &Function{Name: name, Text: text, source: p.source, labels: "y_true", output: "y_pred", modules: maps.Clone(usualModules)}
	if f.python = p.python(); f.python {
		p.module(f)
	} else {
		f.body = p.bindings([]string{f.labels, f.output})
	}
	return f, nil
}

// python tells whether the text is Python's def.
func (p *parser) python() bool {
	for i, t := range p.tokens {
		first := i == 0 || p.tokens[i-1].kind == line
		if first && (t.kind == name && slices.Contains([]string{"def", "import", "from", "async", "class"}, t.text) || t.kind == sign && t.text == "@") {
			return true
		}
	}
	return false
}

// bindings reads our own form: bindings, and an expression at the end, of values with these names.
func (p *parser) bindings(of []string) (body []binding) {
	for {
		for p.peek().kind == line {
			p.at++
		}
		if p.peek().kind == end && len(body) == 0 {
			p.fail(0, "the text is empty; expected an expression of %s", strings.Join(of, " and "))
		}
		if p.peek().kind == end {
			p.fail(p.peek().pos, "the text ends without a result: after the bindings comes an expression")
		}
		b, bound := p.binding(p.take("let"))
		body = append(body, b)
		if bound && (p.take("in") || p.peek().kind == line) {
			continue
		}
		if !bound {
			for p.peek().kind == line {
				p.at++
			}
			if p.peek().kind == end {
				return body
			}
			p.fail(p.peek().pos, "expected the end of the text after the result, found %s", p.found())
		}
		p.fail(p.peek().pos, "expected the end of the line after the binding, found %s", p.found())
	}
}

// binding reads name = value, which must be there after let, or else a value alone.
func (p *parser) binding(let bool) (b binding, bound bool) {
	t, next := p.peek(), p.tokens[min(p.at+1, len(p.tokens)-1)]
	if t.kind == name && next.kind == sign && next.text == "=" {
		p.at += 2
		return binding{t.text, t.pos, p.expr()}, true
	}
	if let {
		p.fail(t.pos, "expected name = value after let, found %s", p.found())
	}
	return binding{pos: t.pos, value: p.expr()}, false
}
