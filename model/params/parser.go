package params

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a parameter text.
const (
	MaxBytes = 64 << 10
	MaxDepth = 32
)

// A parser reads text[pos:end] by recursive descent. Its methods stop at the first problem by panicking with an *Error,
// which parse recovers.
type parser struct {
	param string
	text  string
	pos   int
	end   int
	depth int
	// modules: names may stand behind those of their modules, as in keras.callbacks.EarlyStopping.
	modules bool
	// operators is how many operators of arithmetic were read.
	operators int
}

// parse runs read on a new parser and returns its first problem.
func parse(param, text string, read func(*parser)) (err error) {
	p := &parser{param: param, text: text, end: len(text)}
	defer func() {
		if r := recover(); r != nil {
			problem, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			err = problem
		}
	}()
	if len(text) > MaxBytes {
		p.text = text[:MaxBytes]
		p.fail(0, "the text has %d bytes, more than %d", len(text), MaxBytes)
	}
	if !utf8.ValidString(text) {
		p.text = strings.ToValidUTF8(text, "?")
		p.fail(0, "the text is not valid UTF-8")
	}
	p.text = withoutComments(p.text)
	read(p)
	return nil
}

// withoutComments has spaces in the place of Python's comments: # and what follows on its line.
func withoutComments(text string) string {
	if !strings.Contains(text, "#") {
		return text
	}
	out := []byte(text)
	var quote byte // of the text that is open
	comment := false
	for i := 0; i < len(out); i++ {
		switch c := out[i]; {
		case c == '\n':
			quote, comment = 0, false
		case comment:
			out[i] = ' '
		case quote != 0 && c == '\\':
			i++
		case c == quote:
			quote = 0
		case quote == 0 && c == '#':
			out[i], comment = ' ', true
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		}
	}
	return string(out)
}

// fail reports a problem at byte offset pos.
func (p *parser) fail(pos int, format string, v ...any) {
	panic(&Error{Param: p.param, Text: p.text, Pos: pos, Msg: fmt.Sprintf(format, v...)})
}

// peek skips white space and returns the next character, 0 at the end.
func (p *parser) peek() rune {
	for p.pos < p.end {
		r, size := utf8.DecodeRuneInString(p.text[p.pos:p.end])
		if !unicode.IsSpace(r) {
			return r
		}
		p.pos += size
	}
	return 0
}

// take skips the character r if it is next.
func (p *parser) take(r rune) bool {
	if p.peek() != r || r == 0 {
		return false
	}
	p.pos += utf8.RuneLen(r)
	return true
}

// found describes what comes next, for an error.
func (p *parser) found() string {
	r := p.peek()
	switch {
	case p.pos >= p.end:
		return "the end of the text"
	case isNameStart(r):
		return p.text[p.pos:p.nameEnd()]
	}
	return strconv.QuoteRune(r)
}

// arguments reads name=value pairs up to the end, or up to closing, which is consumed.
func (p *parser) arguments(closing rune) []arg {
	var args []arg
	seen := map[string]bool{}
	for !p.closed(closing) {
		r := p.peek()
		pos := p.pos
		if !isNameStart(r) {
			p.fail(pos, "expected name=value, found %s", p.found())
		}
		key := p.text[pos:p.nameEnd()]
		p.pos += len(key)
		if !p.take('=') {
			p.fail(p.pos, "expected = after %s, found %s", key, p.found())
		}
		if seen[key] {
			p.fail(pos, "%s is given twice", key)
		}
		seen[key] = true
		inCallbacks := p.modules
		p.modules = p.modules || closing == 0 && key == "callbacks"
		args = append(args, arg{name: key, pos: pos, value: p.expr()})
		p.modules = inCallbacks
		p.separate(closing)
	}
	return args
}

// positional reads the values without a name at the start of a call; closed tells whether closing came after them.
func (p *parser) positional(closing rune) (values []expr, closed bool) {
	for !p.named() {
		if p.closed(closing) {
			return values, true
		}
		values = append(values, p.expr())
		if !p.separate(closing) {
			return values, p.closed(closing)
		}
	}
	return values, false
}

// named tells whether name= comes next.
func (p *parser) named() bool {
	if !isNameStart(p.peek()) {
		return false
	}
	pos := p.pos
	p.pos = p.nameEnd()
	named := p.peek() == '='
	p.pos = pos
	return named
}

