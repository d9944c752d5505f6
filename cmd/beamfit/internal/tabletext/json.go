package tabletext

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/io/table"
)

// JSON writes one array with an object per row, a row per line. Numbers are JSON numbers, exact for numeric; NaN and the
// infinities, which JSON lacks, are texts, as in PostgreSQL's to_json. Arrays nest by their dimensions, json columns are
// embedded, bytea is its \x text, and every other type is the text that PostgreSQL prints.
func JSON(w io.Writer, src rows.Source) error {
	out := bufio.NewWriter(w)
	schema := src.Schema()
	keys := make([][]byte, len(schema))
	for j, c := range schema {
		keys[j] = append(quoteJSON(c.Name), ':')
	}
	out.WriteByte('[')
	first := true
	var buf []byte
	err := src.Walk(func(b *table.Batch) error {
		for i := range b.Rows {
			buf = append(buf[:0], ",\n{"...)
			if first {
				buf = append(buf[:0], "\n{"...)
				first = false
			}
			for j := range b.Cols {
				if j > 0 {
					buf = append(buf, ',')
				}
				buf = append(buf, keys[j]...)
				buf = appendJSON(buf, &b.Cols[j], i)
			}
			buf = append(buf, '}')
			if _, err := out.Write(buf); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !first {
		out.WriteByte('\n')
	}
	out.WriteString("]\n")
	return out.Flush()
}

func appendJSON(buf []byte, v *table.Vector, i int) []byte {
	switch {
	case v.IsNull(i):
		return append(buf, "null"...)
	case v.Type.Array:
		start := v.Offsets[i]
		return appendArray(buf, v, v.Shape(i), start, v.Offsets[i+1]-start)
	}
	return appendElem(buf, v, i)
}

// appendArray writes n elements from start on, of an array or sub-array of that shape.
func appendArray(buf []byte, v *table.Vector, shape []int, start, n int) []byte {
	buf = append(buf, '[')
	if n > 0 {
		step := n / shape[0]
		for k := range shape[0] {
			if k > 0 {
				buf = append(buf, ',')
			}
			if len(shape) > 1 {
				buf = appendArray(buf, v, shape[1:], start+k*step, step)
			} else {
				buf = appendElem(buf, v, start+k)
			}
		}
	}
	return append(buf, ']')
}

func appendElem(buf []byte, v *table.Vector, j int) []byte {
	text := v.ElemText(j)
	switch x := v.Elem(j).(type) {
	case nil:
		return append(buf, "null"...)
	case []byte:
		return append(buf, quoteJSON(text)...)
	case float32:
		return appendFloat(buf, float64(x), text)
	case float64:
		return appendFloat(buf, x, text)
	case string:
		embed := v.Type.Kind == table.Numeric || isJSON(v.Type.Elem().SQL)
		if embed && json.Valid([]byte(x)) {
			return appendCompact(buf, x)
		}
		return append(buf, quoteJSON(x)...)
	}
	return append(buf, text...)
}

func appendFloat(buf []byte, x float64, text string) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(buf, quoteJSON(text)...)
	}
	return append(buf, text...)
}

// appendCompact writes valid JSON on one line.
func appendCompact(buf []byte, valid string) []byte {
	out := bytes.NewBuffer(buf)
	if err := json.Compact(out, []byte(valid)); err != nil {
		panic("tabletext: " + err.Error()) // only for JSON that is not valid
	}
	return out.Bytes()
}

// quoteJSON writes a JSON string; <, > and & stay as they are.
func quoteJSON(s string) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic("tabletext: " + err.Error()) // strings can always be written
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func isJSON(sqlType string) bool { return sqlType == "json" || sqlType == "jsonb" }
