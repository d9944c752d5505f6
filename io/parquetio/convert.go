package parquetio

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// appendColumn adds all rows of an array to the vector of its column. Errors count rows from 1 within the array.
func appendColumn(v *table.Vector, arr arrow.Array, depth int) error {
	if depth == 0 {
		v.Null = appendNulls(v.Null, v.Len(), arr, 0, arr.Len())
		return appendElems(v, arr, 0, arr.Len())
	}
	for i := range arr.Len() {
		if arr.IsNull(i) {
			v.AppendNull()
			continue
		}
		r, first := row{v: v, shape: make([]int, 0, depth)}, arrowvec.ElemLen(v)
		if err := r.list(arr, i, depth, 0); err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		if arrowvec.ElemLen(v) == first {
			r.shape = nil
		}
		v.EndArray(r.shape)
	}
	return nil
}

// A row collects the elements of one array.
type row struct {
	v     *table.Vector
	shape []int // lengths of the lists met first at each level
}

// list adds element i of a list array at that level; under it are depth-1 levels of lists.
func (r *row) list(arr arrow.Array, i, depth, level int) error {
	lists, ok := arr.(array.ListLike)
	if !ok {
		return fmt.Errorf("a list was expected, found %s", arr.DataType())
	}
	a, b := lists.ValueOffsets(i)
	items, from, to := lists.ListValues(), int(a), int(b)
	if from < 0 || to < from || to > items.Len() {
		return fmt.Errorf("a list of items %d to %d of %d", from, to, items.Len())
	}
	if level == len(r.shape) {
		r.shape = append(r.shape, to-from)
	} else if r.shape[level] != to-from {
		return fmt.Errorf("a list of %d items beside one of %d; arrays are rectangular", to-from, r.shape[level])
	}
	if depth == 1 {
		r.v.ElemNull = appendNulls(r.v.ElemNull, arrowvec.ElemLen(r.v), items, from, to)
		return appendElems(r.v, items, from, to)
	}
	for j := from; j < to; j++ {
		if items.IsNull(j) {
			return fmt.Errorf("a list inside a list is NULL")
		}
		if err := r.list(items, j, depth-1, level+1); err != nil {
			return err
		}
	}
	return nil
}

// appendNulls adds the NULL marks of items from to to; have items came before.
func appendNulls(marks []bool, have int, arr arrow.Array, from, to int) []bool {
	if marks == nil && arr.NullN() == 0 {
		return nil
	}
	_, none := arr.(*array.Null) // which has no bitmap
	if marks == nil {
		marks = make([]bool, have, have+to-from)
	}
	for i := from; i < to; i++ {
		marks = append(marks, none || arr.IsNull(i))
	}
	return marks
}

// appendElems adds the values from to to of an array without lists. What is NULL becomes some value.
func appendElems(v *table.Vector, arr arrow.Array, from, to int) error {
	switch a := arr.(type) {
	case *array.Null:
		v.Strings = append(v.Strings, make([]string, to-from)...)
	case *array.Boolean:
		for i := from; i < to; i++ {
			v.Bools = append(v.Bools, a.Value(i))
		}
	case *array.Int8:
		v.Int16s = widen(v.Int16s, a.Int8Values()[from:to])
	case *array.Uint8:
		v.Int16s = widen(v.Int16s, a.Uint8Values()[from:to])
	case *array.Int16:
		v.Int16s = append(v.Int16s, a.Int16Values()[from:to]...)
	case *array.Uint16:
		v.Int32s = widen(v.Int32s, a.Uint16Values()[from:to])
	case *array.Int32:
		v.Int32s = append(v.Int32s, a.Int32Values()[from:to]...)
	case *array.Uint32:
		v.Int64s = widen(v.Int64s, a.Uint32Values()[from:to])
	case *array.Int64:
		v.Int64s = append(v.Int64s, a.Int64Values()[from:to]...)
	case *array.Float16:
		for i := from; i < to; i++ {
			v.Float32s = append(v.Float32s, a.Value(i).Float32())
		}
	case *array.Float32:
		v.Float32s = append(v.Float32s, a.Float32Values()[from:to]...)
	case *array.Float64:
		v.Float64s = append(v.Float64s, a.Float64Values()[from:to]...)
	case *array.Binary:
		if v.Type.Kind != table.Bytes {
			return appendTexts(v, arr, from, to)
		}
		v.Bytes = appendBytes(v.Bytes, a, from, to)
	case *array.FixedSizeBinary:
		if v.Type.Kind != table.Bytes {
			return appendInt96(v, a, from, to)
		}
		v.Bytes = appendBytes(v.Bytes, a, from, to)
	default:
		return appendTexts(v, arr, from, to)
	}
	return nil
}

// appendTexts adds values that are held as text.
func appendTexts(v *table.Vector, arr arrow.Array, from, to int) error {
	text, err := texts(arr, v.Type)
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		s := ""
		if !arr.IsNull(i) {
			s = text(i)
		}
		v.Strings = append(v.Strings, s)
	}
	return nil
}

// texts gives the text that PostgreSQL prints for each value of an array.
func texts(arr arrow.Array, typ table.Type) (func(i int) string, error) {
	switch a := arr.(type) {
	case *array.String:
		return func(i int) string { return strings.Clone(a.Value(i)) }, nil
	case *array.Binary:
		return func(i int) string { return string(a.Value(i)) }, nil
	case *array.Uint64:
		return func(i int) string { return strconv.FormatUint(a.Value(i), 10) }, nil
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return func(i int) string { return a.Value(i).ToString(scale) }, nil
	case *array.Decimal256:
		scale := a.DataType().(*arrow.Decimal256Type).Scale
		return func(i int) string { return a.Value(i).ToString(scale) }, nil
	case *array.Date32:
		return func(i int) string { return timeText(a.Value(i).ToTime(), "-01-02", "") }, nil
	case *array.Time32:
		unit := a.DataType().(*arrow.Time32Type).Unit
		return func(i int) string { return a.Value(i).ToTime(unit).Round(time.Microsecond).Format("15:04:05.999999") }, nil
	case *array.Time64:
		unit := a.DataType().(*arrow.Time64Type).Unit
		return func(i int) string { return a.Value(i).ToTime(unit).Round(time.Microsecond).Format("15:04:05.999999") }, nil
	case *array.Timestamp:
		unit, zone := a.DataType().(*arrow.TimestampType).Unit, ""
		if typ == timestamptz || typ == timestamptz.ArrayOf() {
			zone = "+00"
		}
		return func(i int) string {
			return timestampText(a.Value(i).ToTime(unit), zone)
		}, nil
	}
	return nil, fmt.Errorf("values of type %s", arr.DataType())
}

// timestampText formats a time to the microsecond.
func timestampText(t time.Time, zone string) string {
	return timeText(t.UTC().Round(time.Microsecond), "-01-02 15:04:05.999999", zone)
}

// timeText formats a time, whose year PostgreSQL counts without a year 0.
func timeText(t time.Time, layout, zone string) string {
	year, era := t.Year(), ""
	if year <= 0 {
		year, era = 1-year, " BC"
	}
	return fmt.Sprintf("%04d", year) + t.Format(layout) + zone + era
}

type integer interface {
	~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32 | ~int64
}

func widen[D, S integer](dst []D, src []S) []D {
	for _, x := range src {
		dst = append(dst, D(x))
	}
	return dst
}

func appendBytes(dst [][]byte, a interface{ Value(int) []byte }, from, to int) [][]byte {
	for i := from; i < to; i++ {
		dst = append(dst, append([]byte(nil), a.Value(i)...))
	}
	return dst
}
