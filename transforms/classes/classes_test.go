package classes

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

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

func TestSortList(t *testing.T) {
	for _, c := range []struct {
		sql    string
		values []any
		want   string
	}{
		{"boolean", []any{true, nil, false}, `NULL, "false", "true"`},
		{"smallint", []any{int16(100), int16(-20), int16(3)}, `"-20", "3", "100"`},
		{"numeric", []any{"NaN", "1e1", "-Infinity", "9.99", "Infinity", "100000000000000000000000001", "100000000000000000000000000"}, ""},
		{"double precision", []any{2.5, 1e300, -1e300, 10.0}, `"-1e+300", "2.5", "10", "1e+300"`},
		// By the code points of the SQL literal: 'New York' before 'New', E'...' last.
		{"text", []any{"New", "New York", "new", "a\\b", "Z", "it's", "its", "\U0001F600", "\uFF00"}, `"New York", "New", "Z", "it's", "its", "new", "\uff00", "😀", "a\\b"`},
		{"uuid", []any{"b", "a"}, `"a", "b"`},
	} {
		v := vector(t, c.sql, c.values...)
		var cs List
		for i := range c.values {
			cs = append(cs, At(v, i))
		}
		sortClasses(v.Type, cs)
		if c.sql == "numeric" {
			c.want = `"-Infinity", "9.99", "1e1", "100000000000000000000000000", "100000000000000000000000001", "Infinity", "NaN"`
		}
		if got := list(cs); got != c.want {
			t.Errorf("%s: %s, want %s", c.sql, got, c.want)
		}
	}
}

func TestRead(t *testing.T) {
	text := func(elems ...any) any { return table.Array{Elems: elems} }
	for _, c := range []struct {
		value any
		want  string
		slots int
		err   string
	}{
		{text("a", "b"), `"a", "b"`, 2, ""},
		{text(nil, "a", "b", nil, nil), `NULL, "a", "b"`, 5, ""},
		{text("a", "b", nil), `"a", "b"`, 3, ""},
		{text(nil, nil), "NULL", 2, ""},
		{text(), "", 0, "the array is empty"},
		{nil, "", 0, "the value is NULL"},
		{text("a", "b", "a"), "", 0, `class "a" appears twice`},
	} {
		v := vector(t, "text[]", []string{"another row"}, c.value)
		cs, slots, err := Read(v, 1)
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%v: got %v, want %s", c.value, err, c.err)
			}
			continue
		}
		if err != nil || list(cs) != c.want || slots != c.slots {
			t.Errorf("%v: %s in %d slots, error %v", c.value, list(cs), slots, err)
		}
		// What is written is read back.
		again := table.Vector{Type: v.Type}
		if err := again.AppendTextArray(cs.Values(slots - len(cs))); err != nil || table.FormatArray(&again, 0) != table.FormatArray(v, 1) {
			t.Errorf("%v: written as %s, error %v", c.value, table.FormatArray(&again, 0), err)
		}
	}
}

func TestUnknown(t *testing.T) {
	v := vector(t, "integer", 1, 2, nil, 7, 8)
	var cs List
	for i := range 5 {
		c := At(v, i)
		c.Row = int64(10 - i)
		cs = append(cs, c)
	}
	if row, err := cs.Unknown(cs[1:3]); err != nil || row != -1 {
		t.Errorf("known classes: row %d, %v", row, err)
	}
	row, err := cs[:3].Unknown(cs) // 7 is in row 7, 8 in row 6
	var unknown *UnknownError
	if row != 6 || !errors.As(err, &unknown) || unknown.Class.Text != "8" || !strings.Contains(err.Error(), `"8" is none of the classes of the training data (known: "1", "2", NULL)`) {
		t.Errorf("row %d, %v", row, err)
	}
}

func TestUnknownIsShort(t *testing.T) {
	var cs List
	for i := range 1000 {
		cs = append(cs, Class{Text: fmt.Sprint("class ", i)})
	}
	err := &UnknownError{Class: Class{Text: "class12"}, Known: cs}
	if want := `"class12" is none of the classes of the training data (the nearest of 1000 known: "class 12", "class 102", "class 112")`; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestComparable(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"integer", "numeric", true},
		{"text", "character varying", true},
		{"text", "integer", false},
		{"text", "date", false},
		{"date", "date", true},
		{"date", "DATE", true},
		{"date[]", "date", true},
		{"date", "timestamp without time zone", false},
		{"timestamp with time zone", "timestamp", false},
		{"uuid", "json", false},
		{"public.mood", "mood", true},
		{`"Mood"`, `public."Mood"`, true},
		{`"Mood"`, `"mood"`, false},
		{"mood", "uuid", false},
	} {
		if got := Comparable(table.ParseType(c.a), table.ParseType(c.b)); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

// list writes the classes one after the other.
func list(cs List) string {
	out := make([]string, len(cs))
	for i, c := range cs {
		out[i] = c.String()
	}
	return strings.Join(out, ", ")
}
