package table

import (
	"strconv"
	"unsafe"
)

// AppendNumberList adds an array in the form that nearly all arrays of numbers have, {1,2.5} or [1,2.5]: one dimension, numbers only, no
// blanks. It reports false and adds nothing where the text is anything else, right or wrong, or the type holds no such numbers: then
// the reader of the general form, which is several times slower, has the say. It keeps nothing of text.
func (v *Vector) AppendNumberList(text []byte) bool {
	n := len(text)
	if n < 3 || !(text[0] == '{' && text[n-1] == '}' || text[0] == '[' && text[n-1] == ']') || !v.Type.Array {
		return false
	}
	start := v.elems()
	for at := 1; at < n; {
		end := at
		for end < n-1 && text[end] != ',' {
			end++
		}
		if !v.appendNumber(text[at:end]) {
			v.truncateElems(start)
			return false
		}
		at = end + 1
	}
	v.EndArray(nil)
	return true
}

// truncateElems is truncate where ElemNull has not grown.
func (v *Vector) truncateElems(n int) {
	null := v.ElemNull
	v.ElemNull = nil
	v.truncate(n)
	v.ElemNull = null
}

// appendNumber adds an element if the text is a decimal number that the type holds.
func (v *Vector) appendNumber(text []byte) bool {
	switch v.Type.Kind {
	case Float32:
		f, ok := plainFloat(text, 32)
		v.Float32s = append(v.Float32s, float32(f))
		return ok
	case Float64:
		f, ok := plainFloat(text, 64)
		v.Float64s = append(v.Float64s, f)
		return ok
	case Int16, Int32, Int64:
		n, ok := plainInt(text)
		return ok && v.appendInt(n) == nil
	}
	return false
}

// plainInt reads an integer of at most 18 digits.
func plainInt(text []byte) (n int64, ok bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// plainFloat reads a decimal number that is neither too large for that many bits nor so small that it would become 0.
func plainFloat(text []byte, bits int) (float64, bool) {
	if len(text) == 0 {
		return 0, false
	}
	for _, c := range text {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(unsafe.String(&text[0], len(text)), bits)
	if err != nil {
		return 0, false
	}
	if f == 0 {
		for _, c := range text {
			if c == 'e' || c == 'E' {
				break
			}
			if c >= '1' && c <= '9' {
				return 0, false
			}
		}
	}
	return f, true
}

// AppendNumber adds a row to a column of single numbers where the text is a decimal number without blanks that the type holds. Else it
// reports false and adds nothing, and AppendText has the say. It keeps nothing of text.
func (v *Vector) AppendNumber(text []byte) bool {
	start := v.elems()
	if v.Type.Array || !v.appendNumber(text) {
		v.truncateElems(start)
		return false
	}
	v.EndScalar()
	return true
}
