package pgio

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/beamfit/beamfit/io/table"
)

var be = binary.BigEndian

// nullField is the length that stands for NULL.
const nullField = 0xffffffff

// binaryRow writes row i in the binary form of COPY: the number of fields, then each field behind its length.
func (e *encoder) binaryRow(buf []byte, b *table.Batch, i int, flush flusher) ([]byte, error) {
	buf = be.AppendUint16(buf, uint16(len(e.columns)))
	for k := range e.values {
		v := &b.Cols[k]
		if v.IsNull(i) {
			buf = be.AppendUint32(buf, nullField)
			continue
		}
		err := checkStrings(v, i)
		switch {
		case err != nil:
		case v.Type.Array:
			buf, err = appendArray(buf, v, i, e.columns[k].elem.oid)
		case v.Type.Kind == table.Bytes && len(v.Bytes[i]) >= chunkBytes && len(v.Bytes[i]) <= math.MaxInt32:
			if buf, err = inPieces(be.AppendUint32(buf, uint32(len(v.Bytes[i]))), v.Bytes[i], flush); err != nil {
				return buf, err
			}
		default:
			buf, err = appendElem(buf, v, i)
		}
		if err != nil {
			return buf, &rowError{row: e.rows, column: e.columns[k].Name, err: err}
		}
	}
	if e.order != "" {
		buf = append(be.AppendUint32(buf, uint32(len(e.order))), e.order...)
		buf = be.AppendUint64(be.AppendUint32(buf, 8), uint64(e.rows))
	}
	e.rows++
	return buf, nil
}

// inPieces appends a value that is large, chunk by chunk.
func inPieces(buf, value []byte, flush flusher) ([]byte, error) {
	for {
		n := min(len(value), max(chunkBytes-len(buf), 0))
		buf, value = append(buf, value[:n]...), value[n:]
		if len(value) == 0 {
			return buf, nil
		}
		var err error
		if buf, err = flush(buf); err != nil {
			return buf, err
		}
	}
}

// appendArray writes the array in row i, behind its length.
func appendArray(buf []byte, v *table.Vector, i int, elemOID uint32) ([]byte, error) {
	start := len(buf)
	buf = append(buf, 0, 0, 0, 0)
	first, last := v.Offsets[i], v.Offsets[i+1]
	hasNull := uint32(0)
	if v.ElemNull != nil {
		for _, null := range v.ElemNull[first:last] {
			if null {
				hasNull = 1
			}
		}
	}
	var shape []int
	if last > first {
		shape = v.Shape(i)
	}
	if len(shape) > table.MaxDims {
		return buf, fmt.Errorf("an array of %d dimensions; PostgreSQL has at most %d", len(shape), table.MaxDims)
	}
	buf = be.AppendUint32(buf, uint32(len(shape)))
	buf = be.AppendUint32(buf, hasNull)
	buf = be.AppendUint32(buf, elemOID)
	for _, n := range shape {
		buf = be.AppendUint32(buf, uint32(n))
		buf = be.AppendUint32(buf, 1) // lower bound
	}
	for j := first; j < last; j++ {
		if hasNull != 0 && v.ElemNull[j] {
			buf = be.AppendUint32(buf, nullField)
			continue
		}
		var err error
		if buf, err = appendElem(buf, v, j); err != nil {
			return buf, err
		}
	}
	size := len(buf) - start - 4
	if size > math.MaxInt32 {
		return buf, errTooLong(size)
	}
	be.PutUint32(buf[start:], uint32(size))
	return buf, nil
}

func errTooLong(size int) error {
	return fmt.Errorf("a value of %d bytes; PostgreSQL holds at most 1 GB", size)
}

// appendElem writes element j of the slice that the kind uses, behind its length.
func appendElem(buf []byte, v *table.Vector, j int) ([]byte, error) {
	switch v.Type.Kind {
	case table.Bool:
		x := byte(0)
		if v.Bools[j] {
			x = 1
		}
		return append(be.AppendUint32(buf, 1), x), nil
	case table.Int16:
		return be.AppendUint16(be.AppendUint32(buf, 2), uint16(v.Int16s[j])), nil
	case table.Int32:
		return be.AppendUint32(be.AppendUint32(buf, 4), uint32(v.Int32s[j])), nil
	case table.Int64:
		return be.AppendUint64(be.AppendUint32(buf, 8), uint64(v.Int64s[j])), nil
	case table.Float32:
		return be.AppendUint32(be.AppendUint32(buf, 4), math.Float32bits(v.Float32s[j])), nil
	case table.Float64:
		return be.AppendUint64(be.AppendUint32(buf, 8), math.Float64bits(v.Float64s[j])), nil
	case table.Bytes:
		x := v.Bytes[j]
		if len(x) > math.MaxInt32 {
			return buf, errTooLong(len(x))
		}
		return append(be.AppendUint32(buf, uint32(len(x))), x...), nil
	}
	x := v.Strings[j]
	if len(x) > math.MaxInt32 {
		return buf, errTooLong(len(x))
	}
	return append(be.AppendUint32(buf, uint32(len(x))), x...), nil
}
