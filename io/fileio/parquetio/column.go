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

// writeColumn writes the rows of a vector as a column chunk.
func (w *Writer) writeColumn(out file.ColumnChunkWriter, v *table.Vector, depth int) (err error) {
	l := &w.levels
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
	return errors.Join(err, out.Close())
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
