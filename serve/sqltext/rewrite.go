package sqltext

import (
	"strings"
	"unicode/utf8"
)

// A Rewrite is a text that was made of another one, the original.
type Rewrite struct {
	SQL      string
	original string
	pieces   []piece
}

// A piece of a rewrite begins at a byte of it. It is original[from:to], or, where to is from, text of its own that stands for that place.
type piece struct{ at, from, to int }

// Part is text[start:end] as a rewrite of text.
func Part(text string, start, end int) *Rewrite {
	return &Rewrite{SQL: text[start:end], original: text, pieces: []piece{{0, start, end}}}
}

// EvaluateArguments is the statement that gives the arguments of a call as columns, those of its items one after the other, with a row for
// each time that they are called. cast is the type to which argument i of an item is cast, "" for none.
func EvaluateArguments(text string, st Statement, c *Call, cast func(item, i int) string) *Rewrite {
	r := &Rewrite{original: text}
	var b strings.Builder
	keep := func(from, to int) {
		r.pieces = append(r.pieces, piece{b.Len(), from, to})
		b.WriteString(text[from:to])
	}
	add := func(s string, place int) {
		r.pieces = append(r.pieces, piece{b.Len(), place, place})
		b.WriteString(s)
	}
	begin := st.Tokens[c.begin].Start
	if c.begin > 0 {
		keep(st.Tokens[0].Start, begin)
	}
	add("SELECT ", begin)
	columns := 0
	for k, item := range c.Items {
		for i, a := range item.Arguments {
			if columns++; columns > 1 {
				add(", ", a.Start)
			}
			keep(a.Start, a.End)
			if t := cast(k, i); t != "" {
				add("::"+t, a.Start)
			}
		}
	}
	last := st.Tokens[c.Items[len(c.Items)-1].last].Start
	if columns == 0 {
		add("NULL", last)
	}
	if c.rest < len(st.Tokens) {
		add("\n", last)
		keep(st.Tokens[c.rest].Start, st.End)
	}
	r.SQL = b.String()
	return r
}

// Position is the place in the original of a place in the rewrite. Places are characters, counted from 1, as in the errors of PostgreSQL;
// a byte that is not part of UTF-8 counts as a character. 0 stays 0: no place.
func (r *Rewrite) Position(p int) int {
	if p <= 0 {
		return 0
	}
	at := byteOf(r.SQL, p)
	place := len(r.original)
	for _, x := range r.pieces {
		if x.at > at {
			break
		}
		place = min(x.from+at-x.at, x.to)
	}
	return r.Place(place)
}

// Place is a byte of the original as a place.
func (r *Rewrite) Place(at int) int { return utf8.RuneCountInString(r.original[:at]) + 1 }

// byteOf is the byte at which character p begins.
func byteOf(s string, p int) int {
	at := 0
	for ; p > 1 && at < len(s); p-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at
}
