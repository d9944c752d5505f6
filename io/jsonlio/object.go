package jsonlio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// A member is a member of an object.
type member struct {
	name  string
	value []byte // as it is written
}

// errNoObject: a line is JSON but no object.
var errNoObject = errors.New("expected an object, such as {\"id\": 1}")

// members cuts a line, which is to be an object, into its members. It appends them to dst.
func members(dst []member, line []byte) ([]member, error) {
	if !json.Valid(line) {
		var syntax *json.SyntaxError
		if err := json.Unmarshal(line, new(json.RawMessage)); errors.As(err, &syntax) {
			return dst, fmt.Errorf("byte %d: %w", syntax.Offset, err)
		}
		return dst, errors.New("this is not JSON")
	}
	if line = bytes.TrimSpace(line); line[0] != '{' {
		return dst, errNoObject
	}
	at := blanks(line, 1)
	for line[at] != '}' { // the line is valid: nothing can be missing
		end := skip(line, at)
		name, err := text(line[at:end])
		if err != nil {
			return dst, err
		}
		at = blanks(line, blanks(line, end)+1) // over the colon
		end = skip(line, at)
		dst = append(dst, member{name, line[at:end]})
		if at = blanks(line, end); line[at] == ',' {
			at = blanks(line, at+1)
		}
	}
	return dst, nil
}

// text is what a JSON string says.
func text(quoted []byte) (string, error) {
	if inner := quoted[1 : len(quoted)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner), nil
	}
	var s string
	err := json.Unmarshal(quoted, &s)
	return s, err
}

func blanks(line []byte, at int) int {
	for line[at] == ' ' || line[at] == '\t' || line[at] == '\r' || line[at] == '\n' {
		at++
	}
	return at
}

// skip is the end of the value that begins at at, in valid JSON.
func skip(line []byte, at int) int {
	switch line[at] {
	case '"':
		return skipText(line, at)
	case '{', '[':
		for depth := 0; ; at++ {
			switch line[at] {
			case '"':
				at = skipText(line, at) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return at + 1
				}
			}
		}
	}
	for at < len(line) && bytes.IndexByte([]byte(",]} \t\r\n"), line[at]) < 0 {
		at++
	}
	return at
}

func skipText(line []byte, at int) int {
	for at++; line[at] != '"'; at++ {
		if line[at] == '\\' {
			at++
		}
	}
	return at + 1
}
