package table

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParseArray(t *testing.T) {
	for text, want := range map[string]TextArray{
		"{}":                      {},
		" { } ":                   {},
		"{{},{}}":                 {},
		"{1}":                     {Elems: []string{"1"}, Shape: []int{1}},
		"{1,2,3}":                 {Elems: []string{"1", "2", "3"}, Shape: []int{3}},
		" { 1 , 2.50 ,\t-3e4\n} ": {Elems: []string{"1", "2.50", "-3e4"}, Shape: []int{3}},
		"{1,NULL,null}":           {Elems: []string{"1", "", ""}, Null: []bool{false, true, true}, Shape: []int{3}},
		`{"NULL","","a,b"}`:       {Elems: []string{"NULL", "", "a,b"}, Shape: []int{3}},
		`{"a\"b","c\\d",e\,f}`:    {Elems: []string{`a"b`, `c\d`, "e,f"}, Shape: []int{3}},
		"{a b, c }":               {Elems: []string{"a b", "c"}, Shape: []int{2}},
		"{{1,2},{3,4}}":           {Elems: []string{"1", "2", "3", "4"}, Shape: []int{2, 2}},
		"{{{1},{2}}}":             {Elems: []string{"1", "2"}, Shape: []int{1, 2, 1}},
		"[0:1]={5,6}":             {Elems: []string{"5", "6"}, Shape: []int{2}},
		"[1:1][-2:-1]={{5,6}}":    {Elems: []string{"5", "6"}, Shape: []int{1, 2}},
		`{ü,"表 🦜",\ü}`:            {Elems: []string{"ü", "表 🦜", "ü"}, Shape: []int{3}},
	} {
		got, err := ParseArray(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", text, got, want)
		}
	}
}

