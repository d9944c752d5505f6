package jsonlio

import (
	"bytes"
	"encoding/json"

	"github.com/beamfit/beamfit/io/table"
)

// Objects makes JSON objects of the rows of a schema, on one line each. It may be used by several goroutines.
type Objects struct {
	names [][]byte // as they begin a member, with the colon
}

// ObjectsOf makes the objects of rows that have these columns.
func ObjectsOf(schema table.Schema) Objects {
	o := Objects{names: make([][]byte, len(schema))}
	for i, c := range schema {
		o.names[i] = append(appendText(nil, c.Name), ':')
	}
	return o
}

// Append appends a row as an object: numbers, booleans, lists and json as JSON has them, everything else as the text that PostgreSQL prints.
func (o Objects) Append(dst []byte, b *table.Batch, row int) []byte {
	dst = append(dst, '{')
	for i := range b.Cols {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, o.names[i]...)
		switch v := &b.Cols[i]; {
		case v.IsNull(row):
			dst = append(dst, "null"...)
		case v.Type.Array:
			next := v.Offsets[row]
			dst = appendList(dst, v, v.Shape(row), &next)
		default:
			dst = appendValue(dst, v, row)
		}
	}
	return append(dst, '}')
}

// appendList appends the array of that shape whose first element is *next, and moves *next past it.
func appendList(dst []byte, v *table.Vector, shape []int, next *int) []byte {
	dst = append(dst, '[')
	for k := range append(shape, 0)[0] {
		if k > 0 {
			dst = append(dst, ',')
		}
		switch {
		case len(shape) > 1:
			dst = appendList(dst, v, shape[1:], next)
			continue
		case v.ElemNull != nil && v.ElemNull[*next]:
			dst = append(dst, "null"...)
		default:
			dst = appendValue(dst, v, *next)
		}
		*next++
	}
	return append(dst, ']')
}

// appendValue appends element j, which is not NULL.
func appendValue(dst []byte, v *table.Vector, j int) []byte {
	text := v.ElemText(j)
	switch v.Type.Kind {
	case table.Bool, table.Int16, table.Int32, table.Int64:
		return append(dst, text...)
	case table.Float32, table.Float64, table.Numeric: // else NaN, or infinite
		if c := text[len(text)-1]; c >= '0' && c <= '9' {
			return append(dst, text...)
		}
	case table.Other:
		if elem := v.Type.Elem().SQL; elem == "json" || elem == "jsonb" {
			var out bytes.Buffer
			if json.Compact(&out, []byte(text)) == nil {
				return append(dst, out.Bytes()...)
			}
		}
	}
	return appendText(dst, text)
}

// appendText appends a text as JSON, with the characters of HTML as they are.
func appendText(dst []byte, s string) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a text is JSON always
	}
	return append(dst, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}
