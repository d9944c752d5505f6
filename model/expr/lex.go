package expr

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/beamfit/beamfit/model/params"
)

// Limits of a text.
const (
	// MaxBytes is the length of a text.
	MaxBytes = 32 << 10
	// MaxDepth is how deep brackets and operations nest.
	MaxDepth = 100
	// MaxNodes is the number of parts of a text, and of operations of a program.
	MaxNodes = 2000
	// MaxRank is the number of dimensions of an array.
	MaxRank = 6
	// MaxElements is the number of elements of an array per row, where the model's output has no more.
	MaxElements = 1 << 16
	// TotalFactor is how many times the most elements of one array all arrays of a program may have together.
	TotalFactor = 16
)

// A source is a text, by which errors say where they are.
type source struct{ name, text string }

// fail reports a problem at byte offset pos. It panics with a *params.Error, which catch turns into an error.
func (s *source) fail(pos int, format string, v ...any) {
	panic(&params.Error{Param: "function " + s.name, Text: s.text, Pos: pos, Msg: fmt.Sprintf(format, v...)})
}

// catch is deferred by whatever returns the problem of a fail.
func catch(err *error) {
	if r := recover(); r != nil {
		problem, ok := r.(*params.Error)
		if !ok {
			panic(r)
		}
		*err = problem
	}
}

// A kind of token.
type kind uint8

const (
	end    kind = iota // of the text
	line               // the end of a line that no bracket and no backslash goes on from; or a semicolon
	name               // a word
	number             // without a sign
	text               // in quotes
	sign               // an operator or a bracket
)

// A token is a word or sign of a text.
type token struct {
	kind     kind
	text     string // of a name or sign; the content of a text
	num      float64
	whole    bool // a number without point and exponent
	pos, end int
	indent   int // of the first token of a line: how far it is from the margin; of others -1
}

// signs are the longest ones first.
var signs = []string{
	"**=", "//=", "...", "**", "//", "+=", "-=", "*=", "/=", "->", "<=", ">=", "==", "!=",
	"+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";",
}

// tokens divides a text.
func (s *source) tokens() []token {
	if len(s.text) > MaxBytes {
		n := len(s.text)
		s.text = strings.ToValidUTF8(s.text[:MaxBytes], "?")
		s.fail(0, "the text has %d bytes, more than %d", n, MaxBytes)
	}
	if !utf8.ValidString(s.text) {
		s.text = strings.ToValidUTF8(s.text, "?")
		s.fail(0, "the text is not valid UTF-8")
	}
	l := lexer{source: s, indent: 0}
	for l.pos < len(s.text) {
		l.next()
	}
	l.newline(len(s.text))
	return append(l.out, token{kind: end, pos: len(s.text), end: len(s.text), indent: -1})
}

// A lexer divides source.text[pos:].
type lexer struct {
	*source
	pos      int
	out      []token
	brackets int // open ones
	indent   int // of the next token where it is the first of its line, else -1
}

// next reads a token, or skips what is none.
func (l *lexer) next() {
	r, size := utf8.DecodeRuneInString(l.text[l.pos:])
	switch {
	case r == '\n':
		if l.brackets == 0 {
			l.newline(l.pos)
			l.indent = 0
		}
		l.pos++
	case r == '\\' && strings.HasPrefix(strings.TrimLeft(l.text[l.pos+1:], "\r"), "\n"):
		l.pos += 1 + strings.IndexByte(l.text[l.pos:], '\n')
	case r == '#':
		if n := strings.IndexByte(l.text[l.pos:], '\n'); n >= 0 {
			l.pos += n
		} else {
			l.pos = len(l.text)
		}
	case unicode.IsSpace(r):
		if l.indent >= 0 {
			l.indent++
			if r == '\t' {
				l.indent = (l.indent + 7) / 8 * 8
			}
		}
		l.pos += size
	case r == '\'' || r == '"':
		l.quoted(l.pos)
	case r == '_' || unicode.IsLetter(r):
		l.word()
	case r >= '0' && r <= '9' || r == '.' && l.pos+1 < len(l.text) && l.text[l.pos+1] >= '0' && l.text[l.pos+1] <= '9':
		l.number()
	default:
		l.sign(r)
	}
}

