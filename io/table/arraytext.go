package table

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxDims is the most dimensions an array can have, as in PostgreSQL.
const MaxDims = 6

// FormatValue is what AppendValue writes.
func FormatValue(v *Vector, i int) (text string, null bool) {
	b, null := AppendValue(nil, v, i)
	return string(b), null
}

// AppendValue appends row i as PostgreSQL prints it: t and f for booleans, {1,NULL,"a,b"} for arrays. Of a NULL row it appends nothing and
// reports true.
func AppendValue(dst []byte, v *Vector, i int) (text []byte, null bool) {
	switch {
	case v.IsNull(i):
		return dst, true
	case v.Type.Array:
		return appendArrayText(dst, v, i), false
	case v.Type.Kind == Bool:
		return append(dst, boolText(v.Bools[i])...), false
	}
	return v.appendElemText(dst, i), false
}

// FormatArray is what appendArrayText writes.
func FormatArray(v *Vector, i int) string { return string(appendArrayText(nil, v, i)) }

// appendArrayText appends the array in row i as PostgreSQL's array_out writes it: nested braces for several dimensions, elements in
// double quotes where needed. The row must not be NULL.
func appendArrayText(dst []byte, v *Vector, i int) []byte {
	next, last := v.Offsets[i], v.Offsets[i+1]
	if next == last {
		return append(dst, "{}"...)
	}
	if v.Dims != nil && len(v.Dims[i]) > 1 {
		return appendNested(dst, v, v.Dims[i], &next)
	}
	dst = append(dst, '{')
	for j := next; j < last; j++ {
		if j > next {
			dst = append(dst, ',')
		}
		dst = appendItem(dst, v, j)
	}
	return append(dst, '}')
}

// appendNested appends the array of that shape whose first element is *next, and moves *next past it.
func appendNested(dst []byte, v *Vector, shape []int, next *int) []byte {
	dst = append(dst, '{')
	for k := range shape[0] {
		if k > 0 {
			dst = append(dst, ',')
		}
		if len(shape) > 1 {
			dst = appendNested(dst, v, shape[1:], next)
			continue
		}
		dst = appendItem(dst, v, *next)
		*next++
	}
	return append(dst, '}')
}

// appendItem appends an element of an array.
func appendItem(dst []byte, v *Vector, j int) []byte {
	if v.ElemNull != nil && v.ElemNull[j] {
		return append(dst, "NULL"...)
	}
	switch v.Type.Kind {
	case Bool:
		return append(dst, boolText(v.Bools[j])...)
	case Text, Other:
		return appendQuoted(dst, v.Strings[j])
	case Bytes:
		return appendQuoted(dst, v.ElemText(j))
	}
	return v.appendElemText(dst, j)
}

