package csvio

import (
	"fmt"
	"strings"
)

// An Error is an error at a place in a CSV file.
type Error struct {
	File string
	// Line and Column, the character in the line, are counted from 1; 0: not known.
	Line, Column int
	// Name is the name of the table's column; "": the error is not about one column.
	Name string
	Err  error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "file %s", e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ", line %d", e.Line)
	}
	if e.Column > 0 {
		fmt.Fprintf(&b, ", column %d", e.Column)
	}
	if e.Name != "" {
		fmt.Fprintf(&b, " (%q)", e.Name)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }
