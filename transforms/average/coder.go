package average

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/beamfit/beamfit/transforms/bundle"
)

// A vector and a sum begin with rows (int64), offset and total (uint32 each), all little-endian.
const headerBytes = 16

func appendHeader(b []byte, rows int64, offset, total int) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(rows))
	b = binary.LittleEndian.AppendUint32(b, uint32(offset))
	return binary.LittleEndian.AppendUint32(b, uint32(total))
}

func readHeader(b []byte) (rows int64, offset, total int) {
	return int64(binary.LittleEndian.Uint64(b)), int(binary.LittleEndian.Uint32(b[8:])), int(binary.LittleEndian.Uint32(b[12:]))
}

// MarshalBinary writes the header and the values (float32), little-endian.
func (v Vector) MarshalBinary() ([]byte, error) {
	b := make([]byte, headerBytes+4*len(v.Values))
	appendHeader(b[:0], v.Rows, v.Offset, v.Total)
	for i, w := range v.Values {
		binary.LittleEndian.PutUint32(b[headerBytes+4*i:], math.Float32bits(w))
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary writes.
func (v *Vector) UnmarshalBinary(b []byte) error {
	if len(b) < headerBytes || len(b)%4 != 0 {
		return fmt.Errorf("average: %d bytes are no weight vector", len(b))
	}
	*v = Vector{Values: make([]float32, (len(b)-headerBytes)/4)}
	v.Rows, v.Offset, v.Total = readHeader(b)
	for i := range v.Values {
		v.Values[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[headerBytes+4*i:]))
	}
	return nil
}

func decodeVector(b []byte) (Vector, error) { return bundle.FromBytes[Vector](b) }

// encodeSum writes the header and then Hi[i], Lo[i] for every i, little-endian.
func encodeSum(s Sum) []byte {
	b := make([]byte, headerBytes+16*len(s.Hi))
	appendHeader(b[:0], s.Rows, s.Offset, s.Total)
	for i := range s.Hi {
		binary.LittleEndian.PutUint64(b[headerBytes+16*i:], math.Float64bits(s.Hi[i]))
		binary.LittleEndian.PutUint64(b[headerBytes+8+16*i:], math.Float64bits(s.Lo[i]))
	}
	return b
}

func decodeSum(b []byte) (s Sum, err error) {
	if len(b) < headerBytes || len(b)%16 != 0 {
		return s, fmt.Errorf("average: %d bytes are no weight sum", len(b))
	}
	s.Rows, s.Offset, s.Total = readHeader(b)
	n := (len(b) - headerBytes) / 16
	if n == 0 {
		return s, nil
	}
	s.Hi, s.Lo = make([]float64, n), make([]float64, n)
	for i := range n {
		s.Hi[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[headerBytes+16*i:]))
		s.Lo[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[headerBytes+8+16*i:]))
	}
	return s, nil
}