func TestParseArrayErrors(t *testing.T) {
	for text, offset := range map[string]int{
		"":                 0,
		"1,2":              0,
		"{1,2":             4,
		"{1,2}x":           5,
		"{1,,2}":           3,
		"{1,}":             3,
		"{,1}":             1,
		"{{1,2},{3}}":      9,
		"{{1},2}":          5,
		"{1,{2}}":          3,
		"{{},{1}}":         6,
		`{"a`:              3,
		`{a"b}`:            2,
		`{"a"b}`:           4,
		`{a\`:              2,
		"[1:2]={1}":        9,
		"[2:1]={}":         0,
		"[1:2]{1,2}":       5,
		"[x]={1}":          0,
		"{{{{{{{1}}}}}}}":  6,
		"{{{{1},{2}},{3}}": 13,
	} {
		_, err := ParseArray(text)
		var syntax *ArraySyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: got error %v", text, err)
		} else if syntax.Offset != offset {
			t.Errorf("%s: stops at %d, want %d: %v", text, syntax.Offset, offset, err)
		}
	}
}

func TestFormatValue(t *testing.T) {
	for _, c := range []struct {
		typ   Type
		value any
		want  string
	}{
		{BoolType, true, "t"},
		{Int64Type, int64(-5), "-5"},
		{Float64Type, 1e22, "1e+22"},
		{NumericType, "1.50", "1.50"},
		{BytesType, []byte{1, 255}, `\x01ff`},
		{TextType, "a b", "a b"},
		{BoolType.ArrayOf(), []bool{true, false}, "{t,f}"},
		{Float32ArrayType, []float32{1, 0.1}, "{1,0.1}"},
		{Float32ArrayType, []float32{}, "{}"},
		{Int32ArrayType, Array{Elems: []any{int32(1), nil, int32(3), int32(4)}, Shape: []int{2, 2}}, "{{1,NULL},{3,4}}"},
		{TextArrayType, []string{"a b", "", "NULL", "x,y", "{", `q"\`, "plain"}, `{"a b","","NULL","x,y","{","q\"\\",plain}`},
		{BytesType.ArrayOf(), Array{Elems: []any{[]byte{1}}}, `{"\\x01"}`},
	} {
		v := Vector{Type: c.typ}
		if err := v.Append(c.value); err != nil {
			t.Fatal(err)
		}
		if got, null := FormatValue(&v, 0); got != c.want || null {
			t.Errorf("%s: got %s, %v; want %s", c.typ, got, null, c.want)
		}
		back := Vector{Type: c.typ}
		if err := back.AppendText(c.want); err != nil {
			t.Errorf("%s: %v", c.want, err)
		} else if got, _ := FormatValue(&back, 0); got != c.want {
			t.Errorf("%s comes back as %s", c.want, got)
		}
	}
	v := Vector{Type: TextType}
	_ = v.Append(nil)
	if text, null := FormatValue(&v, 0); text != "" || !null {
		t.Errorf("NULL is %q, %v", text, null)
	}
}

func TestAppendText(t *testing.T) {
	for _, c := range []struct {
		typ  Type
		text string
		want any // nil: an error
	}{
		{BoolType, "t", true},
		{BoolType, " Yes ", true},
		{BoolType, "1", true},
		{BoolType, "on", true},
		{BoolType, "tru", true},
		{BoolType, "OFF", false},
		{BoolType, "n", false},
		{BoolType, "0", false},
		{BoolType, "", nil},
		{BoolType, "o", nil},
		{BoolType, "2", nil},
		{BoolType, "truex", nil},
		{Int16Type, " -32768 ", int16(-32768)},
		{Int16Type, "32768", nil},
		{Int32Type, "+7", int32(7)},
		{Int32Type, "1.0", nil},
		{Int32Type, "", nil},
		{Int64Type, "9223372036854775807", int64(9223372036854775807)},
		{Int64Type, "9223372036854775808", nil},
		{Int64Type, "1_000", nil},
		{Float64Type, "1e400", nil},
		{Float64Type, "1e-400", nil},
		{Float64Type, "-0", 0.0},
		{Float64Type, "0x10", nil},
		{Float64Type, "1_0", nil},
		{Float64Type, "0e-400", 0.0},
		{Float64Type, " .5 ", 0.5},
		{Float32Type, "3.4028235e38", float32(3.4028235e38)},
		{Float32Type, "3.5e38", nil},
		{Float32Type, "1e-46", nil},
		{Float32Type, "x", nil},
		{NumericType, "1.50", "1.50"},
		{NumericType, "+007.10", "7.10"},
		{NumericType, "-0.00", "0.00"},
		{NumericType, "1.5e3", "1500"},
		{NumericType, "15e-3", "0.015"},
		{NumericType, ".5", "0.5"},
		{NumericType, "nan", "NaN"},
		{NumericType, "-inf", "-Infinity"},
		{NumericType, "1e", nil},
		{NumericType, "e5", nil},
		{NumericType, ".", nil},
		{NumericType, "1e999999999", nil},
		{NumericType, "1e131072", nil},
		{NumericType, "--1", nil},
		{TextType, " as is ", " as is "},
		{TextType, "\xff", nil},
		{TextType, "a\x00", nil},
		{BytesType, `\x01 fF`, "\x01\xff"},
		{BytesType, `\x0`, nil},
		{BytesType, `a\\\377`, "a\\\xff"},
		{BytesType, `\9`, nil},
		{BytesType, `\400`, nil},
		{BytesType, `end\`, nil},
		{TimestampType, "2024-01-01 00:00:00", "2024-01-01 00:00:00"},
	} {
		v := Vector{Type: c.typ}
		err := v.AppendText(c.text)
		switch {
		case c.want == nil:
			if err == nil || v.Len() != 0 {
				t.Errorf("%s %q was taken: %v", c.typ, c.text, v.Elem(0))
			}
		case err != nil:
			t.Errorf("%s %q: %v", c.typ, c.text, err)
		default:
			got := v.Elem(0)
			if b, ok := got.([]byte); ok {
				got = string(b)
			}
			if got != c.want {
				t.Errorf("%s %q: got %v, want %v", c.typ, c.text, got, c.want)
			}
		}
	}
	v := Vector{Type: Int32ArrayType}
	if err := v.AppendText("{1,2,x}"); err == nil || v.Len() != 0 || len(v.Int32s) != 0 {
		t.Errorf("a bad array left %d rows, %d elements: %v", v.Len(), len(v.Int32s), err)
	}
}

func FuzzParseArray(f *testing.F) {
	for _, s := range []string{"{}", "{1,2}", "{{1,2},{3,NULL}}", `{"a\"b",c d}`, "[0:1]={1,2}", "{{{{{{{", `{"`, "[1:2][3:4]={{1,2},{3,4}}", "{\xff}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseArray(text)
		if err != nil {
			return
		}
		n := min(1, len(a.Shape))
		for _, d := range a.Shape {
			n *= d
		}
		if n != len(a.Elems) || a.Null != nil && len(a.Null) != len(a.Elems) || len(a.Shape) > MaxDims {
			t.Fatalf("%q: %d elements, %d null marks, shape %v", text, len(a.Elems), len(a.Null), a.Shape)
		}
		v := Vector{Type: TextArrayType}
		if err := v.AppendTextArray(a); err != nil {
			return // not UTF-8
		}
		again, err := ParseArray(FormatArray(&v, 0))
		if err != nil || strings.Join(again.Elems, "\x00") != strings.Join(a.Elems, "\x00") || !reflect.DeepEqual(again.Shape, a.Shape) {
			t.Fatalf("%q is written as %s and read as %v, %v", text, FormatArray(&v, 0), again, err)
		}
	})
}
