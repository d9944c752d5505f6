package csvio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/beamfit/beamfit/io/fileio/internal/oserr"
)

// maxRecord is the most bytes a record may have.
const maxRecord = 256 << 20

// A field is one field of a record.
type field struct {
	text         string
	quoted       bool
	line, column int // of its first byte, counted from 1; column counts characters
}

// A scanner reads records.
type scanner struct {
	file  string
	in    *bufio.Reader
	delim byte

	line   int    // the number of the line in data
	data   []byte // the line, with its end
	at     int    // the next byte in data
	chars  int    // characters in data before byte charAt
	charAt int
	longer []byte // memory for lines that are longer than in's buffer

	text   []byte // the fields of the record one after the other
	ends   []int  // in text
	fields []field
	size   int // of the record so far
}

func newScanner(file string, in io.Reader, delim byte) *scanner {
	return &scanner{file: file, in: bufio.NewReaderSize(in, 64<<10), delim: delim}
}

func (s *scanner) fail(line, column int, err error) error {
	return &Error{File: s.file, Line: line, Column: column, Err: err}
}

// column is the number of the character at byte at of the line. It goes on where the last call for the line ended.
func (s *scanner) column(at int) int {
	if at > s.charAt {
		s.chars += utf8.RuneCount(s.data[s.charAt:at])
		s.charAt = at
	}
	return s.chars + 1
}

// readLine reads the next line into data.
func (s *scanner) readLine() error {
	s.at, s.chars, s.charAt = 0, 0, 0
	line, err := s.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		s.longer = append(s.longer[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = s.in.ReadSlice('\n')
			if len(s.longer)+len(line) > maxRecord {
				return s.fail(s.line+1, 0, fmt.Errorf("a line of more than %d bytes", maxRecord))
			}
			s.longer = append(s.longer, line...)
		}
		line = s.longer
	}
	s.data = line
	if len(line) == 0 && err != nil {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return s.fail(s.line+1, 0, oserr.Named(err))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return s.fail(s.line+1, 0, oserr.Named(err))
	}
	s.line++
	if s.line == 1 {
		return s.dropMark()
	}
	return nil
}

// dropMark drops a UTF-8 byte order mark and refuses the marks of other encodings.
func (s *scanner) dropMark() error {
	if bytes.HasPrefix(s.data, []byte("\xFF\xFE")) || bytes.HasPrefix(s.data, []byte("\xFE\xFF")) {
		return s.fail(1, 1, errors.New("the file is UTF-16; save it as UTF-8"))
	}
	s.data = bytes.TrimPrefix(s.data, []byte("\xEF\xBB\xBF"))
	return nil
}

// lineEnd is the number of bytes that end the line.
func lineEnd(line []byte) int {
	switch {
	case bytes.HasSuffix(line, []byte("\r\n")):
		return 2
	case bytes.HasSuffix(line, []byte("\n")):
		return 1
	}
	return 0
}

// record reads the next record, or returns io.EOF. Empty lines are records of one empty field. The fields are valid until
// the next call, their texts for good.
func (s *scanner) record() ([]field, error) {
	s.text, s.ends, s.fields, s.size = s.text[:0], s.ends[:0], s.fields[:0], 0
	if err := s.readLine(); err != nil {
		return nil, err
	}
	for more := true; more; {
		f := field{line: s.line, column: s.column(s.at), quoted: s.at < len(s.data) && s.data[s.at] == '"'}
		var err error
		if f.quoted {
			more, err = s.quoted(f)
		} else {
			more, err = s.plain()
		}
		if err != nil {
			return nil, err
		}
		s.fields, s.ends = append(s.fields, f), append(s.ends, len(s.text))
	}
	text, start := string(s.text), 0
	for i := range s.fields {
		s.fields[i].text = text[start:s.ends[i]]
		start = s.ends[i]
	}
	if !utf8.ValidString(text) || bytes.IndexByte(s.text, 0) >= 0 {
		for _, f := range s.fields {
			if !utf8.ValidString(f.text) || bytes.IndexByte([]byte(f.text), 0) >= 0 {
				return nil, s.fail(f.line, f.column, errors.New("text that is not valid UTF-8 or holds a zero byte"))
			}
		}
	}
	return s.fields, nil
}

// plain reads a field without quotes and reports whether another follows.
func (s *scanner) plain() (more bool, err error) {
	rest := s.data[s.at : len(s.data)-lineEnd(s.data)]
	end := bytes.IndexByte(rest, s.delim)
	if end >= 0 {
		rest = rest[:end]
	}
	if q := bytes.IndexByte(rest, '"'); q >= 0 {
		return false, s.fail(s.line, s.column(s.at+q), errors.New("a double quote inside a field that does not begin with one"))
	}
	s.text = append(s.text, rest...)
	s.at += len(rest) + 1
	return end >= 0, nil
}

// quoted reads a field in quotes, over several lines if need be, and reports whether another follows.
func (s *scanner) quoted(f field) (more bool, err error) {
	s.at++
	for {
		rest := s.data[s.at:]
		q := bytes.IndexByte(rest, '"')
		if q < 0 {
			s.text = append(s.text, rest...)
			if s.size += len(s.data); s.size > maxRecord {
				return false, s.fail(f.line, f.column, fmt.Errorf("a record of more than %d bytes", maxRecord))
			}
			if err := s.readLine(); errors.Is(err, io.EOF) {
				return false, s.fail(f.line, f.column, errors.New("the double quote that begins here is not closed"))
			} else if err != nil {
				return false, err
			}
			continue
		}
		s.text = append(s.text, rest[:q]...)
		s.at += q + 1
		rest = rest[q+1:]
		switch {
		case len(rest) > 0 && rest[0] == '"':
			s.text = append(s.text, '"')
			s.at++
		case len(rest) > 0 && rest[0] == s.delim:
			s.at++
			return true, nil
		case len(rest) == lineEnd(rest):
			return false, nil
		default:
			return false, s.fail(s.line, s.column(s.at), fmt.Errorf("text after the closing double quote; expected %q or the end of the line", s.delim))
		}
	}
}
