// Package visible makes text fit to be shown to people: what would steer a terminal, or show characters in another order than they
// have, becomes an escape that can be read. All other text stays as it is.
package visible

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Steers tells the characters that are not shown but change what is: the control characters of ASCII and Latin-1 (C0, DEL, C1) and
// the embeddings, overrides and isolates of bidirectional text.
func Steers(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// Text is s with Go's escapes in the place of characters that steer and of bytes that are no UTF-8, such as \x1b and \u202e. Line
// feeds and tabs stay.
func Text(s string) string {
	if strings.IndexFunc(s, hidden) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !hidden(r):
			b.WriteString(s[i : i+n])
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += n
	}
	return b.String()
}

func hidden(r rune) bool { return Steers(r) && r != '\n' && r != '\t' }