// closed consumes the closing bracket, or for closing 0 tells whether the text is at its end.
func (p *parser) closed(closing rune) bool {
	if closing == 0 {
		p.peek()
		return p.pos >= p.end
	}
	return p.take(closing)
}

// separate consumes the comma after an item, and tells whether there was one; before the closing it may be missing.
func (p *parser) separate(closing rune) bool {
	if p.take(',') {
		return true
	}
	next := p.peek()
	switch {
	case closing == 0 && p.pos < p.end:
		p.fail(p.pos, "expected a comma, found %s", p.found())
	case closing != 0 && next != closing:
		p.fail(p.pos, "expected a comma or %q, found %s", closing, p.found())
	}
	return false
}

// deeper counts a value inside another.
func (p *parser) deeper() {
	if p.depth++; p.depth > MaxDepth {
		p.fail(p.pos, "brackets nest deeper than %d", MaxDepth)
	}
}

// expr reads one value, or numbers with arithmetic between them.
func (p *parser) expr() expr { return p.sum() }

// single reads a value without arithmetic around it.
func (p *parser) single() expr {
	r := p.peek()
	e := expr{pos: p.pos}
	switch {
	case r == '\'' || r == '"':
		p.quoted(&e)
	case r == '[':
		p.pos++
		e.kind = list
		e.items, _ = p.elements(']')
	case r == '(':
		p.pos++
		p.parenthesis(&e)
	case r == '{':
		p.pos++
		p.dict(&e)
	case r == '.' || r >= '0' && r <= '9':
		p.number(&e)
	case isNameStart(r):
		p.nameOrCall(&e)
	default:
		p.fail(p.pos, "expected a value, found %s", p.found())
	}
	if e.end == 0 { // a value in brackets has kept its own end
		e.end = len(strings.TrimRightFunc(p.text[:p.pos], unicode.IsSpace))
	}
	return e
}

// elements reads values up to closing; comma tells whether there was any.
func (p *parser) elements(closing rune) (items []expr, comma bool) {
	for !p.closed(closing) {
		items = append(items, p.expr())
		comma = p.separate(closing) || comma
	}
	return items, comma
}

// parenthesis reads a tuple, or a value in brackets, whose place is that of the value.
func (p *parser) parenthesis(e *expr) {
	items, comma := p.elements(')')
	if len(items) == 1 && !comma {
		*e = items[0]
		return
	}
	e.kind, e.items = tuple, items
}

func (p *parser) dict(e *expr) {
	e.kind = dict
	seen := map[Value]bool{}
	for !p.closed('}') {
		key := p.expr()
		switch key.kind {
		case boolean, integer, float, text:
		default:
			p.fail(key.pos, "the key of a dict must be a literal, found %s", key.kind)
		}
		if seen[key.literal] {
			p.fail(key.pos, "key %s is given twice", p.text[key.pos:key.end])
		}
		seen[key.literal] = true
		if !p.take(':') {
			p.fail(p.pos, "expected : after the key %s, found %s", p.text[key.pos:key.end], p.found())
		}
		e.keys = append(e.keys, key)
		e.items = append(e.items, p.expr())
		p.separate('}')
	}
}

// quoted reads a text in single or double quotes, with Python's common escapes.
func (p *parser) quoted(e *expr) {
	quote := p.text[p.pos]
	if triple := strings.Repeat(string(quote), 3); strings.HasPrefix(p.text[p.pos:p.end], triple) {
		p.fail(p.pos, "triple quotes are not supported")
	}
	var out strings.Builder
	for i := p.pos + 1; i < p.end; i++ {
		switch c := p.text[i]; c {
		case quote:
			p.pos = i + 1
			e.kind, e.literal = text, out.String()
			if next := p.peek(); next == '\'' || next == '"' {
				p.fail(p.pos, "expected a comma, found another text")
			}
			return
		case '\n':
			p.fail(p.pos, "the text that starts here is not closed on its line")
		case '\\':
			i++
			if i == p.end {
				break
			}
			escaped, ok := escapes[p.text[i]]
			if !ok {
				p.fail(i-1, "escape \\%c is not supported", p.text[i])
			}
			out.WriteByte(escaped)
		default:
			out.WriteByte(c)
		}
	}
	p.fail(p.pos, "the text that starts here is not closed")
}

