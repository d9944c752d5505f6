package iotest

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

var (
	dateType   = table.ParseType("date")
	uuidType   = table.ParseType("uuid")
	int64Array = table.Int64Type.ArrayOf()
)

// samples are values of every type; each becomes a table of its own, with NULL as a further row.
var samples = []struct {
	typ    table.Type
	values []any
}{
	{table.BoolType, []any{true, false}},
	{table.Int16Type, []any{int16(0), int16(math.MinInt16), int16(math.MaxInt16)}},
	{table.Int32Type, []any{int32(0), int32(math.MinInt32), int32(math.MaxInt32)}},
	{table.Int64Type, []any{int64(0), int64(math.MinInt64), int64(math.MaxInt64)}},
	{table.Float32Type, []any{
		float32(0), float32(math.Copysign(0, -1)), float32(0.1), float32(math.MaxFloat32), float32(-math.MaxFloat32),
		float32(math.SmallestNonzeroFloat32), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), float32(1) / 3,
	}},
	{table.Float64Type, []any{
		0.0, math.Copysign(0, -1), 0.1, math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1), 1.0 / 3, 1e22,
	}},
	{table.NumericType, []any{
		"0", "-1", "0.10", "100.00", "123456789012345678901234567890.123456789012345678901234567890", "-0.0000000000000000000001",
		"1" + strings.Repeat("0", 60), "NaN",
	}},
	{table.TextType, []any{
		"", "plain", " spaces around ", "quote ' and \" and \\ and \\n", "line\nfeed\r\n\ttab\vother\b", "Ünïcödé 表 🦜 \u200b", "NULL", "\\N", "{}", "null",
		strings.Repeat("long ", 10000), "\x7f\x01",
	}},
	{table.VarcharType, []any{"", "label", "Iris-setosa"}},
	{table.BytesType, []any{[]byte{}, []byte("\x00\x01\xff\n\\'"), []byte(`\x00`), bytes.Repeat([]byte{0, 1, 2, 254, 255}, 800_000)}},
	{table.TimestampType, []any{"2024-02-29 23:59:59.123456", "1970-01-01 00:00:00", "infinity"}},
	{dateType, []any{"2024-02-29", "0001-01-01"}},
	{uuidType, []any{"00112233-4455-6677-8899-aabbccddeeff"}},
	{table.JSONType, []any{`{"a":  [1, 2.50, "\u00fc\n"]}`, "null", `"\\"`}},

	{table.BoolType.ArrayOf(), arrays(true, false)},
	{table.Int16Type.ArrayOf(), arrays(int16(math.MinInt16), int16(math.MaxInt16))},
	{table.Int32ArrayType, arrays(int32(math.MinInt32), int32(math.MaxInt32))},
	{int64Array, arrays(int64(math.MinInt64), int64(math.MaxInt64))},
	{table.Float32ArrayType, arrays(float32(0.1), float32(math.Inf(-1)))},
	{table.Float64ArrayType, arrays(0.1, math.NaN())},
	{table.NumericType.ArrayOf(), arrays("0.10", "-99999999999999999999.5")},
	{table.TextArrayType, arrays(`a,b {"c"} \d 'e'`, "")},
	{table.TextArrayType, arrays("NULL", "null")},
	{table.TextArrayType, arrays(" lead", "line\nfeed\t")},
	{table.VarcharType.ArrayOf(), arrays("x", "ü")},
	{table.BytesType.ArrayOf(), arrays([]byte{}, []byte{0, 255, '"', '\\'})},
	{table.TimestampType.ArrayOf(), arrays("2024-02-29 23:59:59", "1970-01-01 00:00:00")},
	{dateType.ArrayOf(), arrays("2024-02-29", "1999-12-31")},
	{table.JSONType.ArrayOf(), arrays(`{"a": [1,"x,y"]}`, `"\\ \""`)},
}

// arrays makes arrays of two element values: shapes of zero to four dimensions, with and without NULL elements.
func arrays(a, b any) []any {
	return []any{
		table.Array{Elems: []any{a, b}},
		table.Array{},
		table.Array{Elems: []any{b}},
		table.Array{Elems: []any{a, nil, b}},
		table.Array{Elems: []any{nil}},
		table.Array{Elems: []any{a, b, b, a, a, a}, Shape: []int{2, 3}},
		table.Array{Elems: []any{a, b, b, nil, a, a}, Shape: []int{3, 2}},
		table.Array{Elems: []any{b, a, a, b}, Shape: []int{1, 2, 2, 1}},
	}
}

