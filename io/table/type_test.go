package table

import (
	"math"
	"testing"
)

func TestParseType(t *testing.T) {
	for text, want := range map[string]Type{
		"int": Int32Type, "INT4": Int32Type, " Integer ": Int32Type, "serial": Int32Type, "smallserial": Int16Type, "bigserial": Int64Type,
		"float": Float64Type, "Double  Precision": Float64Type, "real": Float32Type,
		"decimal(10, 2)": NumericType, "numeric": NumericType,
		"varchar(20)": VarcharType, "character varying (20)": VarcharType, "text": TextType,
		"char(3)": {Kind: Text, SQL: "character"}, "bpchar": {Kind: Text, SQL: "character"},
		"bytea": BytesType, "bool": BoolType, "json": JSONType,
		"timestamp": TimestampType, "timestamp(3) without time zone": TimestampType, "timestamptz(0)": {Kind: Other, SQL: "timestamp with time zone"},
		"int[]": Int32ArrayType, "int [3][]": Int32ArrayType, "real[][][]": Float32ArrayType, "varchar(5)[]": VarcharType.ArrayOf(),
		"date": {Kind: Other, SQL: "date"}, "uuid[]": {Kind: Other, Array: true, SQL: "uuid[]"},
		`"My  (odd) Type"`: {Kind: Other, SQL: `"My  (odd) Type"`}, `s."T"[]`: {Kind: Other, Array: true, SQL: `s."T"[]`},
	} {
		if got := ParseType(text); got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

func TestTypes(t *testing.T) {
	for _, typ := range []Type{BoolType, Int16Type, Int32Type, Int64Type, Float32Type, Float64Type, NumericType, TextType, VarcharType, BytesType, TimestampType, JSONType} {
		for _, x := range []Type{typ, typ.ArrayOf()} {
			if got := ParseType(x.SQL); got != x {
				t.Errorf("%s: got %+v, want %+v", x, got, x)
			}
		}
		if got := typ.ArrayOf().Elem(); got != typ {
			t.Errorf("elements of %s: %+v", typ.ArrayOf(), got)
		}
	}
	for typ, want := range map[Type]bool{Int16Type: true, NumericType: true, Float64ArrayType: true, TextType: false, BoolType: false, BytesType: false, JSONType: false} {
		if typ.IsNumber() != want {
			t.Errorf("%s: IsNumber is %v", typ, !want)
		}
	}
}

// FuzzParseType: the text of what is read is read as the same.
func FuzzParseType(f *testing.F) {
	for s := range sqlNames {
		f.Add(s)
		f.Add(s + "[]")
	}
	for _, s := range []string{"", "[]", "a(b)(c)", "((x))", "x ( 3 ) y", `"a[]"`, "int[3", "a[1][2]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		typ := ParseType(text)
		if again := ParseType(typ.SQL); again != typ {
			t.Errorf("%q is %+v, and that is read as %+v", text, typ, again)
		}
	})
}

func TestFloatText(t *testing.T) {
	for _, c := range []struct {
		x    float64
		bits int
		want string
	}{
		{0, 64, "0"},
		{math.Copysign(0, -1), 64, "-0"},
		{0.1, 64, "0.1"},
		{1.0 / 3, 64, "0.3333333333333333"},
		{100000, 64, "100000"},
		{123456789012345, 64, "123456789012345"},
		{1e15, 64, "1e+15"},
		{0.0001, 64, "0.0001"},
		{0.00001, 64, "1e-05"},
		{1e300, 64, "1e+300"},
		{math.SmallestNonzeroFloat64, 64, "5e-324"},
		{math.NaN(), 64, "NaN"},
		{math.Inf(1), 32, "Infinity"},
		{math.Inf(-1), 64, "-Infinity"},
		{float64(float32(0.1)), 32, "0.1"},
		{float64(float32(0.1)), 64, "0.10000000149011612"},
		{999999, 32, "999999"},
		{1e6, 32, "1e+06"},
		{16777216, 32, "1.6777216e+07"},
		// the shorter 1e+23 and 1.5e+10 lie exactly between two floats
		{1e23, 64, "9.999999999999999e+22"},
		{float64(float32(1.5e10)), 32, "1.5000001e+10"},
		{math.MaxFloat64, 64, "1.7976931348623157e+308"},
		{math.MaxFloat32, 32, "3.4028235e+38"},
	} {
		if got := FloatText(c.x, c.bits); got != c.want {
			t.Errorf("%v of %d bits: got %s, want %s", c.x, c.bits, got, c.want)
		}
	}
}
