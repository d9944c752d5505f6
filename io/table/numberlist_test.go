package table

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// FuzzNumbers: what the fast readers take is what the general ones make of it, and what they refuse leaves no trace.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"{1,2}", "[1.5,-2e3]", "{1,}", "{}", "{,}", "[1}", "{1e400}", "{1e-400}", "{40000}", "{+1}", "{0x1}", "{NaN}", "{ 1}", "1", "-0.5e-10", "{00.0}", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, typ := range []Type{Int16Type, Int32Type, Int64Type, Float32Type, Float64Type, NumericType, TextType, BoolType} {
			for _, array := range []bool{false, true} {
				if array {
					typ = typ.ArrayOf()
				}
				b := NewBatch(Schema{{Name: "v", Type: typ}})
				v := &b.Cols[0]
				var ok bool
				if array {
					ok = v.AppendNumberList([]byte(text))
				} else {
					ok = v.AppendNumber([]byte(text))
				}
				general := Vector{Type: typ}
				err := general.AppendText(strings.NewReplacer("[", "{", "]", "}").Replace(text))
				switch {
				case ok && err != nil:
					t.Errorf("%s %q was read; it is %v", typ, text, err)
				case ok && (rowText(v) != rowText(&general) || v.Len() != 1):
					t.Errorf("%s %q was read as %s", typ, text, rowText(v))
				case !ok && (v.elems() != 0 || v.Len() != 0):
					t.Errorf("%s %q was refused and left %d elements", typ, text, v.elems())
				}
			}
		}
	})
}

// rowText is row 0.
func rowText(v *Vector) string {
	text, _ := FormatValue(v, 0)
	return text
}

// TestNumberListBeside adds lists to vectors that have NULL elements and arrays of more dimensions.
func TestNumberListBeside(t *testing.T) {
	v := Vector{Type: Float32ArrayType}
	for _, x := range []any{Array{Elems: []any{nil, float32(1)}}, nil, Array{Elems: []any{float32(1), float32(2)}, Shape: []int{2, 1}}} {
		if err := v.Append(x); err != nil {
			t.Fatal(err)
		}
	}
	if v.AppendNumberList([]byte("{1,x}")) || !v.AppendNumberList([]byte("{5,6.5}")) {
		t.Error("x was taken for a number, or a number for x")
	}
	var got []string
	for i := range v.Len() {
		text, null := FormatValue(&v, i)
		if null {
			text = "null"
		}
		got = append(got, text)
	}
	if want := []string{"{NULL,1}", "null", "{{1},{2}}", "{5,6.5}"}; !reflect.DeepEqual(got, want) || len(v.ElemNull) != len(v.Float32s) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAppendFloat compares with strconv's two forms on random floats.
func TestAppendFloat(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 200_000 {
		x, bits, most := math.Float64frombits(r.Uint64()), 64, 15
		switch i % 4 {
		case 1:
			x = math.Ldexp(r.Float64(), r.IntN(70)-20)
		case 2:
			x, bits, most = float64(float32(math.Ldexp(r.Float64(), r.IntN(40)-16))), 32, 6
		case 3:
			x = float64(r.IntN(2_000_000)-1_000_000) / 100
		}
		if x-x != 0 {
			continue
		}
		got := FloatText(x, bits)
		if back, err := strconv.ParseFloat(got, bits); err != nil || back != x {
			t.Fatalf("%v of %d bits is written %s", x, bits, got)
		}
		if a := math.Abs(x); (a < math.Pow10(most)*0.99 && a >= 1e-4 || x == 0) && got != strconv.FormatFloat(x, 'f', -1, bits) {
			t.Fatalf("%v of %d bits is written %s, want %s", x, bits, got, strconv.FormatFloat(x, 'f', -1, bits))
		}
	}
}
