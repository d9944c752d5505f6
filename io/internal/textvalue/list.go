package textvalue

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// ParseArray reads an array in PostgreSQL's form or as a JSON list.
func ParseArray(text string) (table.TextArray, error) {
	t := strings.TrimSpace(text)
	if strings.HasPrefix(t, "[") && !hasBounds(t) {
		return ParseJSONList(t)
	}
	return table.ParseArray(t)
}

// hasBounds reports an array of PostgreSQL's with its bounds: [0:1]={1,2}. The list ["a={"] is none.
func hasBounds(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, "0123456789[]:+- \t\n\r\v\f"), "=")
}

// ParseJSONList reads a list of numbers, texts, booleans and nulls, or of lists of equal lengths.
func ParseJSONList(text string) (table.TextArray, error) {
	p := listParser{text: text}
	if p.peek() != '[' {
		return table.TextArray{}, p.fail("expected [")
	}
	if err := p.level(0); err != nil {
		return table.TextArray{}, err
	}
	if p.blanks(); p.pos < len(p.text) {
		return table.TextArray{}, p.fail("text after the closing bracket")
	}
	if len(p.out.Elems) > 0 {
		p.out.Shape = p.lengths
	}
	return p.out, nil
}

type listParser struct {
	text string
	pos  int
	out  table.TextArray
	// lengths[d] is the number of items of every closed list at depth d, -1 before the first closes.
	lengths []int
}

func (p *listParser) fail(format string, args ...any) error {
	return &table.ArraySyntaxError{Offset: p.pos, Problem: fmt.Sprintf(format, args...)}
}

func (p *listParser) blanks() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// peek skips blanks and returns the next byte, 0 at the end.
func (p *listParser) peek() byte {
	if p.blanks(); p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

// level reads one [...] at that depth; the next byte is its opening bracket.
func (p *listParser) level(depth int) error {
	if depth == table.MaxDims {
		return p.fail("more than %d dimensions", table.MaxDims)
	}
	if depth == len(p.lengths) {
		if len(p.out.Elems) > 0 {
			return p.fail("a list beside elements")
		}
		p.lengths = append(p.lengths, -1)
	}
	p.pos++
	for items := 0; ; items++ {
		c := p.peek()
		switch {
		case c == ']' && items == 0:
			return p.closeLevel(depth, items)
		case c == '[':
			if err := p.level(depth + 1); err != nil {
				return err
			}
		case depth != len(p.lengths)-1:
			return p.fail("an element beside lists")
		default:
			if err := p.elem(c); err != nil {
				return err
			}
		}
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			return p.closeLevel(depth, items+1)
		default:
			return p.fail("expected , or ]")
		}
	}
}

func (p *listParser) closeLevel(depth, items int) error {
	if want := p.lengths[depth]; want >= 0 && want != items {
		return p.fail("a list of %d items beside one of %d", items, want)
	}
	p.lengths[depth] = items
	p.pos++
	return nil
}

func (p *listParser) elem(first byte) error {
	end := p.pos
	if first == '"' {
		for end++; end < len(p.text) && p.text[end] != '"'; end++ {
			if p.text[end] == '\\' {
				end++
			}
		}
		if end >= len(p.text) {
			return p.fail("a double quote is not closed")
		}
		var s string
		if err := json.Unmarshal([]byte(p.text[p.pos:end+1]), &s); err != nil {
			return p.fail("a text that is not JSON")
		}
		p.pos = end + 1
		p.out.Add(s, false)
		return nil
	}
	for end < len(p.text) && strings.IndexByte(",] \t\r\n", p.text[end]) < 0 {
		end++
	}
	word := p.text[p.pos:end]
	if word == "" || strings.ContainsAny(word, `"[{}\`) {
		return p.fail("expected a number, text, true, false or null")
	}
	p.pos = end
	p.out.Add(word, word == "null")
	return nil
}
