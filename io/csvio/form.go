package csvio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A form is how the fields and lines of a file are divided.
type form struct {
	delim, end byte
}

// delimiters are those that are looked for.
const delimiters = ",;\t|"

// sampleRecords is how many records are looked at.
const sampleRecords = 200

// An ambiguity is a file whose fields may be divided by several characters, or by none.
type ambiguity struct {
	line int // the first that is not empty, counted from 1
	what string
}

func (e *ambiguity) Error() string {
	return e.what + "; --delimiter says what divides the fields (--delimiter , where each line is one field)"
}

// findForm finds the form of a file by its beginning; whole tells whether head is all of it. given is the delimiter that the user named, 0:
// that is to be found as well.
//
// A delimiter is one that divides all records into the same number of fields, at least two. Where none does, it is the comma, unless the first
// record would be one field that has others in it. Where several do, the file is refused: the rows may be either.
func findForm(head []byte, whole bool, given byte) (form, *ambiguity) {
	f := form{delim: given, end: lineEnd(head)}
	if given != 0 {
		return f, nil
	}
	var found []string
	for _, d := range []byte(delimiters) {
		if n := countFields(head, whole, form{d, f.end}); n > 1 {
			f.delim = d
			found = append(found, fmt.Sprintf("%q (%d in each line)", d, n))
		}
	}
	begun := bytes.TrimLeft(head, "\r\n")
	line := 1 + bytes.Count(head[:len(head)-len(begun)], []byte{f.end})
	switch len(found) {
	case 1:
		return f, nil
	case 0:
		f.delim = ','
		first, _, _ := bytes.Cut(begun, []byte{f.end})
		if bytes.IndexByte(first, ',') < 0 && bytes.ContainsAny(first, delimiters) && !bytes.HasPrefix(first, []byte(`"`)) {
			return f, &ambiguity{line, fmt.Sprintf("the first line, %s, has no commas, and what it has does not divide all lines into the same number of fields", clip(first))}
		}
		return f, nil
	}
	return f, &ambiguity{line, "the fields may be divided by " + strings.Join(found, " or ")}
}

// lineEnd is the byte that ends lines: a line feed, or a carriage return where there are no line feeds outside quotes.
func lineEnd(head []byte) byte {
	quoted, end := false, byte('\n')
	for _, c := range head {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n':
			return '\n'
		case c == '\r':
			end = '\r'
		}
	}
	return end
}

// countFields is the number of fields that the complete records of head have, 0 where they do not have the same. Where head
// does not have one record whole, it is that of the part.
func countFields(head []byte, whole bool, f form) int {
	s := newScanner("", bytes.NewReader(head), f)
	same, last, records := 0, 0, 0
	for ; records < sampleRecords; records++ {
		fields, err := s.record()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if whole || !s.atEnd() {
				return 0
			}
			fields = append(s.fields, field{quoted: true}) // the end of head is in the middle of quotes or a character
		}
		if isEmpty(fields) {
			continue
		}
		if !whole && s.atEnd() {
			if records == 0 {
				return len(fields)
			}
			break // perhaps the first part of a record
		}
		if last = len(fields); same == 0 {
			same = last
		}
		if last != same {
			return 0
		}
	}
	return same
}

// severalFields reports whether the first record of head that is no empty line has several fields.
func severalFields(head []byte, f form) bool {
	s := newScanner("", bytes.NewReader(head), f)
	for {
		fields, err := s.record()
		if err != nil {
			return len(s.fields) > 0 // the end of head is in a record that has begun
		}
		if !isEmpty(fields) {
			return len(fields) > 1
		}
	}
}

// isEmpty reports the record of an empty line.
func isEmpty(fields []field) bool {
	return len(fields) == 1 && len(fields[0].text) == 0 && !fields[0].quoted
}

// atEnd reports whether all of the input has been read.
func (s *scanner) atEnd() bool {
	_, err := s.in.Peek(1)
	return err != nil
}

// clip quotes the beginning of a text.
func clip(text []byte) string {
	const most = 60
	if len(text) > most {
		return fmt.Sprintf("%q...", text[:most])
	}
	return fmt.Sprintf("%q", text)
}
