// Package sqlkey makes map keys of SQL values: equal for values that SQL's DISTINCT and GROUP BY take for one.
//
// Numbers of all types have the same key where they are the same number (1, 1.0 and 1.00; a real as the float64 it is
// exactly), 0 equals -0 and NaN equals NaN; character(n) counts without the blanks at its end; NULL has the empty key. Keys of
// numbers, booleans, texts, bytes and other types differ. Types that beamfit holds as text (date, uuid, json, ...) are equal
// where their text is, but for timestamps with time zone: their text is that of some session's time zone, and their key that of UTC.
//
// Failure: there is none. A text that is no timestamp, such as infinity, is its own key.
package sqlkey

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// Append appends the key of element j of v: a row of a scalar column, or an element of an array column.
func Append(key []byte, v *table.Vector, j int) []byte {
	if !v.Type.Array && v.IsNull(j) || v.ElemNull != nil && v.ElemNull[j] {
		return key
	}
	switch v.Type.Kind {
	case table.Bool:
		return strconv.AppendBool(append(key, 'b'), v.Bools[j])
	case table.Int16:
		return strconv.AppendInt(append(key, 'n'), int64(v.Int16s[j]), 10)
	case table.Int32:
		return strconv.AppendInt(append(key, 'n'), int64(v.Int32s[j]), 10)
	case table.Int64:
		return strconv.AppendInt(append(key, 'n'), v.Int64s[j], 10)
	case table.Float32:
		return appendFloat(append(key, 'n'), float64(v.Float32s[j]))
	case table.Float64:
		return appendFloat(append(key, 'n'), v.Float64s[j])
	case table.Numeric:
		return append(append(key, 'n'), plainNumber(v.Strings[j])...)
	case table.Text:
		key = append(append(key, 't'), v.Strings[j]...)
		if Padded(v.Type) {
			key = bytes.TrimRight(key, " ")
		}
		return key
	case table.Bytes:
		return append(append(key, 'x'), v.Bytes[j]...)
	}
	key = append(key, 'o')
	if isMoment(v.Type) {
		return append(key, inUTC(v.Strings[j])...)
	}
	return append(key, v.Strings[j]...)
}

// Text is element j of v, which is not NULL, without what its key leaves out: the blanks at the end of a character(n), and the time zone of a
// timestamp, which is then UTC.
func Text(v *table.Vector, j int) string {
	text := v.ElemText(j)
	switch {
	case Padded(v.Type):
		return strings.TrimRight(text, " ")
	case isMoment(v.Type):
		return inUTC(text)
	}
	return text
}

// AppendRow appends the key of row i of several columns; the columns may be arrays.
func AppendRow(key []byte, columns []*table.Vector, i int) []byte {
	for _, v := range columns {
		switch {
		case v.IsNull(i):
			key = append(key, 0)
		case v.Type.Array:
			shape := v.Shape(i)
			key = append(key, 2, byte(len(shape)))
			for _, d := range shape {
				key = binary.AppendUvarint(key, uint64(d))
			}
			for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
				key = appendPrefixed(key, v, j)
			}
		default:
			key = appendPrefixed(append(key, 1), v, i)
		}
	}
	return key
}

// appendPrefixed appends the length of a key and the key, so that keys in a row cannot run into each other.
func appendPrefixed(key []byte, v *table.Vector, j int) []byte {
	start := len(key)
	key = Append(append(key, 0, 0, 0, 0), v, j)
	binary.LittleEndian.PutUint32(key[start:], uint32(len(key)-start-4))
	return key
}

// Padded reports the type character(n), whose values SQL compares without the blanks at their end.
func Padded(t table.Type) bool {
	return t.Kind == table.Text && strings.TrimSuffix(t.SQL, "[]") == "character"
}

func appendFloat(key []byte, x float64) []byte {
	switch {
	case x == 0:
		return append(key, '0')
	case x-x != 0:
		return append(key, table.FloatText(x, 64)...)
	}
	return strconv.AppendFloat(key, x, 'f', -1, 64)
}

// plainNumber drops what does not change a decimal number: zeros at the end of a fraction.
func plainNumber(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
