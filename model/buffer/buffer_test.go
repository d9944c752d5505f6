package buffer

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// checked is an allocator that fails the test when memory stays allocated.
func checked(t *testing.T) memory.Allocator {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return mem
}

var example = Layout{Inputs: []Variable{{Name: "x", Shape: []int{2}}}, Labels: []Variable{{Name: "y", Shape: []int{3}}}}

// The worked example of the package comment.
func exampleBuffer(t *testing.T) *Buffer {
	b := New(checked(t), example, 2)
	copy(b.Inputs[0], []float32{1, 2, 3, 4})
	b.Labels[0][0], b.Labels[0][5] = 1, 1
	return b
}

func TestPacked(t *testing.T) {
	b := exampleBuffer(t)
	defer b.Release()
	p := b.Packed(7)
	if p.ID != 7 {
		t.Errorf("id %d", p.ID)
	}
	for i, want := range []struct {
		bytes string
		shape []int
	}{
		{"0000803f 00000040 00004040 00008040", []int{2, 2}},
		{"0100 0000 0000 0000 0000 0100", []int{2, 3}},
	} {
		if got := hex.EncodeToString(p.Values[i]); got != strings.ReplaceAll(want.bytes, " ", "") {
			t.Errorf("variable %d has bytes %s, want %s", i, got, want.bytes)
		}
		if !slices.Equal(p.Shapes[i], want.shape) {
			t.Errorf("variable %d has shape %v, want %v", i, p.Shapes[i], want.shape)
		}
	}
	// The bytes are the memory of the slices: nothing is copied.
	b.Inputs[0][0] = float32(math.Inf(1))
	if got := hex.EncodeToString(p.Values[0][:4]); got != "0000807f" {
		t.Errorf("after writing to Inputs the bytes are %s", got)
	}

	again, err := Read(example, p)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Release()
	if &again.Inputs[0][0] != &b.Inputs[0][0] {
		t.Error("the values were copied")
	}
	if again.N != 2 || !slices.Equal(again.Inputs[0], b.Inputs[0]) || !slices.Equal(again.Labels[0], b.Labels[0]) {
		t.Errorf("read back: %+v", again)
	}
}

func TestRecord(t *testing.T) {
	b := exampleBuffer(t)
	rec := b.Record()
	b.Release() // the record keeps the memory alive
	defer rec.Release()
	if got, want := rec.Schema().String(), `schema:
  fields: 2
    - x: type=fixed_size_list<item: float32>[2]
    - y: type=fixed_size_list<item: int16>[3]`; got != want {
		t.Errorf("schema\n%s\nwant\n%s", got, want)
	}
	x := rec.Column(0).(*array.FixedSizeList)
	y := rec.Column(1).(*array.FixedSizeList)
	if got := x.String() + y.String(); got != "[[1 2] [3 4]][[1 0 0] [0 0 1]]" {
		t.Errorf("record %s", got)
	}
	if rec.NumRows() != 2 || x.NullN() != 0 {
		t.Errorf("%d rows, %d NULL", rec.NumRows(), x.NullN())
	}
}

func TestSeveralVariables(t *testing.T) {
	l := Layout{
		Inputs: []Variable{{Name: "a", Shape: []int{2, 2, 1}}, {Name: "b", Shape: []int{1}}},
		Labels: []Variable{{Name: "c", Shape: []int{2}}, {Name: "d", Shape: []int{5}}},
	}
	if l.RowBytes() != 4*5+2*7 {
		t.Errorf("%d bytes per row", l.RowBytes())
	}
	b := New(checked(t), l, 3)
	defer b.Release()
	for i, want := range []int{12, 3} {
		if len(b.Inputs[i]) != want {
			t.Errorf("input %d has %d elements, want %d", i, len(b.Inputs[i]), want)
		}
	}
	if got := b.Packed(0).Shapes[0]; !slices.Equal(got, []int{3, 2, 2, 1}) {
		t.Errorf("shape %v", got)
	}
	for _, x := range b.Inputs[0] {
		if x != 0 {
			t.Error("new memory is not zero")
		}
	}
	var row []byte
	for _, x := range []float32{1, 2, 3, 4, 5} {
		row = binary.NativeEndian.AppendUint32(row, math.Float32bits(x))
	}
	for _, x := range []int16{6, -7, 8, 9, 10, 11, 12} {
		row = binary.NativeEndian.AppendUint16(row, uint16(x))
	}
	b.SetRow(1, row)
	if got := fmt.Sprint(b.Inputs, b.Labels); got != "[[0 0 0 0 1 2 3 4 0 0 0 0] [0 5 0]] [[0 0 6 -7 0 0] [0 0 0 0 0 8 9 10 11 12 0 0 0 0 0]]" {
		t.Errorf("after SetRow: %s", got)
	}
}

