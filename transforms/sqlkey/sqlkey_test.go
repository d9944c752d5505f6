package sqlkey

import (
	"math"
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

// Values of one line have one key, values of different lines different ones.
func TestKeys(t *testing.T) {
	type value struct {
		sql string
		x   any
	}
	lines := [][]value{
		{{"integer", nil}, {"text", nil}, {"real", nil}, {"numeric", nil}, {"date", nil}},
		{{"smallint", int16(1)}, {"bigint", int64(1)}, {"real", float32(1)}, {"double precision", 1.0}, {"numeric", "1"}, {"numeric", "1.00"}},
		{{"real", float32(math.Copysign(0, -1))}, {"double precision", 0.0}, {"numeric", "0.0"}, {"integer", 0}},
		{{"double precision", 0.1}, {"numeric", "0.10"}},
		{{"real", float32(0.1)}, {"double precision", float64(float32(0.1))}},
		{{"real", float32(math.NaN())}, {"double precision", -math.NaN()}, {"numeric", "NaN"}},
		{{"double precision", math.Inf(1)}, {"numeric", "Infinity"}},
		{{"double precision", 1e20}, {"numeric", "100000000000000000000.0"}},
		{{"numeric", "10"}},
		{{"boolean", true}},
		{{"boolean", false}},
		{{"text", "1"}, {"character varying", "1"}, {"character(3)", "1  "}},
		{{"text", ""}, {"character(1)", " "}},
		{{"text", " "}},
		{{"date", "2024-01-01"}},
		{{"text", "2024-01-01"}},
		{{"bytea", []byte("1")}},
		{{"timestamptz", "2024-01-01 12:00:00.25+00"}, {"timestamptz", "2024-01-01 17:30:00.25+05:30"}, {"timestamptz", "2024-01-01 04:00:00.25-08"}},
		{{"timestamptz", "2023-12-31 23:30:00+00"}, {"timestamptz", "2024-01-01 00:30:00+01"}},
		{{"timestamptz", "1899-12-31 23:59:24+00"}, {"timestamptz", "1899-12-31 23:58:48-00:00:36"}},
		{{"timestamptz", "0001-12-31 23:00:00+00 BC"}, {"timestamptz", "0001-01-01 01:00:00+02"}},
		{{"timestamptz", "12024-02-29 12:00:00+00"}, {"timestamptz", "12024-02-29 13:00:00+01"}},
		{{"timestamptz", "2024-01-01 12:00:00+00"}, {"timestamptz", "2024-01-01T12:00:00Z"}, {"timestamptz", "2024-01-01T12:00:00+00"}, {"timestamptz", "2024-01-01 13:00+01"}},
		{{"timestamptz", "2024-01-01 12:00:00.5+00"}, {"timestamptz", "2024-01-01 12:00:00.50+00"}, {"timestamptz", "2024-01-01 13:00:00.500+01"}},
		{{"timestamptz", "2024-01-02 00:00:00+00"}, {"timestamptz", "2024-01-01 24:00:00+00"}, {"timestamptz", "2024-01-01 23:59:60.00+00"}},
		{{"timestamptz", "infinity"}},
		{{"timestamptz", "2024-02-30 12:00:00+01"}},
	}
	seen := map[string]int{}
	for n, line := range lines {
		for k, x := range line {
			key := string(Append(nil, vector(t, x.sql, x.x), 0))
			if other, ok := seen[key]; ok && other != n {
				t.Errorf("%s %v has the key of line %d", x.sql, x.x, other)
			} else if !ok && k > 0 {
				t.Errorf("%s %v has another key than %s %v", x.sql, x.x, line[0].sql, line[0].x)
			}
			seen[key] = n
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct{ sql, text, want string }{
		{"character", "a ", "a"},
		{"text", "a ", "a "},
		{"timestamptz", "2024-03-31 00:30:00.5+02", "2024-03-30 22:30:00.5+00"},
		{"timestamp", "2024-03-31 00:30:00", "2024-03-31 00:30:00"},
		{"timestamptz", "-infinity", "-infinity"},
		{"timestamptz", "2024-03-31", "2024-03-31"},
		{"timestamptz", "2024-03-31T00:30:00.0Z", "2024-03-31 00:30:00+00"},
		{"timestamptz", "2024-03-31 00:30:00", "2024-03-31 00:30:00"},
		{"timestamptz", "2024-03-31 00:60:00+x", "2024-03-31 00:60:00+x"},
	} {
		if got := Text(vector(t, c.sql, c.text), 0); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.sql, c.text, got, c.want)
		}
	}
}

// Elements of arrays have the keys of the scalars.
func TestElement(t *testing.T) {
	v := vector(t, "text[]", table.Array{Elems: []any{"a", nil}})
	if got := string(Append(nil, v, 0)); got != "ta" {
		t.Errorf("got %q", got)
	}
	if got := Append(nil, v, 1); len(got) != 0 {
		t.Errorf("NULL has the key %q", got)
	}
}

// Values of neighbouring columns, and arrays of other shapes, do not run into each other.
func TestRows(t *testing.T) {
	a := vector(t, "text", "x", "xt", "", nil, "x")
	b := vector(t, "text", "tx", "x", "", nil, nil)
	c := vector(t, "integer[]", []int{1, 2}, []int{1, 2}, []int{12}, []int{}, table.Array{Elems: []any{1, 2}, Shape: []int{1, 2}})
	seen := map[string]int{}
	for i := range 5 {
		for n, columns := range [][]*table.Vector{{a, b}, {c, a}} {
			key := string(rune('0'+n)) + string(AppendRow(nil, columns, i))
			if other, ok := seen[key]; ok {
				t.Errorf("columns %d: rows %d and %d have one key", n, other, i)
			}
			seen[key] = i
		}
	}
	twice := vector(t, "integer[]", []int{1}, []int{1}, nil, nil)
	for _, i := range []int{0, 2} {
		if string(AppendRow(nil, []*table.Vector{twice}, i)) != string(AppendRow(nil, []*table.Vector{twice}, i+1)) {
			t.Errorf("equal rows %d and %d have two keys", i, i+1)
		}
	}
}
