package table

import (
	"slices"
	"strings"
	"testing"
)

func TestParseName(t *testing.T) {
	for text, want := range map[string]Name{
		"iris":               {"", "iris"},
		"  Iris_2 ":          {"", "iris_2"},
		"Public.IRIS":        {"public", "iris"},
		" public . iris ":    {"public", "iris"},
		`"Iris"`:             {"", "Iris"},
		`"a.b"."c""d"`:       {"a.b", `c"d`},
		`s."two words; --"`:  {"s", "two words; --"},
		`"null"`:             {"", "null"},
		`""""`:               {"", `"`},
		`" "`:                {"", " "},
		`"1abc"."2"`:         {"1abc", "2"},
		"_1.a2":              {"_1", "a2"},
		"Ünïcödé":            {"", "Ünïcödé"},
		"nullable.null_":     {"nullable", "null_"},
		`"` + `new` + "\n\"": {"", "new\n"},
	} {
		got, err := ParseName(text)
		if err != nil || got != want {
			t.Errorf("%q: got %#v, %v, want %#v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " ", ".", "a.", ".a", "a..b", "a.b.c", `"`, `"a`, `a"`, `""`, `"".a`, `"a"b`, `a"b"`, `"a"b"`, `"a" "b"`, "1abc", "a.1", "0.a", "NULL", "a.Null", "a\x00b", `"a` + "\x00" + `"`, "a\xff", "\"a\xff\"", "s\xff.a",
	} {
		if got, err := ParseName(text); err == nil {
			t.Errorf("%q: got %#v, want an error", text, got)
		}
	}
}

func TestParseColumns(t *testing.T) {
	for text, want := range map[string][]string{
		"a":                 {"a"},
		"A, b ,C":           {"a", "b", "c"},
		`"A","b,c" , "d"""`: {"A", "b,c", `d"`},
		"a.b":               {"a.b"},
		`a1,"1b"`:           {"a1", "1b"},
	} {
		got, err := ParseColumns(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", ",", "a,", ",a", "a,,b", `"a`, "a,A", `a,"a"`, "a,null", "a,1b", "a,b\xff"} {
		if got, err := ParseColumns(text); err == nil {
			t.Errorf("%q: got %q, want an error", text, got)
		}
	}
}

func TestSplitColumns(t *testing.T) {
	got, err := SplitColumns(` A ,"b,c", d`)
	if err != nil || !slices.Equal(got, []string{"A", `"b,c"`, "d"}) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := SplitColumns(`"a`); err == nil {
		t.Error("an open quote was taken")
	}
}

func TestNameText(t *testing.T) {
	for want, n := range map[string]Name{
		"iris": {"", "iris"}, `"Iris"`: {"", "Iris"}, `"a b".c_1`: {"a b", "c_1"}, `"1a"`: {"", "1a"}, `"a""b"`: {"", `a"b`}, `"null"`: {"", "null"}, `"ü"`: {"", "ü"},
	} {
		if got := n.String(); got != want {
			t.Errorf("%#v: got %s, want %s", n, got, want)
		}
	}
	if got := (Name{"s", "M"}).WithSuffix("_summary"); got != (Name{"s", "M_summary"}) {
		t.Errorf("companion %v", got)
	}
	if got, want := QuoteAll([]string{"a", "B", "c,d"}), `a, "B", "c,d"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzParseName: what is read can be written and read again; what is written for any name is read as that name.
func FuzzParseName(f *testing.F) {
	for _, s := range []string{"a", "S.T", `"a.b"."c""d"`, `"`, "a.b.c", "null", " x ", "ü.Ü", "a\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := ParseName(text); err == nil {
			if again, err := ParseName(n.String()); err != nil || again != n {
				t.Errorf("%q is %#v, written %s, read %#v, %v", text, n, n, again, err)
			}
		}
		if text == "" || strings.ContainsRune(text, 0) {
			return
		}
		for _, n := range []Name{{"", text}, {text, text}, {"s", text}} {
			if again, err := ParseName(n.String()); err != nil || again != n {
				t.Errorf("%#v, written %s, read %#v, %v", n, n, again, err)
			}
		}
	})
}

func FuzzParseColumns(f *testing.F) {
	for _, s := range []string{"a", "a,b", `"a,b", C`, `"`, ",", "a,A"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cols, err := ParseColumns(text)
		if err != nil {
			return
		}
		if again, err := ParseColumns(QuoteAll(cols)); err != nil || !slices.Equal(again, cols) {
			t.Errorf("%q is %q, written %s, read %q, %v", text, cols, QuoteAll(cols), again, err)
		}
	})
}

func TestParseColumn(t *testing.T) {
	for text, want := range map[string]struct {
		table  Name
		column string
	}{
		"iris_test.Class_Text": {Name{"", "iris_test"}, "class_text"},
		` s . "My.Table" ."A"`: {Name{"s", "My.Table"}, "A"},
	} {
		name, column, err := ParseColumn(text)
		if err != nil || name != want.table || column != want.column {
			t.Errorf("%q: %#v, %q, %v", text, name, column, err)
		}
	}
	for text, want := range map[string]string{
		"iris":    `column "iris": expected table.column or schema.table.column, found 1 parts`,
		"a.b.c.d": `column "a.b.c.d": expected table.column or schema.table.column, found 4 parts`,
		"a.":      `column "a.": a part is empty`,
		`a."b`:    `column "a.\"b": a double quote is not closed`,
		"a.1b":    `column "a.1b": part 1b: a name cannot begin with a digit; write "1b" in double quotes to mean it`,
	} {
		if name, column, err := ParseColumn(text); err == nil || err.Error() != want {
			t.Errorf("%q: %#v, %q, %v", text, name, column, err)
		}
	}
}
