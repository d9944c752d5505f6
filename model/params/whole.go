package params

import (
	"slices"
	"strings"
	"unicode"
)

// insideCall goes on with the arguments where the text is a whole call of a method, as model.compile(...), and tells so. A name for its result and a
// semicolon may stand around it as in Python.
func (p *parser) insideCall(method string) bool {
	start := p.pos
	path := p.path()
	if p.take('=') {
		path = p.path()
	}
	if len(path) < 2 || !slices.Contains(methods, path[len(path)-1]) || !p.take('(') {
		p.pos = start
		return false
	}
	if called := path[len(path)-1]; called != method {
		p.fail(start, "expected the arguments of %s, found a call of %s", method, called)
	}
	call := strings.TrimRightFunc(p.text[:p.end], func(r rune) bool { return unicode.IsSpace(r) || r == ';' })
	if len(call) <= p.pos || !strings.HasSuffix(call, ")") {
		p.fail(len(call), "expected ) at the end of the call of %s", strings.Join(path, "."))
	}
	p.end = len(call) - 1
	return true
}

// methods are those whose arguments the texts are.
var methods = []string{"compile", "fit"}

// path reads names with points between them.
func (p *parser) path() (names []string) {
	for isNameStart(p.peek()) {
		end := p.nameEnd()
		names = append(names, p.text[p.pos:end])
		p.pos = end
		if !p.take('.') {
			break
		}
	}
	return names
}
