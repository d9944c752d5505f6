package csvio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/beamfit/beamfit/io/internal/oserr"
)

// maxRecord is the most bytes a record may have.
const maxRecord = 256 << 20

// A field is one field of a record.
type field struct {
	text   []byte // valid until the next record
	quoted bool
	line   int // of its first byte, counted from 1
	at     int // its first byte in the line
	column int // its first character in the line, counted from 1; 0: not counted yet
	// Where text is: in the scanner's text, or in its data.
	from, to int
	joined   bool
}

// A scanner reads records.
type scanner struct {
	file  string
	in    *bufio.Reader
	delim byte
	end   byte // that ends a line

	line   int    // the number of the line in data
	data   []byte // the line, with its end
	at     int    // the next byte in data
	longer []byte // memory for lines that are longer than in's buffer
	text   []byte // texts of fields that are not in data as they are
	fields []field
	size   int // of the record's lines before this one
}

func newScanner(file string, in io.Reader, f form) *scanner {
	return &scanner{file: file, in: bufio.NewReaderSize(in, 256<<10), delim: f.delim, end: f.end}
}

func (s *scanner) fail(line, column int, err error) error {
	return &Error{File: s.file, Line: line, Column: column, Err: err}
}

// column is the number of the character at byte at of the line.
func (s *scanner) column(at int) int { return utf8.RuneCount(s.data[:at]) + 1 }

// place is the line and the column of a field of the record.
func (s *scanner) place(f field) (line, column int) {
	if f.column == 0 {
		f.column = s.column(f.at)
	}
	return f.line, f.column
}

// readLine reads the next line into data.
func (s *scanner) readLine() error {
	s.at = 0
	line, err := s.in.ReadSlice(s.end)
	if errors.Is(err, bufio.ErrBufferFull) {
		s.longer = append(s.longer[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = s.in.ReadSlice(s.end)
			if len(s.longer)+len(line) > maxRecord {
				return s.fail(s.line+1, 0, fmt.Errorf("a line of more than %d bytes", maxRecord))
			}
			s.longer = append(s.longer, line...)
		}
		line = s.longer
	}
	s.data = line
	if len(line) == 0 && errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return s.fail(s.line+1, 0, oserr.Named(err))
	}
	s.line++
	return nil
}

// lineEnd is the number of bytes that end the line.
func (s *scanner) lineEnd(line []byte) int {
	switch {
	case s.end == '\n' && bytes.HasSuffix(line, []byte("\r\n")):
		return 2
	case len(line) > 0 && line[len(line)-1] == s.end:
		return 1
	}
	return 0
}

// record reads the next record, or returns io.EOF. Empty lines are records of one empty field. The fields are valid until
// the next call.
func (s *scanner) record() ([]field, error) {
	s.text, s.fields, s.size = s.text[:0], s.fields[:0], 0
	if err := s.readLine(); err != nil {
		return nil, err
	}
	for more := true; more; {
		f := field{line: s.line, at: s.at, quoted: s.at < len(s.data) && s.data[s.at] == '"'}
		var err error
		if f.quoted {
			more, err = s.quoted(&f)
		} else {
			more, err = s.plain(&f)
		}
		if err != nil {
			return nil, err
		}
		s.fields = append(s.fields, f)
	}
	for i := range s.fields {
		f := &s.fields[i]
		if f.joined {
			f.text = s.text[f.from:f.to]
		} else {
			f.text = s.data[f.from:f.to]
		}
	}
	return s.fields, s.check()
}

// check reports text that is none.
func (s *scanner) check() error {
	if s.size == 0 && isText(s.data) { // the line is the record
		return nil
	}
	for _, f := range s.fields {
		if !isText(f.text) {
			line, column := s.place(f)
			if bytes.IndexByte(f.text, 0) >= 0 {
				return s.fail(line, column, errors.New("a zero byte; --encoding says what the text is encoded in, such as utf-16"))
			}
			return s.fail(line, column, errors.New("text that is not valid UTF-8; --encoding says what it is encoded in, such as latin1 or windows-1252"))
		}
	}
	return nil
}

func isText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// plain reads a field without quotes and reports whether another follows.
func (s *scanner) plain(f *field) (more bool, err error) {
	rest := s.data[s.at : len(s.data)-s.lineEnd(s.data)]
	end := bytes.IndexByte(rest, s.delim)
	if end >= 0 {
		rest = rest[:end]
	}
	if q := bytes.IndexByte(rest, '"'); q >= 0 {
		return false, s.fail(s.line, s.column(s.at+q), errors.New("a double quote inside a field that does not begin with one"))
	}
	f.from, f.to = s.at, s.at+len(rest)
	s.at += len(rest) + 1
	return end >= 0, nil
}

// quoted reads a field in quotes, over several lines if need be, and reports whether another follows.
func (s *scanner) quoted(f *field) (more bool, err error) {
	s.at++
	f.from = s.at
	for {
		rest := s.data[s.at:]
		q := bytes.IndexByte(rest, '"')
		if q < 0 {
			if err := s.nextLine(f); err != nil {
				return false, err
			}
			continue
		}
		if f.joined {
			s.text = append(s.text, rest[:q]...)
		}
		s.at += q + 1
		rest = rest[q+1:]
		if len(rest) > 0 && rest[0] == '"' {
			s.join(f, s.at-1)
			s.text = append(s.text, '"')
			s.at++
			continue
		}
		if f.to = len(s.text); !f.joined {
			f.to = s.at - 1
		}
		switch {
		case len(rest) > 0 && rest[0] == s.delim:
			s.at++
			return true, nil
		case len(rest) == s.lineEnd(rest):
			return false, nil
		}
		return false, s.fail(s.line, s.column(s.at), fmt.Errorf("text after the closing double quote; expected %q or the end of the line", s.delim))
	}
}

// join begins to collect the text of a field, which is in data up to byte to, in text.
func (s *scanner) join(f *field, to int) {
	if f.joined {
		return
	}
	from := len(s.text)
	s.text = append(s.text, s.data[f.from:to]...)
	f.from, f.joined = from, true
}

// nextLine goes on to the next line inside the quotes of f. The line before goes with all that is still in it.
func (s *scanner) nextLine(f *field) error {
	s.keep(f)
	if s.size += len(s.data); s.size > maxRecord {
		return s.fail(f.line, f.column, fmt.Errorf("a record of more than %d bytes", maxRecord))
	}
	err := s.readLine()
	if errors.Is(err, io.EOF) {
		return s.fail(f.line, f.column, errors.New("the double quote that begins here is not closed"))
	}
	return err
}

// keep takes what the record still has in the line: texts and columns of the fields that began in it, and the rest of the line, which
// belongs to f.
func (s *scanner) keep(f *field) {
	var begun []byte // of f, whose text is to be in one piece
	if f.joined {
		begun = bytes.Clone(s.text[f.from:])
		s.text = s.text[:f.from]
	}
	chars, counted := 0, 0
	column := func(g *field) {
		chars += utf8.RuneCount(s.data[counted:g.at])
		g.column, counted = chars+1, g.at
	}
	for i := range s.fields {
		g := &s.fields[i]
		if g.column > 0 {
			continue
		}
		column(g)
		if !g.joined {
			s.join(g, g.to)
			g.to = len(s.text)
		}
	}
	if f.column == 0 {
		column(f)
	}
	if f.joined {
		f.from = len(s.text)
		s.text = append(append(s.text, begun...), s.data[s.at:]...)
	} else {
		s.join(f, len(s.data))
	}
}
