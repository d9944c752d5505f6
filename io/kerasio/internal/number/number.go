// Package number turns the numbers of foreign files into float32.
//
// Failure: a file that ends too early is io.EOF or io.ErrUnexpectedEOF; other errors are those of the reader or writer. That a Type is
// one of those that there are, and src whole numbers of it, is for the caller to check, as the readers of headers do.
package number

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// A Kind is what kind of number a type holds.
type Kind uint8

// The kinds; the zero value is none.
const (
	None Kind = iota
	Int
	Uint
	Float
	Bfloat // bfloat16
)

// A Type is how a number stands in a file.
type Type struct {
	Kind Kind
	Size int // bytes: 1, 2, 4 or 8, of Float 2, 4 or 8
	Big  bool
}

// String is NumPy's name of the type.
func (t Type) String() string {
	switch t.Kind {
	case Int:
		return fmt.Sprintf("int%d", 8*t.Size)
	case Uint:
		return fmt.Sprintf("uint%d", 8*t.Size)
	case Float:
		return fmt.Sprintf("float%d", 8*t.Size)
	case Bfloat:
		return "bfloat16"
	}
	return "none"
}

// Float32s writes the numbers in src as float32 in little-endian order to dst, 4 bytes each. What float32 cannot hold is rounded.
func (t Type) Float32s(dst, src []byte) {
	put := func(i int, v float32) { binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v)) }
	n := len(src) / t.Size
	switch {
	case t.Kind == Float && t.Size == 4 && !t.Big:
		copy(dst, src)
	case t.Kind == Float && t.Size == 4:
		for i := range n {
			binary.LittleEndian.PutUint32(dst[4*i:], uint32(t.bits(src[4*i:])))
		}
	case t.Kind == Float && t.Size == 8:
		for i := range n {
			put(i, float32(math.Float64frombits(t.bits(src[8*i:]))))
		}
	case t.Kind == Float:
		for i := range n {
			put(i, half(uint16(t.bits(src[2*i:]))))
		}
	case t.Kind == Bfloat:
		for i := range n {
			binary.LittleEndian.PutUint32(dst[4*i:], uint32(t.bits(src[2*i:]))<<16)
		}
	case t.Kind == Int:
		unused := 64 - 8*t.Size
		for i := range n {
			put(i, float32(int64(t.bits(src[t.Size*i:])<<unused)>>unused))
		}
	default:
		for i := range n {
			put(i, float32(t.bits(src[t.Size*i:])))
		}
	}
}

// bits are those of one number.
func (t Type) bits(b []byte) uint64 {
	var order binary.ByteOrder = binary.LittleEndian
	if t.Big {
		order = binary.BigEndian
	}
	switch t.Size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	}
	return order.Uint64(b)
}

// half is a float16.
func half(h uint16) float32 {
	sign, exponent, mantissa := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exponent {
	case 0:
		return math.Float32frombits(sign | math.Float32bits(float32(mantissa)/(1<<24)))
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | mantissa<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | mantissa<<13)
}

// Read reads len(dst)/4 numbers of r as float32 in little-endian order.
func (t Type) Read(r io.Reader, dst []byte) error {
	if t.Kind == Float && t.Size == 4 && !t.Big {
		_, err := io.ReadFull(r, dst)
		return err
	}
	part := make([]byte, min(len(dst)/4, 1<<14)*t.Size)
	for len(dst) > 0 {
		part = part[:min(len(part), len(dst)/4*t.Size)]
		if _, err := io.ReadFull(r, part); err != nil {
			return err
		}
		t.Float32s(dst, part)
		dst = dst[len(part)/t.Size*4:]
	}
	return nil
}

// Write writes float32 in little-endian order.
func Write(w io.Writer, values []float32) error {
	part := make([]byte, 4*min(len(values), 1<<14))
	for len(values) > 0 {
		n := min(len(values), len(part)/4)
		for i, v := range values[:n] {
			binary.LittleEndian.PutUint32(part[4*i:], math.Float32bits(v))
		}
		if _, err := w.Write(part[:4*n]); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}
