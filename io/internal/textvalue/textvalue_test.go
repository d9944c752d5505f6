package textvalue

import (
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

func TestNumberKind(t *testing.T) {
	for text, want := range map[string]int{
		"": NotNumber, "-": NotNumber, ".": NotNumber, "e5": NotNumber, "1e": NotNumber, "0x1": NotNumber, "1_0": NotNumber, "1,5": NotNumber, "x": NotNumber,
		"0": Integer, "-1": Integer, "+12": Integer, "9223372036854775807": Integer, "007": NotNumber, "-00": NotNumber, "00.5": NotNumber,
		"-9223372036854775808": Integer, "9223372036854775808": Whole, "-9223372036854775809": Whole, "+12345678901234567890": NotNumber, "+4915112345678": NotNumber, "+123456": Integer, "+1234567.5": Real,
		"09223372036854775808": NotNumber, "--9223372036854775808": NotNumber, "12345678901234567890.": Real,
		strings.Repeat("9", 308): Whole, "1" + strings.Repeat("0", 308): Whole, strings.Repeat("9", 309): Huge, "-1" + strings.Repeat("0", 309): Huge,
		"1.": Real, ".5": Real, "-0.5e-10": Real, "1e300": Real, "1e400": NotNumber, "1e-400": NotNumber,
		"0.12345678901234567890123456789012345": Real, "NaN": Named, "-Infinity": Named, "inf": Named,
	} {
		if got := NumberKind([]byte(text)); got != want {
			t.Errorf("%q: kind %d, want %d", text, got, want)
		}
	}
}

// FuzzNumberKind: a text is a number of a kind where a column of that type takes it.
func FuzzNumberKind(f *testing.F) {
	for _, s := range []string{"1", "1.5", "-2e30", "9223372036854775808", strings.Repeat("9", 309), "1e999", "007", "NaN", "{1,2.5}", "[1,2]", "{1,}", "[]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		take := func(typ table.Type, text string) bool {
			v := table.Vector{Type: typ}
			return v.AppendText(text) == nil
		}
		switch kind := NumberKind([]byte(text)); {
		case kind == Integer && !take(table.Int64Type, text), (kind == Whole || kind == Real || kind == Named) && !take(table.Float64Type, text),
			(kind == Whole || kind == Huge) && (take(table.Int64Type, text) || !take(table.NumericType, text)), kind == Huge && take(table.Float64Type, text):
			t.Errorf("%q is of kind %d", text, kind)
		}
		integers, numbers := ListKind([]byte(text))
		list := strings.NewReplacer("[", "{", "]", "}").Replace(text)
		if numbers && !take(table.Float64ArrayType, list) || integers && !take(table.Int64Type.ArrayOf(), list) {
			t.Errorf("%q is a list of numbers: %v, integers: %v", text, numbers, integers)
		}
	})
}

func TestParseArray(t *testing.T) {
	for text, want := range map[string][]string{
		`["a={", "b"]`:       {"a={", "b"},
		`["[0:1]={1,2}"]`:    {"[0:1]={1,2}"},
		`[0:1]={1,2}`:        {"1", "2"},
		`[ 0 : 1 ]={1,2}`:    {"1", "2"},
		"[0:1]\t=\n{1,2}":    {"1", "2"},
		`[-1:+0]={"={",x}`:   {"={", "x"},
		`[0:0][1:2]={{a,b}}`: {"a", "b"},
		` [1, 2] `:           {"1", "2"},
		`{a,"b={"}`:          {"a", "b={"},
	} {
		if a, err := ParseArray(text); err != nil || !slices.Equal(a.Elems, want) {
			t.Errorf("%s: %q, error %v", text, a.Elems, err)
		}
	}
	for _, text := range []string{"", "1", `"x"`, "{1}", "[0:0]={1}"} {
		if a, err := ParseJSONList(text); err == nil {
			t.Errorf("%s: %q", text, a.Elems)
		}
	}
}

func FuzzJSONList(f *testing.F) {
	for _, s := range []string{"[]", "[1,2]", "[[1,null],[3,4]]", `["a\"","\u00fc"]`, "[[[[[[[", `["`, "[true]", "[{}]", "[1 2]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.HasPrefix(text, "[") {
			return
		}
		a, err := ParseJSONList(text)
		if err != nil {
			return
		}
		n := min(1, len(a.Shape))
		for _, d := range a.Shape {
			n *= d
		}
		if n != len(a.Elems) || a.Null != nil && len(a.Null) != n || len(a.Shape) > table.MaxDims {
			t.Fatalf("%q: %d elements, shape %v", text, len(a.Elems), a.Shape)
		}
	})
}

func TestMomentOf(t *testing.T) {
	for text, want := range map[string]Moment{
		"2024-02-29": Date, "0001-01-01": Date, "9999-12-31": Date, "2023-02-29": NoMoment, "2024-13-01": NoMoment, "2024-2-9": NoMoment, "0000-01-01": NoMoment,
		"20240229": NoMoment, "2024-02-29 ": NoMoment, "29-02-2024": NoMoment, "": NoMoment, "2024-02-29 BC": NoMoment, "+024-02-29": NoMoment,
		"2024-02-29 23:59:59": Timestamp, "2024-02-29 00:00:00": Timestamp, "2024-02-29 23:59:59.5": Timestamp, "2024-02-29 23:59:59.000001": Timestamp,
		"2024-02-29 24:00:00": NoMoment, "2024-02-29 23:59:60": NoMoment, "2024-02-29 23:59": NoMoment, "2024-02-29T23:59:59": NoMoment, "2024-02-29 3:59:59": NoMoment,
		"2024-02-29 23:59:59.": NoMoment, "2024-02-29 23:59:59.50": NoMoment, "2024-02-29 23:59:59.1234567": NoMoment, "2024-02-29 23:59:59Z": NoMoment,
		"2024-02-29 23:59:59.1x": NoMoment, "2024-02-29 23:59:59+01": NoMoment,
	} {
		if got := MomentOf([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