// TestNumericLabels: they are float32, in memory, packed and in a record.
func TestNumericLabels(t *testing.T) {
	l := Layout{Inputs: []Variable{{Name: "x", Shape: []int{1}}}, Labels: []Variable{{Name: "a", Shape: []int{2}, Numeric: true}, {Name: "b", Shape: []int{1}}}}
	if l.RowBytes() != 4+8+2 {
		t.Errorf("%d bytes per row", l.RowBytes())
	}
	b := New(checked(t), l, 2)
	copy(b.Numbers[0], []float32{1.5, -2, 3, 1e30})
	b.Labels[1][1] = 7
	if b.Labels[0] != nil || b.Numbers[1] != nil {
		t.Errorf("labels %v, numbers %v", b.Labels, b.Numbers)
	}
	back, err := Read(l, b.Packed(3))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(back.Numbers[0], b.Numbers[0]) || !slices.Equal(back.Labels[1], b.Labels[1]) {
		t.Errorf("read back: %v, %v", back.Numbers, back.Labels)
	}
	rec := back.Record()
	if got := rec.Column(1).DataType().String(); got != "fixed_size_list<item: float32>[2]" {
		t.Errorf("column of type %s", got)
	}
	rec.Release()
	back.Release()
	b.Release()
}

// TestReadUnaligned: bytes that are no float32 array as they lie are copied.
func TestReadUnaligned(t *testing.T) {
	bytes := make([]byte, 17)
	for i := range bytes {
		bytes[i] = byte(i)
	}
	for shift := range 2 {
		x := bytes[shift : shift+16]
		b, err := Read(example, Packed{Values: [][]byte{x, make([]byte, 12)}, Shapes: [][]int{{2, 2}, {2, 3}}})
		if err != nil {
			t.Fatal(err)
		}
		if want := math.Float32frombits(binary.LittleEndian.Uint32(x[4:])); b.Inputs[0][1] != want {
			t.Errorf("shifted by %d: %v, want %v", shift, b.Inputs[0][1], want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		values [2]int // lengths
		shapes [2][]int
		want   string
	}{
		{"short", [2]int{15, 12}, [2][]int{{2, 2}, {2, 3}}, `buffer 9, column "x": it has 15 bytes, but its shape [2 2] needs 16`},
		{"labels long", [2]int{16, 14}, [2][]int{{2, 2}, {2, 3}}, `buffer 9, column "y": it has 14 bytes, but its shape [2 3] needs 12`},
		{"no shape", [2]int{16, 12}, [2][]int{nil, {2, 3}}, `column "x": its shape is empty, expected the number of rows and the shape [2] of a row`},
		{"other rows", [2]int{16, 18}, [2][]int{{2, 2}, {3, 3}}, `column "y": 3 rows, but "x" has 2`},
		{"other shape", [2]int{16, 12}, [2][]int{{2, 2}, {3, 2}}, `its shape [3 2] is one of rows of shape [2], expected rows of shape [3]`},
		{"negative", [2]int{16, 12}, [2][]int{{-2, 2}, {2, 3}}, `its shape is [-2 2]: -2 rows`},
		{"huge", [2]int{16, 12}, [2][]int{{1 << 40, 2}, {2, 3}}, `need more than 1073741824 bytes`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Packed{ID: 9, Shapes: c.shapes[:]}
			for _, n := range c.values {
				p.Values = append(p.Values, make([]byte, n))
			}
			_, err := Read(example, p)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), []byte("0123456789ab"), int64(2), int64(2), int64(2), int64(3))
	f.Add([]byte{}, []byte{}, int64(0), int64(2), int64(0), int64(3))
	f.Add([]byte{1}, []byte{2}, int64(math.MaxInt64), int64(math.MinInt64), int64(1<<62), int64(4))
	f.Fuzz(func(t *testing.T, x, y []byte, n1, d1, n2, d2 int64) {
		p := Packed{Values: [][]byte{x, y}, Shapes: [][]int{{int(n1), int(d1)}, {int(n2), int(d2)}}}
		b, err := Read(example, p)
		if err == nil {
			q := b.Packed(0)
			for i := range q.Values {
				if string(q.Values[i]) != string(p.Values[i]) || !slices.Equal(q.Shapes[i], p.Shapes[i]) {
					t.Errorf("variable %d changed", i)
				}
			}
			b.Release()
		}
	})
}

func TestSwap(t *testing.T) {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	swap(b, 4)
	swap(b, 2)
	if want := []byte{3, 4, 1, 2, 7, 8, 5, 6}; !slices.Equal(b, want) {
		t.Errorf("got %v, want %v", b, want)
	}
}

func TestNewPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a buffer over the limit was made")
		}
	}()
	New(memory.NewGoAllocator(), Layout{Inputs: []Variable{{Name: "x", Shape: []int{1 << 20}}}}, 1<<20)
}
