package sqltext

import (
	"slices"
	"strings"
)

// A Call is a statement that calls functions and does nothing else.
type Call struct {
	// Items are the functions of its SELECT list, at least one.
	Items []Item

	begin int // the token SELECT; what stands before it, PREPARE name AS, is kept in the rewrite
	rest  int // the token with which the rest of the statement begins, FROM for instance; len(tokens) where there is none
}

// An Item is the call of one function in a SELECT list.
type Item struct {
	// Schema is that of the function's name, "" where it has none.
	Schema, Function string
	Arguments        []Argument
	// Column is the name of the answer's column: the alias, or the function.
	Column string
	// Start is the byte of the text at which the function's name begins, with its schema.
	Start int

	first, last int // the arguments are text between these tokens: behind ( and before )
}

// An Argument is text[Start:End], without its name.
type Argument struct {
	Name       string // of a => value or a := value
	Start, End int
	// Unknown says that the argument is one constant in quotes, NULL or a parameter: it fits every type. Parameter: it is a parameter.
	Unknown, Parameter bool
}

// clauses may follow the call of SELECT f(...). Each row that they leave is a call.
var clauses = []string{"from", "where", "order", "limit", "offset", "fetch"}

// refused are words that, outside of parentheses, make of a SELECT something else than a list of calls, or of arguments something else than
// a list of expressions. All but "into" and "for" are reserved, so that none can be a name without quotes.
var refused = []string{
	"union", "intersect", "except", "group", "having", "window", "into", "for", "as", "order", "from", "where",
	"limit", "offset", "fetch", "select", "distinct", "all", "variadic",
}

// FindCall finds a call in a statement; nil: it is none, or one in a form that cannot be taken apart safely.
func FindCall(text string, st Statement) *Call {
	if st.Cut {
		return nil
	}
	p := finder{text: text, tokens: st.Tokens}
	return p.find()
}

// FindPrepare finds PREPARE name [(types)] AS call.
func FindPrepare(text string, st Statement) (name string, c *Call) {
	p := finder{text: text, tokens: st.Tokens}
	if name = p.name(1); !p.word(0, "prepare") || name == "" {
		return "", nil
	}
	k := 2
	for ; k < len(p.tokens) && !p.word(k, "as"); k++ { // the types
	}
	if k >= len(p.tokens) {
		return name, nil
	}
	if c = FindCall(text, Statement{Start: p.tokens[k].End, End: st.End, Tokens: st.Tokens[k+1:], Cut: st.Cut}); c != nil {
		c.begin = k + 1
		c.rest += c.begin
		for i := range c.Items {
			c.Items[i].first += c.begin
			c.Items[i].last += c.begin
		}
	}
	return name, c
}

// FindExecute is the name in EXECUTE name [(arguments)], "" for another statement.
func FindExecute(text string, st Statement) string {
	p := finder{text: text, tokens: st.Tokens}
	if !p.word(0, "execute") || len(p.tokens) > 2 && !p.is(2, "(") {
		return ""
	}
	return p.name(1)
}

// FindInnerExecute is the name in an EXECUTE that CREATE TABLE or EXPLAIN runs, "" where there is none.
func FindInnerExecute(text string, st Statement) string {
	p := finder{text: text, tokens: st.Tokens}
	if !p.word(0, "create", "explain") {
		return ""
	}
	for k := 1; k < len(p.tokens); k++ {
		if p.word(k, "execute") && (p.word(k-1, "as", "explain", "analyze", "analyse", "verbose") || p.is(k-1, ")")) {
			return p.name(k + 1)
		}
	}
	return ""
}

// FindDeallocate is the name in DEALLOCATE name; all: the statement ends all prepared ones.
func FindDeallocate(text string, st Statement) (name string, all bool) {
	p := finder{text: text, tokens: st.Tokens}
	if p.word(0, "discard") {
		return "", p.word(1, "all")
	}
	if !p.word(0, "deallocate") {
		return "", false
	}
	last := len(p.tokens) - 1 // behind PREPARE, which may be left out
	if p.word(last, "all") {
		return "", true
	}
	return p.name(last), false
}

// A finder looks at the tokens of a statement.
type finder struct {
	text   string
	tokens []Token
}

func (p *finder) is(k int, operator string) bool {
	return k < len(p.tokens) && p.tokens[k].Kind == Operator && p.text[p.tokens[k].Start:p.tokens[k].End] == operator
}

// has tells whether an operator is anywhere in the statement.
func (p *finder) has(operator string) bool {
	for k := range p.tokens {
		if p.is(k, operator) {
			return true
		}
	}
	return false
}

func (p *finder) word(k int, words ...string) bool {
	return k < len(p.tokens) && p.tokens[k].Kind == Word && slices.Contains(words, strings.ToLower(p.text[p.tokens[k].Start:p.tokens[k].End]))
}

