package parquetio

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/beamfit/beamfit/io/table"
)

// nativeIsLittle says that numbers lie in memory as Parquet has them.
var nativeIsLittle = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// plainWidth is the number of bytes of a value of a kind, 0 where they have different lengths or are bits.
func plainWidth(k table.Kind) int {
	switch k {
	case table.Int16, table.Int32, table.Float32:
		return 4
	case table.Int64, table.Float64:
		return 8
	}
	return 0
}

// plainSize is the number of bytes of value i.
func plainSize(v *table.Vector, i int) int {
	switch v.Type.Kind {
	case table.Bool:
		return 1
	case table.Bytes:
		return 4 + len(v.Bytes[i])
	}
	if w := plainWidth(v.Type.Kind); w > 0 {
		return w
	}
	return 4 + len(v.Strings[i])
}

// plainView returns values from to to as they lie in memory, where that is how Parquet has them.
func plainView(v *table.Vector, null []bool, from, to int) (data []byte, ok bool) {
	if null != nil || !nativeIsLittle {
		return nil, false
	}
	switch v.Type.Kind {
	case table.Int32:
		return bytesOf(v.Int32s[from:to]), true
	case table.Int64:
		return bytesOf(v.Int64s[from:to]), true
	case table.Float32:
		return bytesOf(v.Float32s[from:to]), true
	case table.Float64:
		return bytesOf(v.Float64s[from:to]), true
	}
	return nil, false
}

func bytesOf[T any](values []T) []byte {
	var x T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(x)))
}

// appendPlain adds values from to to, without those that are NULL, in the encoding PLAIN.
func appendPlain(dst []byte, v *table.Vector, null []bool, from, to int) []byte {
	if v.Type.Kind == table.Bool {
		return appendBits(dst, v.Bools, null, from, to)
	}
	for i := from; i < to; i++ {
		if null == nil || !null[i] {
			dst = appendValue(dst, v, i)
		}
	}
	return dst
}

func appendValue(dst []byte, v *table.Vector, i int) []byte {
	switch v.Type.Kind {
	case table.Int16:
		return binary.LittleEndian.AppendUint32(dst, uint32(int32(v.Int16s[i])))
	case table.Int32:
		return binary.LittleEndian.AppendUint32(dst, uint32(v.Int32s[i]))
	case table.Int64:
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Int64s[i]))
	case table.Float32:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v.Float32s[i]))
	case table.Float64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float64s[i]))
	case table.Bytes:
		return append(binary.LittleEndian.AppendUint32(dst, uint32(len(v.Bytes[i]))), v.Bytes[i]...)
	}
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(v.Strings[i]))), v.Strings[i]...)
}

func appendBits(dst []byte, values, null []bool, from, to int) []byte {
	n := 0
	for i := from; i < to; i++ {
		if null != nil && null[i] {
			continue
		}
		if n%8 == 0 {
			dst = append(dst, 0)
		}
		if values[i] {
			dst[len(dst)-1] |= 1 << (n % 8)
		}
		n++
	}
	return dst
}
