package features

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/lookup"
	"github.com/beamfit/beamfit/transforms/sqlkey"
)

// LookedUp is what the text of the variable is looked up in, the layer of a model; nil: its columns become numbers in other ways, or in several.
func (v *Variable) LookedUp() *lookup.Lookup {
	var found *lookup.Lookup
	for i := range v.Columns {
		last := v.Columns[i].last()
		if last == nil || last.Lookup == nil || found != nil && !found.Equal(last.Lookup) {
			return nil
		}
		found = last.Lookup
	}
	return found
}

// checkLookupType reports a type whose values a layer does not look up; the error goes on from the name of the column. Text is what PostgreSQL prints
// of types without arithmetic, enums among them, but of times, which would depend on settings of the server.
func checkLookupType(l *lookup.Lookup, t table.Type) error {
	if l.Numbers != "" {
		if !t.IsNumber() {
			return fmt.Errorf("has type %s; the layer %s takes numbers (%s)", t, l.Layer, l.Numbers)
		}
		return nil
	}
	if t.Array && l.Layer == lookup.TextVectorization {
		return fmt.Errorf("has type %s; the layer %s takes one text of a row", t, l.Layer)
	}
	elem := t
	if t.Array {
		elem = t.Elem()
	}
	if !elem.IsText() || isTime(elem) {
		return fmt.Errorf("has type %s; the layer %s takes text", t, l.Layer)
	}
	return nil
}

func newReader(l *lookup.Lookup, encoder *lookup.Encoder) *reader {
	return &reader{encoder: encoder, cuts: l.Layer == lookup.TextVectorization, width: l.Width()}
}

// A reader finds the numbers of the texts of a column.
type reader struct {
	encoder *lookup.Encoder
	cuts    bool   // text into tokens
	width   int    // indices of a text
	digits  []byte // memory for the text of a number
	tokens  lookup.Tokens
}

// code writes the numbers of the values from first on; ok is false where the array is NULL.
func (r *reader) code(out []float32, scale float32, src source, first int, ok bool) error {
	for k := range len(out) / r.width {
		if !ok || src.missing(first+k) {
			return elementError(errMissingText, k, len(out)/r.width)
		}
		if r.cuts {
			indices := out[k*r.width:][:r.width]
			r.encoder.Indices(indices, textOf(src.v, first+k), &r.tokens)
			for i := range indices {
				indices[i] *= scale
			}
			continue
		}
		index, err := r.index(src.v, first+k)
		if err != nil {
			return elementError(err, k, len(out))
		}
		out[k] = float32(index) * scale
	}
	return nil
}

var errMissingText = errors.New("the value is missing (NULL or NaN), and the model's layer has no number for it; a view with coalesce gives it a text that the layer knows")

// index is the number of element j, which is not missing.
func (r *reader) index(v *table.Vector, j int) (float64, error) {
	switch v.Type.Kind {
	case table.Int16:
		r.digits = strconv.AppendInt(r.digits[:0], int64(v.Int16s[j]), 10)
	case table.Int32:
		r.digits = strconv.AppendInt(r.digits[:0], int64(v.Int32s[j]), 10)
	case table.Int64:
		r.digits = strconv.AppendInt(r.digits[:0], v.Int64s[j], 10)
	case table.Float32:
		r.digits = strconv.AppendFloat(r.digits[:0], float64(v.Float32s[j]), 'f', -1, 32)
	case table.Float64:
		r.digits = strconv.AppendFloat(r.digits[:0], v.Float64s[j], 'f', -1, 64)
	default:
		return r.encoder.Index(textOf(v, j))
	}
	return r.encoder.Index(unsafe.String(unsafe.SliceData(r.digits), len(r.digits))) // which keeps no text
}

// textOf is the text of element j.
func textOf(v *table.Vector, j int) string {
	if sqlkey.Padded(v.Type) {
		return strings.TrimRight(v.Strings[j], " ")
	}
	return v.Strings[j]
}

// elementError is an error of element k of n.
func elementError(err error, k, n int) error {
	if n > 1 {
		return fmt.Errorf("element %d: %w", k+1, err)
	}
	return err
}
