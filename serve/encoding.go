package serve

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/beamfit/beamfit/serve/madlib"
)

// unsafeEncodings are those in which a byte of a character may look like an ASCII character, so that text cannot be taken apart.
var unsafeEncodings = map[string]bool{
	"BIG5": true, "GB18030": true, "GBK": true, "JOHAB": true, "SHIFT_JIS_2004": true, "SJIS": true, "UHC": true,
}

// toUTF8 converts texts that came in another encoding. The server does it, byte by byte: what the texts hold never is part of a statement.
func (s *session) toUTF8(row []madlib.Value) error {
	encoding := s.setting("client_encoding")
	if encoding == "UTF8" || encoding == "SQL_ASCII" || encoding == "" {
		return nil
	}
	for i, v := range row {
		if isASCII(v.Text) {
			continue
		}
		c, err := s.hide(fmt.Sprintf("SELECT pg_catalog.encode(pg_catalog.convert(pg_catalog.decode('%x', 'hex'), '%s', 'UTF8'), 'escape')", v.Text, strings.ReplaceAll(encoding, "'", "''")))
		if err != nil {
			return err
		}
		if len(c.rows) != 1 || len(c.rows[0]) != 1 {
			return fmt.Errorf("the server makes %d rows of a text in another encoding", len(c.rows))
		}
		if row[i].Text, err = unescape(string(c.rows[0][0])); err != nil {
			return err
		}
	}
	return nil
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// unescape reads what encode(..., 'escape') writes.
func unescape(text string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '\\':
			b.WriteByte(text[i])
		case i+1 < len(text) && text[i+1] == '\\':
			b.WriteByte('\\')
			i++
		case i+3 < len(text):
			n, err := strconv.ParseUint(text[i+1:i+4], 8, 8)
			if err != nil {
				return "", err
			}
			b.WriteByte(byte(n))
			i += 3
		default:
			return "", errors.New("a text of the server ends in the middle of an escape")
		}
	}
	return b.String(), nil
}

// encode makes a text one that clients of any encoding can read: where theirs is not UTF8, what is not ASCII becomes a question mark.
func (s *session) encode(text string) string {
	text = strings.ReplaceAll(text, "\x00", "?")
	if e := s.setting("client_encoding"); e == "UTF8" || e == "SQL_ASCII" {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, text)
}