// name is the identifier at a token, folded or without its quotes, "" where there is none.
func (p *finder) name(k int) string {
	if k >= len(p.tokens) {
		return ""
	}
	t := p.text[p.tokens[k].Start:p.tokens[k].End]
	switch {
	case p.tokens[k].Kind == Word:
		return fold(t)
	case p.tokens[k].Kind == Quoted && t[0] == '"' && len(t) > 2 && t[len(t)-1] == '"':
		return strings.ReplaceAll(t[1:len(t)-1], `""`, `"`)
	}
	return ""
}

// fold lowers A to Z only, as PostgreSQL folds UTF-8.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

func (p *finder) find() *Call {
	if !p.word(0, "select") || p.has(";") { // one inside of parentheses is an error of syntax, and would be none without them
		return nil
	}
	k, isTable := 1, false
	if p.is(1, "*") && p.word(2, "from") {
		k, isTable = 3, true
	}
	c := &Call{}
	for {
		item, next := p.item(k)
		if item == nil {
			return nil
		}
		c.Items, c.rest = append(c.Items, *item), next
		if isTable || !p.is(next, ",") {
			break
		}
		k = next + 1
	}
	if c.rest == len(p.tokens) {
		return c
	}
	if isTable || !p.word(c.rest, clauses...) || !p.plain(c.rest) {
		return nil
	}
	return c
}

// item reads the call of a function, with its alias, up to token next.
func (p *finder) item(k int) (c *Item, next int) {
	c = &Item{Function: p.name(k)}
	if k < len(p.tokens) {
		c.Start = p.tokens[k].Start
	}
	if k++; p.is(k, ".") {
		if c.Schema, c.Function = c.Function, p.name(k+1); c.Schema == "" {
			return nil, 0
		}
		k += 2
	}
	if c.Function == "" || !p.is(k, "(") {
		return nil, 0
	}
	c.first, c.Column = k+1, c.Function
	if !p.arguments(c) {
		return nil, 0
	}
	k = c.last + 1
	switch {
	case p.word(k, "as") && p.name(k+1) != "":
		c.Column, k = p.name(k+1), k+2
	case p.name(k) != "" && !p.word(k, clauses...) && !p.word(k, refused...) && !p.word(k, "isnull", "notnull"): // those are operators
		c.Column, k = p.name(k), k+1
	}
	return c, k
}

// plain tells whether the rest of the statement leaves one row per call.
func (p *finder) plain(k int) bool {
	depth := 0
	for ; k < len(p.tokens); k++ {
		switch {
		case p.is(k, "(") || p.is(k, "["):
			depth++
		case p.is(k, ")") || p.is(k, "]"):
			depth--
		}
		if depth < 0 || depth == 0 && p.word(k, "union", "intersect", "except", "group", "having", "window", "into", "for") {
			return false
		}
	}
	return depth == 0
}

// arguments reads the arguments up to the parenthesis that closes; false: they are no list of expressions.
func (p *finder) arguments(c *Item) bool {
	begin, depth := c.first, 1
	for k := c.first; k < len(p.tokens); k++ {
		switch {
		case p.is(k, "(") || p.is(k, "["):
			depth++
		case p.is(k, ")") || p.is(k, "]"):
			depth--
		}
		switch {
		case depth == 0:
			c.last = k
			return p.is(k, ")") && (k == c.first || p.argument(c, begin, k))
		case depth > 1:
		case p.is(k, ","):
			if !p.argument(c, begin, k) {
				return false
			}
			begin = k + 1
		case p.word(k, refused...):
			return false
		}
	}
	return false
}

// argument reads the argument of tokens begin to end.
func (p *finder) argument(c *Item, begin, end int) bool {
	a := Argument{}
	if p.is(begin+1, "=>") || p.is(begin+1, ":=") {
		if a.Name = p.name(begin); a.Name == "" {
			return false
		}
		begin += 2
	}
	if begin >= end || p.is(begin, "*") || p.is(end-1, "*") { // * and t.* are no expressions
		return false
	}
	a.Start, a.End = p.tokens[begin].Start, p.tokens[end-1].End
	for end-begin >= 3 && p.is(begin, "(") && p.is(end-1, ")") { // drivers write ('text') and (NULL)
		begin, end = begin+1, end-1
	}
	if p.is(end-1, "*") { // (t.*) is none either
		return false
	}
	one := end-begin == 1
	a.Parameter = one && p.tokens[begin].Kind == Parameter
	a.Unknown = a.Parameter || one && (p.word(begin, "null") || p.tokens[begin].Kind == String)
	c.Arguments = append(c.Arguments, a)
	return true
}
