package expr

import "slices"

// A def is a function of Python: its bindings and its result, or another function that it returns.
type def struct {
	name   string
	pos    int
	params []parameter // those without a default have no value
	body   []binding
	inner  *def
	result binding
}

// module reads imports, constants and one def.
func (p *parser) module(f *Function) {
	var d *def
	for p.peek().kind != end {
		t := p.peek()
		switch {
		case t.kind == line:
			p.at++
		case t.indent > 0:
			p.fail(t.pos, "the line is indented, which goes with nothing before it")
		case d != nil && p.is("def"):
			p.fail(t.pos, "a second function: only one is read")
		case d != nil:
			p.fail(t.pos, "%s after the function: nothing may follow it", p.found())
		case p.is("import"):
			p.imports(f)
		case p.is("from"):
			p.importsFrom(f)
		case p.is("def"):
			d = p.def(0)
		default:
			f.constants = p.simple(f.constants)
		}
	}
	if d == nil {
		p.fail(p.peek().pos, "the text has no def f(y_true, y_pred)")
	}
	for ; d.inner != nil; d = d.inner {
		f.addParams(p, d.params)
		f.body = append(f.body, d.body...)
	}
	if len(d.params) < 2 {
		p.fail(d.pos, "%s has %d parameters; expected those for labels and output, as in def %s(y_true, y_pred)", d.name, len(d.params), d.name)
	}
	for _, first := range d.params[:2] {
		if first.value != nil {
			p.fail(first.value.pos, "%s has a default; labels and output, the first two parameters, have none", first.name)
		}
	}
	f.labels, f.output = d.params[0].name, d.params[1].name
	f.addParams(p, d.params[2:])
	f.body = append(append(f.body, d.body...), d.result)
}

// addParams adds parameters with defaults.
func (f *Function) addParams(p *parser, params []parameter) {
	for _, q := range params {
		if q.value == nil {
			p.fail(0, "the parameter %s has no default; only labels and output have none", q.name)
		}
		if slices.Contains(f.Arguments(), q.name) {
			p.fail(q.value.pos, "the parameter %s stands twice", q.name)
		}
		f.params = append(f.params, q)
	}
}

// path reads a.b.c.
func (p *parser) path() string {
	path := ""
	for {
		t := p.peek()
		if t.kind != name {
			p.fail(t.pos, "expected the name of a module, found %s", p.found())
		}
		p.at++
		path += t.text
		if !p.take(".") {
			return path
		}
		path += "."
	}
}

// word reads a name alone.
func (p *parser) word() string {
	t := p.peek()
	if t.kind != name {
		p.fail(t.pos, "expected a name, found %s", p.found())
	}
	p.at++
	return t.text
}

// imports reads import a.b as c, d.
func (p *parser) imports(f *Function) {
	p.at++
	for {
		pos, path := p.peek().pos, p.path()
		if !knownModule(path) {
			p.fail(pos, "the module %s is not read; known: %s", path, knownModules())
		}
		if p.take("as") {
			f.modules[p.word()] = path
		}
		if !p.take(",") {
			break
		}
	}
	p.endOfLine()
}

// importsFrom reads from a.b import c as d, e.
func (p *parser) importsFrom(f *Function) {
	p.at++
	pos, path := p.peek().pos, p.path()
	if !knownModule(path) {
		p.fail(pos, "the module %s is not read; known: %s", path, knownModules())
	}
	p.expect("import", "after the module")
	brackets := p.take("(")
	for {
		pos, item := p.peek().pos, p.word()
		full, as := path+"."+item, item
		if p.take("as") {
			as = p.word()
		}
		if !knownModule(full) && lookup(full) == nil && !isConstant(full) {
			p.fail(pos, "%s has no %s here", path, item)
		}
		f.modules[as] = full
		if !p.take(",") || brackets && p.is(")") {
			break
		}
	}
	if brackets {
		p.expect(")", "after the names")
	}
	p.endOfLine()
}

func (p *parser) endOfLine() {
	if t := p.peek(); t.kind != line && t.kind != end {
		p.fail(t.pos, "expected the end of the line, found %s", p.found())
	}
}

// def reads a function whose line is indented so far.
func (p *parser) def(indent int) *def {
	p.at++
	d := &def{pos: p.peek().pos, name: p.word()}
	p.expect("(", "after the name of the function")
	for !p.take(")") {
		d.params = append(d.params, p.parameter())
		if !p.take(",") && !p.is(")") {
			p.fail(p.peek().pos, "expected a comma or ), found %s", p.found())
		}
	}
	if p.take("->") {
		p.expr()
	}
	p.expect(":", "after the parameters")
	if p.peek().kind != line { // on the same line
		p.block(d, -1)
		return d
	}
	p.at++
	first := p.peek()
	if first.kind == end || first.indent <= indent {
		p.fail(first.pos, "expected the indented lines of %s, found %s", d.name, p.found())
	}
	p.block(d, first.indent)
	return d
}