var valueCases = []testCase{
	{"every type", func(t *testing.T, site Site) {
		s := site.open(t)
		for i, c := range samples {
			t.Run(c.typ.SQL, func(t *testing.T) {
				name := named("values_" + string(rune('a'+i%26)) + strings.Repeat("x", i/26))
				schema := columns("id", table.Int32Type, "v", c.typ)
				rows := [][]any{{int32(0), nil}}
				for j, v := range c.values {
					rows = append(rows, []any{int32(j + 1), v})
				}
				roundTrip(t, s, name, schema, append(rows, []any{int32(-1), nil})...)
			})
		}
	}},
	{"all types in one table, random values", func(t *testing.T, site Site) {
		s := site.open(t)
		schema := columns("id", table.Int32Type)
		var values [][]any
		for i, c := range samples {
			schema = append(schema, table.Column{Name: "c" + string(rune('A'+i%26)) + strings.Repeat("x", i/26), Type: c.typ})
			values = append(values, c.values)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		var rows [][]any
		for i := range 60 {
			row := []any{int32(i)}
			for _, v := range values {
				x := v[rng.IntN(len(v))]
				if b, ok := x.([]byte); rng.IntN(4) == 0 || ok && len(b) > 1000 {
					x = nil
				}
				row = append(row, x)
			}
			rows = append(rows, row)
		}
		roundTrip(t, s, named("everything"), schema, rows...)
	}},
	{"numbers only, random values", func(t *testing.T, site Site) {
		s := site.open(t)
		schema := columns("i", table.Int64Type, "x", table.Float64Type, "a", table.Float32ArrayType, "n", table.Int16Type.ArrayOf(), "b", table.BytesType)
		rng := rand.New(rand.NewPCG(3, 4))
		var rows [][]any
		for range 500 {
			a, n := make([]float32, rng.IntN(20)), make([]int16, rng.IntN(5))
			for i := range a {
				a[i] = math.Float32frombits(rng.Uint32())
			}
			for i := range n {
				n[i] = int16(rng.Uint32())
			}
			rows = append(rows, []any{int64(rng.Uint64()), math.Float64frombits(rng.Uint64()), a, n, []byte{byte(rng.Uint32())}})
		}
		roundTrip(t, s, named("numbers"), schema, rows...)
	}},
	{"bytea values outlive their batch", func(t *testing.T, site Site) {
		s := site.open(t)
		schema := columns("b", table.BytesType)
		var rows [][]any
		for i := range 50 {
			rows = append(rows, []any{bytes.Repeat([]byte{byte(i)}, 1000+i)})
		}
		write(t, s, named("t"), schema, rows...)
		snap, err := s.Snapshot(testContext(t), named("t"))
		if err != nil {
			t.Fatal(err)
		}
		defer snap.Close()
		parts, err := snap.Partitions(testContext(t), 1)
		if err != nil {
			t.Fatal(err)
		}
		var kept [][]byte
		for _, p := range parts {
			err := table.EachBatch(testContext(t), s, p, table.ReadOptions{BatchRows: 7}, func(b *table.Batch) error {
				kept = append(kept, b.Cols[0].Bytes...)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for i, b := range kept {
			if !bytes.Equal(b, rows[i][0].([]byte)) {
				t.Errorf("value %d has changed", i)
			}
		}
		if len(kept) != len(rows) {
			t.Errorf("%d values, want %d", len(kept), len(rows))
		}
	}},
	{"a text that no table can hold", func(t *testing.T, site Site) {
		s := site.open(t)
		schema := columns("id", table.Int32Type, "v", table.TextType)
		for _, bad := range []string{"zero \x00 byte", "not \xff UTF-8"} {
			out := create(t, s, table.TableSpec{Name: named("bad"), Schema: schema})
			err := writePart(testContext(t), s, table.Part{Output: out.ID(), Key: "k"},
				batch(t, schema, []any{int32(1), "good"}, []any{int32(2), bad}))
			wantValueError(t, err, named("bad"), "v", 2)
			if err := out.Abort(testContext(t)); err != nil {
				t.Errorf("abort: %v", err)
			}
		}
		site.wantNoStaging(t)
	}},
}

// roundTrip writes rows, reads them back and compares values and types.
func roundTrip(t *testing.T, s table.Store, name table.Name, schema table.Schema, rows ...[]any) {
	t.Helper()
	write(t, s, name, schema, rows...)
	got, gotRows := readAll(t, s, name, 1, table.ReadOptions{})
	wantSchema(t, got, schema)
	wantRows(t, gotRows, rowsOf(batch(t, schema, rows...)))
	info, err := s.Lookup(testContext(t), name)
	if err != nil {
		t.Fatalf("lookup: %v", err)
	}
	wantSchema(t, info.Schema, schema)
}

func wantSchema(t *testing.T, got, want table.Schema) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("schema %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("column %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
