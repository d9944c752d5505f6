package features

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// A List is a list of independent variables as it is written.
type List struct{ items []item }

// An item is a term, or the terms in brackets.
type item struct {
	brackets bool
	name     string // behind AS; "": none
	terms    []term
}

// A term is a column, or all of them, and the functions around it.
type term struct {
	text   string // as written, where it is a column without functions
	column string
	star   bool
	ofStar bool // a star stood for it
	except []string
	steps  []Step // the innermost function first
}

// maxNested bounds how deep functions nest.
const maxNested = 16

// ParseList reads a list.
func ParseList(text string) (List, error) {
	p := &parser{text: text}
	l, err := p.list()
	if err != nil {
		return List{}, fmt.Errorf("column list %q: %w", text, err)
	}
	return l, nil
}

// A parser reads a list from left to right.
type parser struct {
	text string
	at   int
}

func (p *parser) list() (l List, err error) {
	for {
		it, err := p.item()
		if err != nil {
			return l, err
		}
		l.items = append(l.items, it)
		switch c := p.next(); c {
		case 0:
			return l, nil
		case ',':
		default:
			return l, p.unexpected(c)
		}
	}
}

func (p *parser) item() (it item, err error) {
	p.blanks()
	if p.peek() != '[' {
		it.terms, err = p.term(0)
		return it, err
	}
	p.at++
	it.brackets = true
	for {
		terms, err := p.term(0)
		if err != nil {
			return it, err
		}
		it.terms = append(it.terms, terms...)
		c := p.next()
		if c == ']' {
			break
		}
		if c != ',' {
			return it, p.unexpected(c)
		}
	}
	rest, err := p.raw()
	if err != nil || rest == "" {
		return it, err
	}
	as, name, _ := strings.Cut(rest, " ")
	if !strings.EqualFold(as, "as") {
		return it, fmt.Errorf("found %s behind a bracket; expected AS and a name", rest)
	}
	it.name, err = column(name)
	return it, err
}

// term reads a term. A function of several terms is one of each.
func (p *parser) term(depth int) ([]term, error) {
	if depth > maxNested {
		return nil, errors.New("functions are nested too deep")
	}
	text, err := p.raw()
	if err != nil {
		return nil, err
	}
	word, except, _ := strings.Cut(text, " ")
	switch {
	case p.peek() == '(' && word == "*" && strings.EqualFold(strings.TrimSpace(except), "except"):
		names, err := p.except()
		return []term{{star: true, except: names}}, err
	case p.peek() == '(':
		return p.call(text, depth)
	case text == "*":
		return []term{{star: true}}, nil
	}
	name, err := column(text)
	return []term{{text: text, column: name}}, err
}

// except reads the names in parentheses.
func (p *parser) except() ([]string, error) {
	p.at++
	end := p.at
	for quoted := false; end < len(p.text) && (quoted || p.text[end] != ')'); end++ {
		quoted = quoted != (p.text[end] == '"')
	}
	if end == len(p.text) {
		return nil, errors.New("a parenthesis is not closed")
	}
	inside := p.text[p.at:end]
	p.at = end + 1
	return table.ParseColumns(inside)
}

// call reads the arguments of a function.
func (p *parser) call(name string, depth int) ([]term, error) {
	s := Step{Function: strings.ToLower(name)}
	if s.Function == "standardize" {
		s.Function = standardise
	}
	f := function(s.Function)
	if f < 0 || functions[f].kind == looksUp {
		return nil, fmt.Errorf("%w; a column with parentheses in its name is written in double quotes", unknownFunction(name))
	}
	p.at++
	var terms []term
	for {
		p.blanks()
		if option, ok, err := p.option(); err != nil {
			return nil, err
		} else if ok {
			if err := s.set(option, f); err != nil {
				return nil, err
			}
		} else {
			inner, err := p.term(depth + 1)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Function, err)
			}
			terms = append(terms, inner...)
		}
		c := p.next()
		if c == ')' {
			break
		}
		if c != ',' {
			return nil, p.unexpected(c)
		}
	}
	if len(terms) == 0 {
		return nil, fmt.Errorf("%s takes a column", s.Function)
	}
	if err := s.checkOptions(f); err != nil {
		return nil, err
	}
	for i := range terms {
		terms[i].steps = append(slices.Clone(terms[i].steps), s)
	}
	return terms, nil
}

// option reads a number or name = value, where one is next.
func (p *parser) option() (option [2]string, ok bool, err error) {
	start := p.at
	text, err := p.raw()
	if err != nil {
		return option, false, err
	}
	if c := p.peek(); text != "" && text[0] >= '0' && text[0] <= '9' && (c == ',' || c == ')') {
		return [2]string{"", text}, true, nil
	}
	if name, value, found := strings.Cut(text, "="); found && !strings.Contains(text, `"`) {
		return [2]string{strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)}, true, nil
	}
	p.at = start
	return option, false, nil
}

// set sets an option of a step.
func (s *Step) set(option [2]string, f int) error {
	number := func(what string, to *int) error {
		n, err := strconv.Atoi(option[1])
		if err != nil || n < 1 {
			return fmt.Errorf("%s of %s must be a whole number of at least 1, found %q", what, s.Function, option[1])
		}
		*to = n
		return nil
	}
	switch {
	case option[0] == "" && s.Function == hash && s.Buckets == 0:
		return number("the buckets", &s.Buckets)
	case option[0] == "limit" && functions[f].limit > 0 && s.Limit == 0:
		return number("the limit", &s.Limit)
	case option[0] == "unknown" && functions[f].unknown:
		if option[1] != "error" && option[1] != "ignore" {
			return fmt.Errorf("unknown of %s must be error or ignore, found %q", s.Function, option[1])
		}
		s.Ignore = option[1] == "ignore"
		return nil
	case option[0] == "":
		return fmt.Errorf("%s takes no number %s there", s.Function, option[1])
	}
	return fmt.Errorf("%s has no option %s, or has it already", s.Function, option[0])
}

// raw reads up to the next mark outside double quotes.
func (p *parser) raw() (string, error) {
	quoted, start := false, p.at
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte("()[],", c) >= 0:
			return strings.TrimSpace(p.text[start:p.at]), nil
		}
	}
	if quoted {
		return "", errors.New("a double quote is not closed")
	}
	return strings.TrimSpace(p.text[start:]), nil
}

func (p *parser) blanks() {
	p.at = len(p.text) - len(strings.TrimLeft(p.text[p.at:], " \t\r\n"))
}

// peek is the next mark, 0 at the end.
func (p *parser) peek() byte {
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// next takes the next mark.
func (p *parser) next() byte {
	p.blanks()
	c := p.peek()
	if c != 0 {
		p.at++
	}
	return c
}

func (p *parser) unexpected(c byte) error {
	if c == 0 {
		return errors.New("the text ends before a bracket or parenthesis is closed")
	}
	return fmt.Errorf("%q is not expected at character %d", c, p.at)
}

// column is the name of one column.
func column(text string) (string, error) {
	names, err := table.ParseColumns(text)
	if err != nil {
		return "", errors.Unwrap(err)
	}
	if len(names) != 1 {
		return "", fmt.Errorf("expected one name, found %q", text)
	}
	return names[0], nil
}
