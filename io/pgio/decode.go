package pgio

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/beamfit/beamfit/io/table"
)

// A decoder appends the binary form of one value to a vector.
type decoder interface {
	append(v *table.Vector, field []byte) error
}

// An element appends the binary form of one scalar, or one element of an array, to the slice that the vector's kind uses.
type element func(v *table.Vector, field []byte) error

// newDecoder decodes values that are sent as kind into a vector of type t: the same kind, text for what has no binary form
// here, or another number for float32.
func newDecoder(t table.Type, sent table.Kind) decoder {
	elements, width := sameKind, fixedWidth[sent]
	var run floatRun
	if t.Kind == table.Float32 {
		elements, run = toFloat32, floatRuns[sent]
	}
	one := elements[sent]
	if !t.Array {
		return scalarDecoder{one}
	}
	return &arrayDecoder{one: one, width: width, run: run}
}

// fixedWidth is the length in bytes of the kinds that have one.
var fixedWidth = map[table.Kind]int{
	table.Bool: 1, table.Int16: 2, table.Int32: 4, table.Int64: 8, table.Float32: 4, table.Float64: 8,
}

func widthError(field []byte, want int) error {
	return fmt.Errorf("a binary value of %d bytes, expected %d", len(field), want)
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func be64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// sameKind decodes values into the kind they were sent as. Vectors of kind Numeric and Other are sent as text.
var sameKind = map[table.Kind]element{
	table.Bool: func(v *table.Vector, f []byte) error {
		if len(f) != 1 {
			return widthError(f, 1)
		}
		v.Bools = append(v.Bools, f[0] != 0)
		return nil
	},
	table.Int16: func(v *table.Vector, f []byte) error {
		if len(f) != 2 {
			return widthError(f, 2)
		}
		v.Int16s = append(v.Int16s, int16(be16(f)))
		return nil
	},
	table.Int32: func(v *table.Vector, f []byte) error {
		if len(f) != 4 {
			return widthError(f, 4)
		}
		v.Int32s = append(v.Int32s, int32(be32(f)))
		return nil
	},
	table.Int64: func(v *table.Vector, f []byte) error {
		if len(f) != 8 {
			return widthError(f, 8)
		}
		v.Int64s = append(v.Int64s, int64(be64(f)))
		return nil
	},
	table.Float64: func(v *table.Vector, f []byte) error {
		if len(f) != 8 {
			return widthError(f, 8)
		}
		v.Float64s = append(v.Float64s, math.Float64frombits(be64(f)))
		return nil
	},
	table.Text: func(v *table.Vector, f []byte) error {
		v.Strings = append(v.Strings, string(f))
		return nil
	},
	table.Bytes: func(v *table.Vector, f []byte) error {
		v.Bytes = append(v.Bytes, slices.Clone(f))
		return nil
	},
}

// toFloat32 decodes numbers of any kind into float32, rounded as SQL's cast to real does.
var toFloat32 = map[table.Kind]element{
	table.Int16: func(v *table.Vector, f []byte) error {
		if len(f) != 2 {
			return widthError(f, 2)
		}
		v.Float32s = append(v.Float32s, float32(int16(be16(f))))
		return nil
	},
	table.Int32: func(v *table.Vector, f []byte) error {
		if len(f) != 4 {
			return widthError(f, 4)
		}
		v.Float32s = append(v.Float32s, float32(int32(be32(f))))
		return nil
	},
	table.Int64: func(v *table.Vector, f []byte) error {
		if len(f) != 8 {
			return widthError(f, 8)
		}
		v.Float32s = append(v.Float32s, float32(int64(be64(f))))
		return nil
	},
	table.Float32: func(v *table.Vector, f []byte) error {
		if len(f) != 4 {
			return widthError(f, 4)
		}
		v.Float32s = append(v.Float32s, math.Float32frombits(be32(f)))
		return nil
	},
	table.Float64: func(v *table.Vector, f []byte) error {
		if len(f) != 8 {
			return widthError(f, 8)
		}
		x, err := roundFloat64(math.Float64frombits(be64(f)))
		v.Float32s = append(v.Float32s, x)
		return err
	},
	table.Numeric: func(v *table.Vector, f []byte) error {
		x, err := numericFloat32(f)
		v.Float32s = append(v.Float32s, x)
		return err
	},
}

// roundFloat64 is SQL's cast from double precision to real: a finite value that would become infinite, or a value that
// would become zero, is out of range.
func roundFloat64(x float64) (float32, error) {
	y := float32(x)
	if math.IsInf(float64(y), 0) && !math.IsInf(x, 0) || y == 0 && x != 0 {
		return y, fmt.Errorf("the value %s is out of range for type real", table.FloatText(x, 64))
	}
	return y, nil
}

type scalarDecoder struct{ one element }

func (d scalarDecoder) append(v *table.Vector, field []byte) error {
	if err := d.one(v, field); err != nil {
		return err
	}
	v.EndScalar()
	return nil
}

// keptDecoder takes a value of type bytea whose memory the vector may keep.
type keptDecoder struct{}

func (keptDecoder) append(v *table.Vector, field []byte) error {
	v.Bytes = append(v.Bytes, field)
	v.EndScalar()
	return nil
}