func (p *parser) parameter() parameter {
	t := p.peek()
	if p.is("*", "**") {
		p.fail(t.pos, "parameters for any number of arguments are not read")
	}
	q := parameter{name: p.word()}
	if p.take(":") { // its type, which says nothing here
		p.expr()
	}
	if p.take("=") {
		q.value = p.expr()
	}
	return q
}

// block reads the lines of a function, which are indented so far; -1: they stand behind its colon.
func (p *parser) block(d *def, indent int) {
	p.deeper()
	defer func() { p.depth-- }()
	for {
		t := p.peek()
		if t.kind == line {
			p.at++
			continue
		}
		if t.kind == end || t.indent >= 0 && t.indent < indent || indent < 0 && t.indent >= 0 {
			p.fail(t.pos, "%s ends without return", d.name)
		}
		if t.indent > indent && t.indent >= 0 {
			p.fail(t.pos, "the line is indented more than those before it")
		}
		switch {
		case p.is("def") && d.inner != nil:
			p.fail(t.pos, "a second function inside %s: only one is read", d.name)
		case p.is("def"):
			d.inner = p.def(indent)
		case p.is("return"):
			p.result(d, indent)
			return
		case d.inner != nil:
			p.fail(t.pos, "after the function inside %s comes return %s, found %s", d.name, d.inner.name, p.found())
		default:
			d.body = p.simple(d.body)
		}
	}
}

// result reads return, after which the function ends.
func (p *parser) result(d *def, indent int) {
	p.at++
	pos := p.peek().pos
	if k := p.peek().kind; k == line || k == end {
		p.fail(pos, "return without a value")
	}
	d.result = binding{pos: pos, value: p.expr()}
	if p.is(",") {
		p.fail(p.peek().pos, "return of several values: expected one")
	}
	p.endOfLine()
	for p.peek().kind == line {
		p.at++
	}
	if t := p.peek(); t.kind != end && (t.indent < 0 || indent >= 0 && t.indent >= indent) {
		p.fail(t.pos, "%s after return: nothing may follow it", p.found())
	}
	if v := d.result.value; d.inner != nil && (v.form != formName || v.word != d.inner.name) {
		p.fail(pos, "a function that defines another one must return it: expected return %s", d.inner.name)
	}
}

// refusedWords begin statements that are not read, and why.
var refusedWords = map[string]string{
	"if": "write where(condition, a, b)", "for": "write an operation on whole arrays", "while": "write an operation on whole arrays",
	"with": "", "try": "", "class": "only def is read", "assert": "", "raise": "", "global": "", "nonlocal": "", "del": "", "pass": "",
	"yield": "", "async": "", "await": "", "print": "", "lambda": "write def", "@": "leave the decorator out",
}

// augmented are the assignments that change a name, with their operators.
var augmented = map[string]string{"+=": "+", "-=": "-", "*=": "*", "/=": "/", "**=": "**", "//=": "//"}

// simple reads an assignment or a comment in quotes.
func (p *parser) simple(body []binding) []binding {
	t := p.peek()
	next := p.tokens[min(p.at+1, len(p.tokens)-1)]
	if why, refused := refusedWords[t.text]; refused && (t.kind == name || t.kind == sign) {
		if why != "" {
			why = ": " + why
		}
		p.fail(t.pos, "%s is not read%s", t.text, why)
	}
	switch {
	case t.kind == text && next.kind == line:
		p.at++
		return body
	case t.kind == name && next.kind == sign && next.text == "=":
		p.at += 2
		body = append(body, binding{t.text, t.pos, p.expr()})
	case t.kind == name && next.kind == sign && augmented[next.text] != "":
		p.at += 2
		old := p.tree(tree{form: formName, pos: t.pos, word: t.text})
		value := tree{form: formBinary, pos: next.pos, word: augmented[next.text], items: []*tree{old, p.expr()}}
		body = append(body, binding{t.text, t.pos, p.tree(value)})
	case t.kind == name && next.kind == sign && next.text == ":":
		p.fail(next.pos, "types of names are not read: leave the type out")
	default:
		p.fail(t.pos, "expected name = value, or return, found %s", p.found())
	}
	p.endOfLine()
	return body
}