var escapes = map[byte]byte{'\\': '\\', '\'': '\'', '"': '"', 'n': '\n', 't': '\t', 'r': '\r'}

// number reads an integer or float.
func (p *parser) number(e *expr) {
	start := p.pos
	i := start
	digits := func() int {
		from := i
		digit := func(i int) bool { return i < p.end && p.text[i] >= '0' && p.text[i] <= '9' }
		for digit(i) || i > from && p.text[i-1] != '_' && i < p.end && p.text[i] == '_' && digit(i+1) {
			i++
		}
		return i - from
	}
	e.kind = integer
	whole := digits()
	fraction := 0
	if i < p.end && p.text[i] == '.' {
		e.kind = float
		i++
		fraction = digits()
	}
	if whole+fraction == 0 {
		p.fail(start, "expected a number")
	}
	if i < p.end && (p.text[i] == 'e' || p.text[i] == 'E') {
		e.kind = float
		i++
		if i < p.end && (p.text[i] == '-' || p.text[i] == '+') {
			i++
		}
		if digits() == 0 {
			p.fail(start, "the number %s has no exponent", p.text[start:i])
		}
	}
	if next, _ := utf8.DecodeRuneInString(p.text[i:p.end]); i < p.end && (isNamePart(next) || next == '.') {
		p.fail(start, "malformed number")
	}
	digitsText := strings.ReplaceAll(p.text[start:i], "_", "")
	p.pos = i
	if e.kind == float {
		f, err := strconv.ParseFloat(digitsText, 64)
		if err != nil || math.IsInf(f, 0) {
			p.fail(start, "the number %s is out of range", digitsText)
		}
		e.literal = f
		return
	}
	if len(digitsText) > 1 && digitsText[0] == '0' {
		p.fail(start, "an integer may not start with 0")
	}
	n, err := strconv.ParseInt(digitsText, 10, 64)
	if err != nil {
		p.fail(start, "the integer %s is out of range", digitsText)
	}
	e.literal = n
}

// kerasModules are the modules before a name of Keras in Python, as in tf.keras.optimizers.Adam. They say nothing here.
var kerasModules = map[string]bool{
	"K": true, "api": true, "callbacks": true, "compat": true, "experimental": true, "keras": true, "layers": true, "learning_rate_schedule": true,
	"legacy": true, "losses": true, "metrics": true, "mixed_precision": true, "optimizers": true, "python": true, "Reduction": true, "schedules": true,
	"src": true, "tensorflow": true, "tf": true, "tf_keras": true, "v1": true, "v2": true,
	// those of optimizers in tf.keras up to 2.8
	"adadelta_v2": true, "adagrad_v2": true, "adam_v2": true, "adamax_v2": true, "gradient_descent_v2": true, "nadam_v2": true, "rmsprop_v2": true,
}

// nameOrCall reads None, True, False, a name, or a call.
func (p *parser) nameOrCall(e *expr) {
	e.name = p.text[p.pos:p.nameEnd()]
	p.pos += len(e.name)
	switch e.name {
	case "None":
		e.kind = none
		return
	case "True", "False":
		e.kind, e.literal = boolean, e.name == "True"
		return
	}
	for next := p.peek(); next == '.'; next = p.peek() {
		p.pos++
		if !isNameStart(p.peek()) {
			p.fail(p.pos, "expected a name, found %s", p.found())
		}
		if !p.modules && !kerasModules[e.name] {
			p.fail(e.pos, "%s is no module of Keras", p.text[e.pos:p.pos-1])
		}
		e.name = p.text[p.pos:p.nameEnd()]
		e.module = true
		p.pos += len(e.name)
	}
	e.kind = name
	if next := p.peek(); next == '\'' || next == '"' {
		p.fail(e.pos, "a prefix before a text is not supported")
	}
	if p.take('(') {
		e.kind = call
		var closed bool
		if e.unnamed, closed = p.positional(')'); !closed {
			e.args = p.arguments(')')
		}
	}
}

// nameEnd is the end of the name that starts at the current position.
func (p *parser) nameEnd() int {
	for i, r := range p.text[p.pos:p.end] {
		if !isNamePart(r) {
			return p.pos + i
		}
	}
	return p.end
}

func isNameStart(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func isNamePart(r rune) bool { return isNameStart(r) || unicode.IsDigit(r) }
