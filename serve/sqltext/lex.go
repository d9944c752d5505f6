package sqltext

import "strings"

// A Kind is what a token is.
type Kind byte

// The kinds of tokens.
const (
	Word      Kind = iota // an identifier without quotes, or a key word
	Quoted                // an identifier in double quotes, also U&"..."
	String                // a string constant, which has no type of its own: '...', E'...', U&'...', N'...', $$...$$; with what it goes on with in other lines
	Bits                  // B'...' or X'...'; so too
	Number                // a numeric constant
	Parameter             // $1
	Operator              // all else: punctuation one by one, operators as long as they are
)

// A Token is text[Start:End].
type Token struct {
	Kind       Kind
	Start, End int
}

// A lexer cuts text into tokens.
type lexer struct {
	text string
	at   int
	// escapes says that backslashes are escapes in plain strings: standard_conforming_strings is off.
	escapes bool
	// signs is the end of a run of + and - of which each is an operator.
	signs int
}

// next skips white space and comments and returns the next token, false at the end.
func (l *lexer) next() (Token, bool) {
	l.skip()
	if l.at == len(l.text) {
		return Token{}, false
	}
	t := Token{Start: l.at}
	t.Kind, l.at = l.scan(l.at)
	t.End = l.at
	return t, true
}

func (l *lexer) skip() {
	for l.at < len(l.text) {
		switch rest := l.text[l.at:]; {
		case isSpace(rest[0]):
			l.at++
		case strings.HasPrefix(rest, "--"):
			l.at = lineEnd(l.text, l.at)
		case strings.HasPrefix(rest, "/*"):
			l.at = commentEnd(l.text, l.at)
		default:
			return
		}
	}
}

// scan finds the kind and the end of the token that begins at i.
func (l *lexer) scan(i int) (Kind, int) {
	s, c := l.text, l.text[i]
	switch {
	case c == '\'':
		return String, stringEnd(s, i, l.escapes)
	case c == '"':
		return Quoted, quoteEnd(s, i, false)
	case c == '$':
		return l.dollar(i)
	case isDigit(c), c == '.' && isDigit(at(s, i+1)):
		return Number, numberEnd(s, i)
	case isWordStart(c):
		return l.word(i)
	case strings.IndexByte(operatorChars, c) >= 0:
		return Operator, l.operatorEnd(i)
	case strings.HasPrefix(s[i:], ":=") || strings.HasPrefix(s[i:], "::"):
		return Operator, i + 2
	}
	return Operator, i + 1
}

// word is a word, or a constant or name with a prefix.
func (l *lexer) word(i int) (Kind, int) {
	s := l.text
	end := i + 1
	for end < len(s) && isWordPart(s[end]) {
		end++
	}
	prefix := strings.ToLower(s[i:end])
	switch next := at(s, end); {
	case next == '\'' && prefix == "e":
		return String, stringEnd(s, end, true)
	case next == '\'' && prefix == "n":
		return String, stringEnd(s, end, l.escapes)
	case next == '\'' && (prefix == "b" || prefix == "x"):
		return Bits, stringEnd(s, end, false)
	case next == '&' && prefix == "u" && at(s, end+1) == '\'':
		return String, stringEnd(s, end+1, false)
	case next == '&' && prefix == "u" && at(s, end+1) == '"':
		return Quoted, quoteEnd(s, end+1, false)
	}
	return Word, end
}

// dollar is a parameter, a dollar-quoted string, or a lone dollar.
func (l *lexer) dollar(i int) (Kind, int) {
	s := l.text
	end := i + 1
	for isDigit(at(s, end)) {
		end++
	}
	if end > i+1 {
		return Parameter, end
	}
	if isWordStart(at(s, end)) {
		for end < len(s) && s[end] != '$' && isWordPart(s[end]) {
			end++
		}
	}
	if at(s, end) != '$' {
		return Operator, i + 1
	}
	tag := s[i : end+1]
	if n := strings.Index(s[end+1:], tag); n >= 0 {
		return String, end + 1 + n + len(tag)
	}
	return String, len(s)
}

// at is s[i], or 0 behind the end.
func at(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// operatorChars are what operators are made of.
const operatorChars = "~!@#^&|`?+-*/%<>="

// endingSigns are those of them without which an operator of several characters cannot end in + or -: the sign is one of its own then, as in a=>-1.
const endingSigns = "~!@#%^&|`?"

// operatorEnd is the end of an operator; a comment ends one. Where a run of such characters has no ending sign, the signs at its end are left over, which are found
// once for all of them.
func (l *lexer) operatorEnd(i int) int {
	if i < l.signs {
		return i + 1
	}
	s, end := l.text, i+1
	for end < len(s) && strings.IndexByte(operatorChars, s[end]) >= 0 &&
		!strings.HasPrefix(s[end:], "--") && !strings.HasPrefix(s[end:], "/*") {
		end++
	}
	run := s[i:end]
	if strings.ContainsAny(run, endingSigns) {
		return end
	}
	l.signs = end
	return i + max(1, len(strings.TrimRight(run, "+-")))
}

func numberEnd(s string, i int) int {
	for i < len(s) && (isWordPart(s[i]) && s[i] < 0x80 || s[i] == '.' && at(s, i+1) != '.' ||
		(s[i] == '+' || s[i] == '-') && (s[i-1] == 'e' || s[i-1] == 'E') && isDigit(at(s, i+1))) {
		i++
	}
	return i
}

// stringEnd is the end of a string constant whose opening quote is s[i]. It may go on in another line, and is read there as it began.
func stringEnd(s string, i int, escapes bool) int {
	for {
		end := quoteEnd(s, i, escapes)
		if i = continuation(s, end); i < 0 {
			return end
		}
	}
}

// continuation is the quote with which a string goes on that was closed before i, -1 for none. White space with a line break is between them, perhaps with comments to
// the ends of lines.
func continuation(s string, i int) int {
	for broken := false; i < len(s); {
		switch {
		case isSpace(s[i]):
			broken = broken || s[i] == '\n' || s[i] == '\r'
			i++
		case strings.HasPrefix(s[i:], "--"):
			i = lineEnd(s, i)
		case s[i] == '\'' && broken:
			return i
		default:
			return -1
		}
	}
	return -1
}

// lineEnd is the end of the line in which i is.
func lineEnd(s string, i int) int {
	if n := strings.IndexAny(s[i:], "\n\r"); n >= 0 {
		return i + n
	}
	return len(s)
}

// quoteEnd is the end of a token whose opening quote is s[i].
func quoteEnd(s string, i int, escapes bool) int {
	quote := s[i]
	for i++; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\':
			i++
		case s[i] == quote && at(s, i+1) == quote:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

// commentEnd is the end of the comment that begins at i; comments nest.
func commentEnd(s string, i int) int {
	for depth := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], "/*"):
			depth, i = depth+1, i+2
		case strings.HasPrefix(s[i:], "*/"):
			if depth, i = depth-1, i+2; depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return i
}

func isSpace(c byte) bool     { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c byte) bool     { return c >= '0' && c <= '9' }
func isWordStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }
func isWordPart(c byte) bool  { return isWordStart(c) || isDigit(c) || c == '$' }
