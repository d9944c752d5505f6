package tabletext

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/visible"
)

// A cell is a value laid out for a terminal: one entry per line.
type cell []line

// A line is printable text and the number of terminal columns it takes.
type line struct {
	text  string
	width int
}

// terminal measures characters as psql does: East Asian wide ones take two columns, combining ones none.
var terminal = &runewidth.Condition{StrictEmojiNeutral: true}

// layout cuts s at its newlines and makes it printable with psql's escapes.
func layout(s string) cell {
	if plain(s) {
		return cell{{s, len(s)}}
	}
	var c cell
	var b strings.Builder
	width := 0
	put := func(text string, w int) { b.WriteString(text); width += w }
	escape := func(text string) { put(text, len(text)) }
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			escape(fmt.Sprintf(`\x%02X`, s[i]))
		case r == '\n':
			c = append(c, line{b.String(), width})
			b.Reset()
			width = 0
		case r == '\r':
			escape(`\r`)
		case r == '\t':
			escape(strings.Repeat(" ", 8-width%8))
		case r < ' ' || r == 0x7f:
			escape(fmt.Sprintf(`\x%02X`, r))
		case visible.Steers(r):
			escape(fmt.Sprintf(`\u%04X`, r))
		default:
			put(s[i:i+n], terminal.RuneWidth(r))
		}
		i += n
	}
	return append(c, line{b.String(), width})
}

// plain tells the common case: printable ASCII on one line.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// width is that of the widest line.
func (c cell) width() int {
	w := 0
	for _, l := range c {
		w = max(w, l.width)
	}
	return w
}