// appendQuoted appends an element, in double quotes when it could be misread without.
func appendQuoted(dst []byte, s string) []byte {
	if s != "" && !strings.EqualFold(s, "null") && !strings.ContainsAny(s, "\"\\{}, \t\n\r\v\f") {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

func boolText(b bool) string {
	if b {
		return "t"
	}
	return "f"
}

// A TextArray is an array whose elements are still text.
type TextArray struct {
	Elems []string
	Null  []bool // as long as Elems; nil: no element is NULL
	Shape []int  // empty for an empty array
}

// Add appends an element; null: it is NULL, whatever its text.
func (a *TextArray) Add(elem string, null bool) {
	j := len(a.Elems)
	if null {
		elem = ""
		if a.Null == nil {
			a.Null = make([]bool, j, j+1)
		}
	}
	a.Elems = append(a.Elems, elem)
	if a.Null != nil {
		a.Null = append(a.Null, null)
	}
}

// An ArraySyntaxError is text that is no array. Offset is the byte at which reading stopped, counted from 0.
type ArraySyntaxError struct {
	Offset  int
	Problem string
}

func (e *ArraySyntaxError) Error() string {
	return fmt.Sprintf("malformed array at character %d: %s", e.Offset+1, e.Problem)
}

// ParseArray reads the text form of an array as PostgreSQL's array_in does: {1,NULL,"a,b"}, {{1,2},{3,4}}, and also
// [0:1]={1,2}, whose lower bounds are dropped. Sub-arrays must have equal lengths; {{},{}} is an empty array.
func ParseArray(text string) (TextArray, error) {
	p := arrayParser{text: text}
	if err := p.array(); err != nil {
		return TextArray{}, err
	}
	if len(p.out.Elems) == 0 {
		p.out.Shape = nil
	}
	return p.out, nil
}

type arrayParser struct {
	text string
	pos  int
	out  TextArray
	// lengths[d] is the number of items that every closed array at depth d has, -1 before the first closes.
	lengths []int
}

func (p *arrayParser) fail(format string, args ...any) error {
	return &ArraySyntaxError{Offset: p.pos, Problem: fmt.Sprintf(format, args...)}
}

// peek skips blanks and returns the next byte, 0 at the end.
func (p *arrayParser) peek() byte {
	for p.pos < len(p.text) && isBlank(p.text[p.pos]) {
		p.pos++
	}
	if p.pos == len(p.text) {
		return 0
	}
	return p.text[p.pos]
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (p *arrayParser) array() error {
	bounds, err := p.bounds()
	if err != nil {
		return err
	}
	if p.peek() != '{' {
		return p.fail("expected {")
	}
	if err := p.level(0); err != nil {
		return err
	}
	if p.peek() != 0 {
		return p.fail("text after the closing brace")
	}
	p.out.Shape = p.lengths
	if bounds != nil && fmt.Sprint(bounds) != fmt.Sprint(p.out.Shape) {
		return p.fail("the bounds say %v, the array has %v", bounds, p.out.Shape)
	}
	return nil
}

// bounds reads [l:u][l:u]= and returns the lengths it states, nil when there is none.
func (p *arrayParser) bounds() ([]int, error) {
	if p.peek() != '[' {
		return nil, nil
	}
	var lengths []int
	for p.peek() == '[' {
		end := strings.IndexByte(p.text[p.pos:], ']')
		if end < 0 {
			return nil, p.fail("expected ]")
		}
		low, high, two := strings.Cut(p.text[p.pos+1:p.pos+end], ":")
		if !two {
			low, high = "1", low
		}
		l, err1 := strconv.ParseInt(strings.TrimSpace(low), 10, 32)
		u, err2 := strconv.ParseInt(strings.TrimSpace(high), 10, 32)
		if err1 != nil || err2 != nil || u < l {
			return nil, p.fail("expected bounds such as [1:3]")
		}
		lengths = append(lengths, int(u-l+1))
		p.pos += end + 1
	}
	if p.peek() != '=' {
		return nil, p.fail("expected = after the bounds")
	}
	p.pos++
	return lengths, nil
}

// level reads one {...} at that depth; the next byte is its opening brace.
func (p *arrayParser) level(depth int) error {
	if depth == MaxDims {
		return p.fail("more than %d dimensions", MaxDims)
	}
	if depth == len(p.lengths) {
		if len(p.out.Elems) > 0 {
			return p.fail("an array beside elements")
		}
		p.lengths = append(p.lengths, -1)
	}
	p.pos++
	items := 0
	if p.peek() == '}' {
		return p.closeLevel(depth, items)
	}
	for {
		if p.peek() == '{' {
			if err := p.level(depth + 1); err != nil {
				return err
			}
		} else {
			if depth != len(p.lengths)-1 {
				return p.fail("an element beside arrays")
			}
			if err := p.elem(); err != nil {
				return err
			}
		}
		items++
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			return p.closeLevel(depth, items)
		default:
			return p.fail("expected , or }")
		}
	}
}

func (p *arrayParser) closeLevel(depth, items int) error {
	if want := p.lengths[depth]; want >= 0 && want != items {
		return p.fail("a sub-array of %d items beside one of %d", items, want)
	}
	p.lengths[depth] = items
	p.pos++
	return nil
}

func (p *arrayParser) elem() error {
	if p.peek() == '"' {
		return p.quoted()
	}
	start, escaped := p.pos, false
	var b strings.Builder
loop:
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; c {
		case ',', '}':
			break loop
		case '{', '"':
			return p.fail("unexpected %c inside an element", c)
		case '\\':
			if p.pos+1 == len(p.text) {
				return p.fail("a backslash at the end")
			}
			if !escaped {
				escaped = true
				b.WriteString(p.text[start:p.pos])
			}
			size := runeLen(p.text[p.pos+1:])
			b.WriteString(p.text[p.pos+1 : p.pos+1+size])
			p.pos += 1 + size
		default:
			if escaped {
				b.WriteByte(c)
			}
			p.pos++
		}
	}
	s := p.text[start:p.pos]
	if escaped {
		p.out.Add(b.String(), false)
		return nil
	}
	s = strings.TrimRight(s, " \t\n\r\v\f")
	if s == "" {
		return p.fail("expected an element")
	}
	p.out.Add(s, strings.EqualFold(s, "null"))
	return nil
}

func (p *arrayParser) quoted() error {
	p.pos++
	start := p.pos
	var b strings.Builder
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case '"':
			b.WriteString(p.text[start:p.pos])
			p.pos++
			p.out.Add(b.String(), false)
			return nil
		case '\\':
			if p.pos+1 == len(p.text) {
				return p.fail("a backslash at the end")
			}
			b.WriteString(p.text[start:p.pos])
			start = p.pos + 1
			p.pos += 1 + runeLen(p.text[start:])
		default:
			p.pos++
		}
	}
	return p.fail("a double quote is not closed")
}

func runeLen(s string) int {
	_, size := utf8.DecodeRuneInString(s)
	return size
}
