package parquetio

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"

	"github.com/beamfit/beamfit/io/fileio/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// writeColumn writes a column of the group as a column chunk.
func (g *group) writeColumn(out file.ColumnChunkWriter, column, depth int) error {
	rows := 0
	for _, b := range g.batches {
		err := writeVector(out, &g.levels, &b.Cols[column], depth)
		if bad := (*arrowvec.RowError)(nil); errors.As(err, &bad) {
			bad.Row += rows
		}
		if err != nil {
			return err
		}
		rows += b.Rows
	}
	return out.Close()
}

// writeVector adds the rows of a vector to a column chunk; l is memory for their levels.
func writeVector(out file.ColumnChunkWriter, l *levels, v *table.Vector, depth int) (err error) {
	if err := l.of(v, depth); err != nil {
		return err
	}
	null := v.Null
	if v.Type.Array {
		null = v.ElemNull
	}
	switch c := out.(type) {
	case *file.BooleanColumnChunkWriter:
		_, err = c.WriteBatch(notNull(v.Bools, null), l.def, l.rep)
	case *file.Int32ColumnChunkWriter:
		values := v.Int32s
		if v.Type.Kind == table.Int16 {
			values = widen(make([]int32, 0, len(v.Int16s)), v.Int16s)
		}
		_, err = c.WriteBatch(notNull(values, null), l.def, l.rep)
	case *file.Int64ColumnChunkWriter:
		_, err = c.WriteBatch(notNull(v.Int64s, null), l.def, l.rep)
	case *file.Float32ColumnChunkWriter:
		_, err = c.WriteBatch(notNull(v.Float32s, null), l.def, l.rep)
	case *file.Float64ColumnChunkWriter:
		_, err = c.WriteBatch(notNull(v.Float64s, null), l.def, l.rep)
	case *file.ByteArrayColumnChunkWriter:
		_, err = c.WriteBatch(notNull(byteArrays(v), null), l.def, l.rep)
	default:
		err = fmt.Errorf("parquet: a column writer of type %T", out)
	}
	return err
}

// sampled is how many values of a column decide whether it gets a dictionary.
const sampled = 2048

// differ reports whether most of the first values of a column of numbers differ, so that it gets no dictionary: making one and giving it up
// takes a third of the time that the column does. Texts always get one.
func differ(v *table.Vector) bool {
	switch v.Type.Kind {
	case table.Int64:
		return mostDiffer(v.Int64s)
	case table.Int32:
		return mostDiffer(v.Int32s)
	case table.Float32:
		return mostDiffer(v.Float32s)
	case table.Float64:
		return mostDiffer(v.Float64s)
	}
	return false
}

func mostDiffer[T comparable](values []T) bool {
	values = values[:min(len(values), sampled)]
	seen := make(map[T]struct{}, len(values))
	for _, x := range values {
		seen[x] = struct{}{}
	}
	return len(values) == sampled && len(seen) > sampled/2
}

// byteArrays are texts or byte strings as the library takes them, without copies; it does not write to them.
func byteArrays(v *table.Vector) []parquet.ByteArray {
	out := make([]parquet.ByteArray, arrowvec.ElemLen(v))
	if v.Type.Kind == table.Bytes {
		for i, b := range v.Bytes {
			out[i] = b
		}
		return out
	}
	for i, s := range v.Strings {
		out[i] = unsafe.Slice(unsafe.StringData(s), len(s))
	}
	return out
}
