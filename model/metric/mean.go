package metric

import (
	"encoding/binary"
	"fmt"
)

// A Mean is the state of a quantity that is averaged over rows: the exact sum of the rows' values and their number.
// The zero value has seen nothing.
type Mean struct {
	sum  Sum
	rows uint64
}

// MeanBytes is the length of a Mean in bytes.
const MeanBytes = sumBytes + 8

// Add takes in the values of more rows.
func (m *Mean) Add(values []float32) {
	for _, v := range values {
		m.sum.Add(float64(v))
	}
	m.rows += uint64(len(values))
}

// Merge takes in the state of other rows.
func (m *Mean) Merge(other *Mean) {
	m.sum.Merge(&other.sum)
	m.rows += other.rows
}

// Rows is the number of rows seen.
func (m *Mean) Rows() uint64 { return m.rows }

// Value is the mean; 0 where no row was seen, as Keras' Mean metric.
func (m *Mean) Value() float64 { return mean(&m.sum, m.rows) }

func mean(sum *Sum, rows uint64) float64 {
	if rows == 0 {
		return 0
	}
	return sum.Float64() / float64(rows)
}

// AppendBinary appends the state's bytes: the sum, then the number of rows.
func (m *Mean) AppendBinary(b []byte) ([]byte, error) {
	b, err := m.sum.AppendBinary(b)
	return binary.LittleEndian.AppendUint64(b, m.rows), err
}

// UnmarshalBinary reads what AppendBinary wrote.
func (m *Mean) UnmarshalBinary(b []byte) error {
	if len(b) != MeanBytes {
		return fmt.Errorf("metric: a mean has %d bytes, found %d", MeanBytes, len(b))
	}
	if err := m.sum.UnmarshalBinary(b[:sumBytes]); err != nil {
		return err
	}
	m.rows = binary.LittleEndian.Uint64(b[sumBytes:])
	return nil
}
