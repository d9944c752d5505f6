package average

import (
	"encoding/binary"
	"fmt"
	"math"
)

// MarshalBinary writes the row count (int64) and the values (float32), little-endian, without header.
func (v Vector) MarshalBinary() ([]byte, error) {
	b := make([]byte, 8+4*len(v.Values))
	binary.LittleEndian.PutUint64(b, uint64(v.Rows))
	for i, w := range v.Values {
		binary.LittleEndian.PutUint32(b[8+4*i:], math.Float32bits(w))
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary writes.
func (v *Vector) UnmarshalBinary(b []byte) error {
	if len(b) < 8 || len(b)%4 != 0 {
		return fmt.Errorf("average: %d bytes are no weight vector", len(b))
	}
	*v = Vector{Rows: int64(binary.LittleEndian.Uint64(b)), Values: make([]float32, len(b)/4-2)}
	for i := range v.Values {
		v.Values[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[8+4*i:]))
	}
	return nil
}

func decodeVector(b []byte) (v Vector, err error) { return v, v.UnmarshalBinary(b) }

// encodeSum writes the row count and then Hi[i], Lo[i] for every i, little-endian.
func encodeSum(s Sum) []byte {
	b := make([]byte, 8+16*len(s.Hi))
	binary.LittleEndian.PutUint64(b, uint64(s.Rows))
	for i := range s.Hi {
		binary.LittleEndian.PutUint64(b[8+16*i:], math.Float64bits(s.Hi[i]))
		binary.LittleEndian.PutUint64(b[16+16*i:], math.Float64bits(s.Lo[i]))
	}
	return b
}

func decodeSum(b []byte) (Sum, error) {
	if len(b) < 8 || len(b)%16 != 8 {
		return Sum{}, fmt.Errorf("average: %d bytes are no weight sum", len(b))
	}
	n := len(b) / 16
	s := Sum{Rows: int64(binary.LittleEndian.Uint64(b))}
	if n == 0 {
		return s, nil
	}
	s.Hi, s.Lo = make([]float64, n), make([]float64, n)
	for i := range n {
		s.Hi[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8+16*i:]))
		s.Lo[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[16+16*i:]))
	}
	return s, nil
}
