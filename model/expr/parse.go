package expr

import (
	"slices"
	"strconv"
)

// A parser reads tokens by recursive descent.
type parser struct {
	*source
	tokens []token
	at     int
	depth  int
	nodes  int
}

func (p *parser) peek() token { return p.tokens[p.at] }

// is tells whether a sign or word comes next.
func (p *parser) is(words ...string) bool {
	t := p.peek()
	return (t.kind == sign || t.kind == name) && slices.Contains(words, t.text)
}

// take skips a sign or word if it is next.
func (p *parser) take(word string) bool {
	if !p.is(word) {
		return false
	}
	p.at++
	return true
}

// expect skips a sign that must be next.
func (p *parser) expect(word, after string) {
	if !p.take(word) {
		p.fail(p.peek().pos, "expected %s %s, found %s", word, after, p.found())
	}
}

// found describes what comes next, for an error.
func (p *parser) found() string {
	switch t := p.peek(); t.kind {
	case end:
		return "the end of the text"
	case line:
		return "the end of the line"
	case text:
		return "a text"
	case number:
		return p.text[t.pos:t.end]
	default:
		return strconv.Quote(t.text)
	}
}

// tree counts the parts of the text.
func (p *parser) tree(t tree) *tree {
	if p.nodes++; p.nodes > MaxNodes {
		p.fail(t.pos, "the text has more than %d parts", MaxNodes)
	}
	return &t
}

// deeper bounds the recursion.
func (p *parser) deeper() {
	if p.depth++; p.depth > MaxDepth {
		p.fail(p.peek().pos, "brackets and operations nest deeper than %d", MaxDepth)
	}
}

// expr reads an expression.
func (p *parser) expr() *tree {
	p.deeper()
	defer func() { p.depth-- }()
	t := p.binary(0)
	if p.is("if") {
		p.fail(p.peek().pos, "if ... else is not read: write where(condition, a, b)")
	}
	return t
}

// levels are the operators that stand between two operands, from those that bind least; "not" stands before one, between levels
// 1 and 2.
var levels = [][]string{
	{"or"},
	{"and"},
	{"<", "<=", ">", ">=", "==", "!="},
	{"|"},
	{"^"},
	{"&"},
	{"+", "-"},
	{"*", "/", "//", "%", "@"},
}

const comparisons, notLevel = 2, 2

// binary reads operations of a level and those that bind more, from left to right.
func (p *parser) binary(level int) *tree {
	if level == notLevel && p.is("not") {
		pos := p.peek().pos
		p.at++
		p.deeper()
		operand := p.binary(level)
		p.depth--
		return p.tree(tree{form: formUnary, pos: pos, word: "not", items: []*tree{operand}})
	}
	if level == len(levels) {
		return p.factor()
	}
	left := p.binary(level + 1)
	for n := 0; p.is(levels[level]...); n++ {
		t := p.peek()
		p.at++
		if level == comparisons && n > 0 {
			p.fail(t.pos, "a second comparison of one value: write (a < b) & (b < c)")
		}
		form := formBinary
		if level == comparisons {
			form = formCompare
		}
		left = p.tree(tree{form: form, pos: t.pos, word: t.text, items: []*tree{left, p.binary(level + 1)}})
	}
	return left
}

// factor reads signs before an operand, and powers, which bind more than these.
func (p *parser) factor() *tree {
	p.deeper()
	defer func() { p.depth-- }()
	if t := p.peek(); p.is("-", "+", "~") {
		p.at++
		return p.tree(tree{form: formUnary, pos: t.pos, word: t.text, items: []*tree{p.factor()}})
	}
	base := p.postfix()
	if t := p.peek(); p.take("**") {
		return p.tree(tree{form: formBinary, pos: t.pos, word: "**", items: []*tree{base, p.factor()}})
	}
	return base
}

// postfix reads an operand with what follows it: .name, (arguments), [index].
func (p *parser) postfix() *tree {
	t := p.atom()
	for {
		next := p.peek()
		switch {
		case p.take("."):
			if p.peek().kind != name {
				p.fail(p.peek().pos, "expected a name after the point, found %s", p.found())
			}
			if t.form != formName {
				p.fail(next.pos, "attributes of values are not read: write the function, such as sum(x)")
			}
			t.word += "." + p.peek().text
			p.at++
		case p.take("("):
			t = p.arguments(t)
		case p.take("["):
			t = p.index(t, next.pos)
		default:
			return t
		}
	}
}

