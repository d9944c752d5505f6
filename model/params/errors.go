package params

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// An Error is a problem at one place of a parameter text.
type Error struct {
	Param string // compile_params or fit_params
	Text  string // the whole text
	Pos   int    // byte offset of the problem
	Msg   string
}

// Error shows the place (line and character, both counted from 1), the message and, below it, the line of the text with
// a caret under the place.
func (e *Error) Error() string {
	start := strings.LastIndexByte(e.Text[:e.Pos], '\n') + 1
	end := len(e.Text)
	if i := strings.IndexByte(e.Text[e.Pos:], '\n'); i >= 0 {
		end = e.Pos + i
	}
	place := fmt.Sprintf("position %d", utf8.RuneCountInString(e.Text[start:e.Pos])+1)
	if line := strings.Count(e.Text[:start], "\n"); line > 0 {
		place = fmt.Sprintf("line %d, %s", line+1, place)
	}
	before, after := cut(e.Text[start:e.Pos], e.Text[e.Pos:end])
	caret := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, before)
	return fmt.Sprintf("%s, %s: %s\n  %s\n  %s^", e.Param, place, e.Msg, before+after, caret)
}

// cut shortens a long line to what stands near the caret.
func cut(before, after string) (string, string) {
	const keep = 60
	if n := utf8.RuneCountInString(before); n > keep {
		before = "..." + string([]rune(before)[n-keep:])
	}
	if utf8.RuneCountInString(after) > keep {
		after = string([]rune(after)[:keep]) + "..."
	}
	return before, strings.TrimRight(after, "\r")
}