// newline ends the line, where there is anything on it.
func (l *lexer) newline(pos int) {
	if n := len(l.out); n > 0 && l.out[n-1].kind != line {
		l.out = append(l.out, token{kind: line, pos: pos, end: pos, indent: -1})
	}
}

// add adds a token that ends at a place.
func (l *lexer) add(t token, at int) {
	if len(l.out) >= 4*MaxNodes {
		l.fail(l.pos, "the text has more than %d words and signs", 4*MaxNodes)
	}
	t.pos, t.end, t.indent = l.pos, at, l.indent
	l.pos, l.indent = at, -1
	l.out = append(l.out, t)
}

func (l *lexer) word() {
	at := len(l.text)
	for i, r := range l.text[l.pos:] {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			at = l.pos + i
			break
		}
	}
	word := l.text[l.pos:at]
	if at < len(l.text) && (l.text[at] == '\'' || l.text[at] == '"') {
		if !slices.Contains([]string{"r", "R", "u", "U"}, word) {
			l.fail(l.pos, "a text with the prefix %s is not read", word)
		}
		l.quoted(at)
		return
	}
	l.add(token{kind: name, text: word}, at)
}

// quoted reads a text whose quote is at a place. Escapes stay as they are: texts are names of types and comments.
func (l *lexer) quoted(at int) {
	quote := l.text[at : at+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(l.text[at:], triple) {
		quote = triple
	}
	from := at + len(quote)
	for i := from; i < len(l.text); i++ {
		switch {
		case l.text[i] == '\\':
			i++
		case strings.HasPrefix(l.text[i:], quote):
			l.add(token{kind: text, text: l.text[from:i]}, i+len(quote))
			return
		case l.text[i] == '\n' && len(quote) == 1:
			l.fail(at, "the text that starts here is not closed on its line")
		}
	}
	l.fail(at, "the text that starts here is not closed")
}

func (l *lexer) number() {
	i := l.pos
	digits := func() (n int) {
		for ; i < len(l.text) && l.text[i] >= '0' && l.text[i] <= '9'; i++ {
			n++
		}
		return n
	}
	whole := true
	digits()
	if i < len(l.text) && l.text[i] == '.' {
		whole = false
		i++
		digits()
	}
	if i < len(l.text) && (l.text[i] == 'e' || l.text[i] == 'E') {
		whole = false
		i++
		if i < len(l.text) && (l.text[i] == '-' || l.text[i] == '+') {
			i++
		}
		if digits() == 0 {
			l.fail(l.pos, "the number %s has no exponent", l.text[l.pos:i])
		}
	}
	if r, _ := utf8.DecodeRuneInString(l.text[i:]); i < len(l.text) && (r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)) {
		l.fail(l.pos, "malformed number: digits, a point and an exponent are read")
	}
	v, err := strconv.ParseFloat(l.text[l.pos:i], 64)
	if err != nil || math.IsInf(v, 0) {
		l.fail(l.pos, "the number %s is out of range", l.text[l.pos:i])
	}
	l.add(token{kind: number, num: v, whole: whole}, i)
}

func (l *lexer) sign(r rune) {
	for _, s := range signs {
		if !strings.HasPrefix(l.text[l.pos:], s) {
			continue
		}
		switch s {
		case "(", "[", "{":
			l.brackets++
		case ")", "]", "}":
			l.brackets = max(l.brackets-1, 0)
		case ";":
			if l.brackets == 0 {
				l.newline(l.pos)
				l.pos++
				return
			}
		}
		l.add(token{kind: sign, text: s}, l.pos+len(s))
		return
	}
	l.fail(l.pos, "unexpected character %q", r)
}
