package buffer

import (
	"encoding/binary"
	"slices"
	"testing"
)

// Rows that travel come out as they went in, with their places; bytes that were cut off, and rows of another layout, are an error.
func TestEncode(t *testing.T) {
	l := Layout{
		Inputs: []Variable{{Name: "a", Shape: []int{2, 2}}, {Name: "b", Shape: []int{1}}},
		Labels: []Variable{{Name: "c", Shape: []int{3}}, {Name: "d", Shape: []int{2}, Numeric: true}},
	}
	mem := checked(t)
	b := New(mem, l, 5)
	row := make([]byte, l.RowBytes())
	for i := range 5 {
		for k := range len(row) / 2 {
			binary.NativeEndian.PutUint16(row[2*k:], uint16(1000*i+k))
		}
		b.SetRow(i, row)
	}
	places := []uint32{7, 0, 1 << 31, 3, 2}
	data, err := b.Encode(places)
	if err != nil {
		t.Fatal(err)
	}
	got, at, err := Decode(l, data)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(at, places) || got.N != 5 {
		t.Errorf("places %v of %d rows", at, got.N)
	}
	for i := range 5 {
		if !slices.Equal(got.AppendRow(nil, i), b.AppendRow(nil, i)) {
			t.Errorf("row %d differs", i)
		}
	}
	got.Release()
	b.Release()
	for n := range len(data) - 16 { // after the batch comes the end of the stream
		if _, _, err := Decode(l, data[:n]); err == nil {
			t.Fatalf("no error for %d of %d bytes", n, len(data))
		}
	}
	l.Inputs[1].Shape = []int{2}
	if _, _, err := Decode(l, data); err == nil {
		t.Error("no error for another layout")
	}
}
