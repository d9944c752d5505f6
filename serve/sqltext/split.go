package sqltext

import (
	"iter"
	"slices"
	"strings"
)

// A Statement is text[Start:End], without the semicolon.
type Statement struct {
	Start, End int
	Tokens     []Token // the first maxTokens
	Cut        bool    // it has more: rows of an INSERT, for instance
}

// maxTokens is how many tokens of a statement are kept. A call has fewer by far, and a token takes more memory than the text that it is.
const maxTokens = 1 << 18

// Split cuts a query string into its statements; those without a token are left out. standardStrings is the server's setting
// standard_conforming_strings.
func Split(text string, standardStrings bool) iter.Seq[Statement] {
	return func(yield func(Statement) bool) {
		l := lexer{text: text, escapes: !standardStrings}
		now, in := Statement{}, body{}
		for {
			t, more := l.next()
			if !more {
				break
			}
			if t.Kind == Operator && text[t.Start:t.End] == ";" && !in.open() {
				now.End = t.Start
				if len(now.Tokens) > 0 && !yield(now) {
					return
				}
				now, in = Statement{Start: t.End}, body{}
				continue
			}
			in.see(text[t.Start:t.End], t.Kind)
			if now.Cut = len(now.Tokens) == maxTokens; !now.Cut {
				now.Tokens = append(now.Tokens, t)
			}
		}
		now.End = len(text)
		if len(now.Tokens) > 0 {
			yield(now)
		}
	}
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

// A Control is what a statement does to a transaction that PostgreSQL has begun by itself, around a query string of several statements.
type Control byte

// The controls.
const (
	Keeps     Control = iota // nothing
	HandsOver                // BEGIN: the transaction goes on as one that the client has begun
	Commits                  // COMMIT: commits it
	TakesBack                // ROLLBACK: takes it back, as do those that fail in it: savepoints, AND CHAIN
	Prepares                 // PREPARE TRANSACTION: takes it out of the session
)

// Control is what a statement does to such a transaction. What is none of the forms of COMMIT is an error of syntax, or COMMIT PREPARED, which fails
// in every transaction: it keeps it.
func (s Statement) Control(text string) Control {
	p := finder{text: text, tokens: s.Tokens}
	switch {
	case p.word(0, "begin", "start"):
		return HandsOver
	case p.word(0, "savepoint", "release"):
		return TakesBack
	case p.word(0, "prepare") && p.word(1, "transaction") && len(s.Tokens) == 3:
		return Prepares
	case p.word(0, "rollback", "abort") && !p.word(1, "prepared"):
		return TakesBack
	case !p.word(0, "commit", "end"):
		return Keeps
	}
	k := 1
	if p.word(k, "work", "transaction") {
		k++
	}
	switch rest := len(s.Tokens) - k; {
	case rest == 0, rest == 3 && p.word(k, "and") && p.word(k+1, "no") && p.word(k+2, "chain"):
		return Commits
	case rest == 2 && p.word(k, "and") && p.word(k+1, "chain"):
		return TakesBack
	}
	return Keeps
}
