package sqltext

import (
	"slices"
	"strings"
)

// A Statement is text[Start:End], without the semicolon.
type Statement struct {
	Start, End int
	Tokens     []Token
}

// Split cuts a query string into its statements; those without a token are left out. standardStrings is the server's setting
// standard_conforming_strings.
func Split(text string, standardStrings bool) []Statement {
	l := lexer{text: text, escapes: !standardStrings}
	var out []Statement
	var now Statement
	var in body
	for {
		t, more := l.next()
		if !more {
			break
		}
		if t.Kind == Operator && text[t.Start:t.End] == ";" && !in.open() {
			now.End = t.Start
			if len(now.Tokens) > 0 {
				out = append(out, now)
			}
			now, in = Statement{Start: t.End}, body{}
			continue
		}
		in.see(text[t.Start:t.End], t.Kind)
		now.Tokens = append(now.Tokens, t)
	}
	now.End = len(text)
	if len(now.Tokens) > 0 {
		out = append(out, now)
	}
	return out
}

// A body follows what may hold semicolons: parentheses, as in CREATE RULE, and the BEGIN ATOMIC ... END of a routine.
type body struct {
	depth   int      // of parentheses and brackets
	first   []string // the first words, in lower case
	begins  int      // BEGIN and CASE that have no END yet
	routine bool
}

func (b *body) open() bool { return b.depth > 0 || b.begins > 0 }

// The first words of statements that have bodies.
var routines = [][]string{
	{"create", "function"},
	{"create", "procedure"},
	{"create", "or", "replace", "function"},
	{"create", "or", "replace", "procedure"},
}

func (b *body) see(token string, kind Kind) {
	switch kind {
	case Operator:
		switch token {
		case "(", "[":
			b.depth++
		case ")", "]":
			b.depth = max(0, b.depth-1)
		}
	case Word:
		word := strings.ToLower(token)
		if len(b.first) < 4 {
			b.first = append(b.first, word)
			for _, r := range routines {
				b.routine = b.routine || slices.Equal(b.first, r)
			}
		}
		if !b.routine || b.depth > 0 {
			return
		}
		switch word {
		case "begin":
			b.begins++
		case "case":
			if b.begins > 0 {
				b.begins++
			}
		case "end":
			b.begins = max(0, b.begins-1)
		}
	}
}

// First is the first word of a statement, in lower case, "" when it does not begin with one.
func (s Statement) First(text string) string {
	if len(s.Tokens) == 0 || s.Tokens[0].Kind != Word {
		return ""
	}
	return strings.ToLower(text[s.Tokens[0].Start:s.Tokens[0].End])
}

// changesTransaction are the first words of statements that begin or end a transaction or a part of one.
var changesTransaction = []string{"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "prepare"}

// ChangesTransaction tells a statement that begins or ends a transaction or a part of one.
func (s Statement) ChangesTransaction(text string) bool {
	first := s.First(text)
	if first == "prepare" { // PREPARE TRANSACTION is one, PREPARE a statement is none
		return len(s.Tokens) > 1 && strings.EqualFold(text[s.Tokens[1].Start:s.Tokens[1].End], "transaction")
	}
	return slices.Contains(changesTransaction, first)
}
