package pack

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

func TestSmallint(t *testing.T) {
	for _, c := range []struct {
		sql  string
		x    any
		want int16
		err  error
	}{
		{"smallint[]", []int16{-32768}, -32768, nil},
		{"integer[]", []int32{32767}, 32767, nil},
		{"integer[]", []int32{32768}, 0, errRange},
		{"bigint[]", []int64{math.MinInt64}, 0, errRange},
		{"double precision[]", []float64{1}, 1, nil},
		{"real[]", []float32{-2}, -2, nil},
		{"double precision[]", []float64{0.9}, 0, errFraction},
		{"real[]", []float32{0.5}, 0, errFraction},
		{"double precision[]", []float64{32768}, 0, errRange},
		{"double precision[]", []float64{math.NaN()}, 0, errRange},
		{"double precision[]", []float64{math.Inf(-1)}, 0, errRange},
		{"numeric[]", []string{"1.000"}, 1, nil},
		{"numeric[]", []string{"-3"}, -3, nil},
		{"numeric[]", []string{"0.5"}, 0, errFraction},
		{"numeric[]", []string{"-0.00000000000000000000001"}, 0, errFraction},
		{"numeric[]", []string{"32767"}, 32767, nil},
		{"numeric[]", []string{"32768"}, 0, errRange},
		{"numeric[]", []string{"1000000000000000000000"}, 0, errRange},
		{"numeric[]", []string{"NaN"}, 0, errRange},
		{"numeric[]", []string{"Infinity"}, 0, errRange},
	} {
		got, err := smallint(vector(t, c.sql, c.x), 0)
		if !errors.Is(err, c.err) || got != c.want {
			t.Errorf("%s %v: %d, %v, want %d, %v", c.sql, c.x, got, err, c.want, c.err)
		}
	}
}

// The reciprocal is rounded once, and the product is that of float32 numbers: not a division.
func TestScale(t *testing.T) {
	for _, c := range []struct{ constant, want float32 }{
		{255, 0.003921569}, {2, 0.5}, {3, 0.33333334}, {0.1, 10}, {1e-30, 1e30}, {3e38, 3.3333333e-39},
	} {
		if got := Scale(c.constant); got != c.want {
			t.Errorf("1/%v is %v, want %v", c.constant, got, c.want)
		}
	}
	p := &Plan{Inputs: []Input{{Column: "x", Shape: []int{256}}}, Scale: Scale(255)}
	x := make([]float32, 256)
	for i := range x {
		x[i] = float32(i)
	}
	b := table.NewBatch(table.Schema{{Name: "x", Type: table.Float32ArrayType}})
	if err := b.Append(x); err != nil {
		t.Fatal(err)
	}
	row, err := encodeRow(p, b, 0)
	if err != nil {
		t.Fatal(err)
	}
	differ := 0
	for i := range x {
		got := math.Float32frombits(binary.NativeEndian.Uint32(row[4*i:]))
		if got != float32(i)*float32(0.003921569) {
			t.Errorf("%d is scaled to %v", i, got)
		}
		if got != float32(i)/255 {
			differ++
		}
	}
	if differ == 0 {
		t.Error("the product never differs from the quotient: this test tells nothing")
	}
}

// encodeRow encodes the first row of a batch, which has that number in the source.
func encodeRow(p *Plan, b *table.Batch, row int64) ([]byte, error) {
	e, err := newEncoder(p)
	if err == nil {
		err = e.begin(b, row)
	}
	if err != nil {
		return nil, err
	}
	return e.append(nil, 0)
}

func TestEncoderRefuses(t *testing.T) {
	p := &Plan{
		Source: table.Name{Table: "t"}, Scale: 1,
		Inputs: []Input{{Column: "x", Shape: []int{2, 1}}},
		Labels: []Label{{Column: "y", Keys: [][]byte{[]byte("n1")}, Width: 1}},
	}
	good := table.Array{Elems: []any{float32(1), float32(2)}, Shape: []int{2, 1}}
	for _, c := range []struct {
		x, y any
		want string
	}{
		{good, 1, ""},
		{nil, 1, `table t, column "x", row 8: the value is NULL`},
		{[]float32{1, 2}, 1, `table t, column "x", row 8: the array has shape [2], that of the first row has shape [2 1]`},
		{table.Array{Elems: []any{float32(1), nil}, Shape: []int{2, 1}}, 1, `table t, column "x", row 8: element 2 is NULL`},
		{table.Array{Elems: []any{float32(1), float32(math.Inf(-1))}, Shape: []int{2, 1}}, 1, `table t, column "x", row 8: element 2 is -Infinity`},
		{good, nil, `table t, column "y", row 8: NULL is none of the 1 classes`},
	} {
		b := table.NewBatch(table.Schema{{Name: "x", Type: table.Float32ArrayType}, {Name: "y", Type: table.Int32Type}})
		if err := b.Append(c.x, c.y); err != nil {
			t.Fatal(err)
		}
		_, err := encodeRow(p, b, 7)
		var at *table.ValueError
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want || !errors.As(err, &at)) {
			t.Errorf("x %v, y %v: got %v, want %s", c.x, c.y, err, c.want)
		}
	}
}

// vector is a column of that type.
func vector(t *testing.T, sql string, values ...any) *table.Vector {
	t.Helper()
	v := &table.Vector{Type: table.ParseType(sql)}
	for _, x := range values {
		if err := v.Append(x); err != nil {
			t.Fatal(err)
		}
	}
	return v
}
