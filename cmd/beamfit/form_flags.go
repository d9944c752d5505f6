package main

import (
	"errors"
	"unicode/utf8"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/io/exchange"
)

// formFlags are the flags of import and export that say how the file is written.
type formFlags struct {
	format    string
	header    bool
	delimiter rune
	null      string
	decimal   rune   // import alone
	encoding  string // import alone
}

func (t *formFlags) define(f flags, delimited string) {
	t.header = true
	f.choice(&t.format, "format", "FORMAT", exchange.Formats(), "by the extension of FILE", "format of the file")
	f.add(flagvalue.Of(&t.header, flagvalue.Bool), "header", "", "on", "CSV: the first line has the names of the columns; --header=false: it is a row").NoOptDefVal = "true"
	f.add(flagvalue.Of(&t.delimiter, character), "delimiter", "C", delimited, "CSV: character between fields, or tab")
	f.add(flagvalue.Of(&t.null, flagvalue.Text), "null", "TEXT", "an empty field", "CSV: text that means NULL, in columns of text where it is not in quotes")
}

// form is what the flags say; given tells whether one was.
func (t *formFlags) form(given func(string) bool) exchange.Form {
	return exchange.Form{Format: t.format, NoHeader: !t.header, Header: given("header") && t.header, Delimiter: t.delimiter, Null: t.null, Decimal: t.decimal, Encoding: t.encoding}
}

// character reads one character, or the word tab.
func character(text string) (rune, error) {
	if text == "tab" {
		return '\t', nil
	}
	r, n := utf8.DecodeRuneInString(text)
	if n == 0 || n < len(text) || r == utf8.RuneError {
		return 0, errors.New("expected one character, or tab")
	}
	return r, nil
}