// arguments reads those of a call up to the closing bracket.
func (p *parser) arguments(function *tree) *tree {
	if function.form != formName {
		p.fail(function.pos, "only functions can be called")
	}
	call := tree{form: formCall, pos: function.pos, word: function.word, items: []*tree{function}}
	for !p.take(")") {
		t, next := p.peek(), p.tokens[min(p.at+1, len(p.tokens)-1)]
		switch {
		case p.is("*", "**"):
			p.fail(t.pos, "arguments from lists are not read")
		case t.kind == name && next.kind == sign && next.text == "=":
			if slices.Contains(call.names, t.text) {
				p.fail(t.pos, "%s is given twice", t.text)
			}
			call.names = append(call.names, t.text)
			p.at += 2
		case len(call.names) > 0:
			p.fail(t.pos, "an argument without a name after one with a name")
		}
		call.items = append(call.items, p.expr())
		if !p.take(",") && !p.is(")") {
			p.fail(p.peek().pos, "expected a comma or ), found %s", p.found())
		}
	}
	return p.tree(call)
}

// index reads what stands in square brackets behind a value.
func (p *parser) index(array *tree, pos int) *tree {
	t := tree{form: formIndex, pos: pos, items: []*tree{array}}
	for !p.take("]") {
		t.items = append(t.items, p.indexItem())
		if !p.take(",") && !p.is("]") {
			p.fail(p.peek().pos, "expected a comma or ], found %s", p.found())
		}
	}
	if len(t.items) == 1 {
		p.fail(pos, "the index is empty")
	}
	return p.tree(t)
}

func (p *parser) indexItem() *tree {
	pos := p.peek().pos
	if p.take("...") {
		return p.tree(tree{form: formAll, pos: pos})
	}
	var from, to *tree
	if !p.is(":") {
		from = p.expr()
	}
	if !p.take(":") {
		return from
	}
	if !p.is(",", "]", ":") {
		to = p.expr()
	}
	if p.is(":") {
		p.fail(p.peek().pos, "ranges with a step are not read")
	}
	return p.tree(tree{form: formRange, pos: pos, items: []*tree{from, to}})
}

// reserved are words of Python that no expression begins with.
var reserved = []string{"lambda", "if", "for", "in", "is", "await", "yield", "import", "def", "return", "let"}

// atom reads a number, name, text, or expressions in brackets.
func (p *parser) atom() *tree {
	t := p.peek()
	switch {
	case t.kind == number:
		p.at++
		return p.tree(tree{form: formNumber, pos: t.pos, num: t.num, whole: t.whole})
	case t.kind == text:
		p.at++
		return p.tree(tree{form: formText, pos: t.pos, word: t.text})
	case t.kind == name && !slices.Contains(reserved, t.text) && t.text != "and" && t.text != "or" && t.text != "not":
		p.at++
		switch t.text {
		case "None":
			return p.tree(tree{form: formNone, pos: t.pos})
		case "True", "False":
			out := tree{form: formBoolean, pos: t.pos}
			if t.text == "True" {
				out.num = 1
			}
			return p.tree(out)
		}
		return p.tree(tree{form: formName, pos: t.pos, word: t.text})
	case p.take("("):
		items, comma := p.items(")")
		if len(items) == 1 && !comma {
			return items[0]
		}
		return p.tree(tree{form: formList, pos: t.pos, items: items})
	case p.take("["):
		items, _ := p.items("]")
		return p.tree(tree{form: formList, pos: t.pos, items: items})
	}
	if t.kind == name {
		p.fail(t.pos, "%s is not read here", t.text)
	}
	p.fail(t.pos, "expected a value, found %s", p.found())
	return nil
}

// items reads expressions up to a closing bracket; comma tells whether there was any.
func (p *parser) items(closing string) (items []*tree, comma bool) {
	for !p.take(closing) {
		items = append(items, p.expr())
		if p.take(",") {
			comma = true
		} else if !p.is(closing) {
			p.fail(p.peek().pos, "expected a comma or %s, found %s", closing, p.found())
		}
	}
	return items, comma
}
