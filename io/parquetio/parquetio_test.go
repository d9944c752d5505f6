package parquetio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/float16"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"github.com/beamfit/beamfit/io/table"
)

var ctx = context.Background()

// write makes a Parquet file of rows.
func write(t testing.TB, schema table.Schema, rows ...[]any) []byte {
	t.Helper()
	b := table.NewBatch(schema)
	for _, r := range rows {
		if err := b.Append(r...); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(ctx, b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read reads a Parquet file whole: types and rows as text, NULL as "<null>".
func read(data []byte, mem memory.Allocator) (schema table.Schema, rows [][]string, err error) {
	r, err := open(ctx, "f.parquet", bytes.NewReader(data), mem, nil)
	if err != nil {
		return nil, nil, err
	}
	defer r.release()
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return r.Schema(), rows, nil
		}
		if err != nil {
			return r.Schema(), rows, err
		}
		for i := range b.Rows {
			rows = append(rows, rowText(b, i))
		}
	}
}

func rowText(b *table.Batch, i int) (row []string) {
	for c := range b.Cols {
		text, null := table.FormatValue(&b.Cols[c], i)
		if null {
			text = "<null>"
		}
		row = append(row, text)
	}
	return row
}

func column1(t table.Type) table.Schema { return table.Schema{{Name: "v", Type: t}} }

func TestRoundTrip(t *testing.T) {
	for _, c := range []struct {
		typ    table.Type
		values []any
	}{
		{table.BoolType, []any{true, nil, false}},
		{table.Int16Type, []any{int16(-32768), nil}},
		{table.Int32Type, []any{int32(math.MaxInt32), nil}},
		{table.Int64Type, []any{int64(math.MinInt64), nil}},
		{table.Float32Type, []any{float32(0.1), float32(math.Inf(1)), nil}},
		{table.Float64Type, []any{0.1, math.NaN(), nil}},
		{table.NumericType, []any{"1.50", nil}},
		{table.TextType, []any{"", "ü 表", nil}},
		{table.VarcharType, []any{"x", nil}},
		{table.BytesType, []any{[]byte{}, []byte{0, 255}, nil}},
		{table.TimestampType, []any{"2024-01-01 00:00:00", nil}},
		{table.JSONType, []any{`{"a": 1}`, nil}},
		{table.Float64ArrayType, []any{[]float64{1, 2}, nil, []float64{}, table.Array{Elems: []any{nil, 1.5}}}},
		{table.Float64ArrayType, []any{table.Array{}, table.Array{Elems: []any{1.0, 2.0, nil, 4.0, 5.0, 6.0}, Shape: []int{2, 3}}, nil, table.Array{Elems: []any{7.0}, Shape: []int{1, 1}}}},
		{table.Int16Type.ArrayOf(), []any{table.Array{Elems: []any{int16(1), int16(2), int16(3), int16(4)}, Shape: []int{2, 1, 2}}}},
		{table.TextArrayType, []any{[]string{"a,b", ""}, table.Array{Elems: []any{nil}}}},
		{table.BoolType.ArrayOf(), []any{[]bool{true, false}}},
		{table.BytesType.ArrayOf(), []any{table.Array{Elems: []any{[]byte{1}, nil}}}},
		{table.NumericType.ArrayOf(), []any{[]string{"1.10", "NaN"}}},
	} {
		t.Run(c.typ.SQL, func(t *testing.T) {
			var rows [][]any
			for _, v := range c.values {
				rows = append(rows, []any{v})
			}
			schema, got, err := read(write(t, column1(c.typ), rows...), memory.DefaultAllocator)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(schema, column1(c.typ)) {
				t.Errorf("schema %+v", schema)
			}
			b := table.NewBatch(column1(c.typ))
			var want [][]string
			for i, r := range rows {
				if err := b.Append(r...); err != nil {
					t.Fatal(err)
				}
				want = append(want, rowText(b, i))
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	schema, rows, err := read(write(t, column1(table.Int32ArrayType)), memory.DefaultAllocator)
	if err != nil || len(rows) != 0 || schema[0].Type != table.Int32ArrayType {
		t.Errorf("without rows: %v, %v, %v", schema, rows, err)
	}
}

// TestGroups writes several row groups and reads them in batches that do not fit them.
func TestGroups(t *testing.T) {
	schema := table.Schema{{Name: "id", Type: table.Int64Type}, {Name: "x", Type: table.Float32ArrayType}, {Name: "s", Type: table.TextType}}
	b := table.NewBatch(schema)
	x := make([]float32, 2_000)
	for i := range 2_500 {
		x[0] = float32(i)
		if err := b.Append(int64(i), x[:i%2_000], fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "g.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(f, schema)
	if err != nil {
		t.Fatal(err)
	}
	w.limit = 3 << 20
	for range 2 {
		if err := w.Write(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := Open(ctx, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n, batches := 0, 0
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		batches++
		for i := range b.Rows {
			id := int64(n % 2_500)
			if b.Cols[0].Int64s[i] != id || b.Cols[1].Offsets[i+1]-b.Cols[1].Offsets[i] != int(id)%2_000 || b.Cols[2].Strings[i] != fmt.Sprint(id) {
				t.Fatalf("row %d: id %d, %d elements, %q", n, b.Cols[0].Int64s[i], b.Cols[1].Offsets[i+1]-b.Cols[1].Offsets[i], b.Cols[2].Strings[i])
			}
			n++
		}
	}
	if n != 5_000 || batches < 4 {
		t.Errorf("%d rows in %d batches", n, batches)
	}
}

// foreign makes a Parquet file of types that Writer does not write.
func foreign(t testing.TB, fields []arrow.Field, jsonRows string, opts ...pqarrow.WriterOption) []byte {
	t.Helper()
	schema := arrow.NewSchema(fields, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(jsonRows))
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	return parquetOf(t, rec, opts...)
}

func parquetOf(t testing.TB, rec arrow.Record, opts ...pqarrow.WriterOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := pqarrow.NewFileWriter(rec.Schema(), &out, parquet.NewWriterProperties(), pqarrow.NewArrowWriterProperties(opts...))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestForeignTypes(t *testing.T) {
	for _, c := range []struct {
		typ  arrow.DataType
		json string
		sql  string
		want []string
	}{
		{arrow.PrimitiveTypes.Int8, `-1,null`, "smallint", []string{"-1", "<null>"}},
		{arrow.PrimitiveTypes.Uint8, `255`, "smallint", []string{"255"}},
		{arrow.PrimitiveTypes.Uint16, `65535`, "integer", []string{"65535"}},
		{arrow.PrimitiveTypes.Uint32, `4294967295`, "bigint", []string{"4294967295"}},
		{&arrow.Decimal128Type{Precision: 10, Scale: 3}, `"-1.500",null`, "numeric", []string{"-1.500", "<null>"}},
		{arrow.FixedWidthTypes.Date32, `"2024-02-29","0001-01-01"`, "date", []string{"2024-02-29", "0001-01-01"}},
		{arrow.FixedWidthTypes.Time64us, `"23:59:59.5"`, "time without time zone", []string{"23:59:59.5"}},
		{arrow.FixedWidthTypes.Timestamp_us, `"2024-02-29 23:59:59.123456",null`, "timestamp with time zone", []string{"2024-02-29 23:59:59.123456+00", "<null>"}},
		{&arrow.FixedSizeBinaryType{ByteWidth: 2}, `"AAE="`, "bytea", []string{`\x0001`}},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, `"b",null,"a","b"`, "text", []string{"b", "<null>", "a", "b"}},
		{arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float32), `[1,2],[3,4]`, "real[]", []string{"{1,2}", "{3,4}"}},
		{arrow.ListOf(arrow.FixedWidthTypes.Date32), `["2024-01-01",null]`, "date[]", []string{"{2024-01-01,NULL}"}},
		{arrow.ListOf(arrow.ListOf(arrow.PrimitiveTypes.Int32)), `[[1,2],[3,null]],null,[],[[5]]`, "integer[]", []string{"{{1,2},{3,NULL}}", "<null>", "{}", "{{5}}"}},
	} {
		t.Run(c.typ.String(), func(t *testing.T) {
			var rows []string
			for _, v := range splitTop(c.json) {
				rows = append(rows, `{"v":`+v+`}`)
			}
			data := foreign(t, []arrow.Field{{Name: "v", Type: c.typ, Nullable: true}}, "["+strings.Join(rows, ",")+"]", pqarrow.WithStoreSchema())
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			schema, got, err := read(data, mem)
			if err != nil {
				t.Fatal(err)
			}
			if schema[0].Type.SQL != c.sql {
				t.Errorf("type %s, want %s", schema[0].Type, c.sql)
			}
			var texts []string
			for _, r := range got {
				texts = append(texts, r[0])
			}
			if !reflect.DeepEqual(texts, c.want) {
				t.Errorf("got %q, want %q", texts, c.want)
			}
			mem.AssertSize(t, 0)
		})
	}
}

// splitTop cuts JSON values at commas outside brackets and quotes.
func splitTop(s string) (parts []string) {
	depth, quoted, start := 0, false, 0
	for i, c := range s {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth == 0:
			parts, start = append(parts, s[start:i]), i+1
		}
	}
	return append(parts, s[start:])
}

// TestOtherProgram reads a file that pyarrow wrote; testdata/foreign.py makes it.
func TestOtherProgram(t *testing.T) {
	data, err := os.ReadFile("testdata/foreign.parquet")
	if err != nil {
		t.Fatal(err)
	}
	schema, rows, err := read(data, memory.DefaultAllocator) // the library leaks pages of format 2
	if err != nil {
		t.Fatal(err)
	}
	want := [][3]string{
		{"timestamp without time zone", "2024-02-29 23:59:59.123", "<null>"},
		{"timestamp with time zone", "1969-12-31 00:00:00+00", "<null>"},
		{"timestamp without time zone", "2023-11-14 22:13:20.123457", "<null>"},
		{"text", "b", "<null>"},
		{"text", "x", ""},
		{"real[]", "{1,2}", "{3,4}"},
		{"numeric", "18446744073709551615", "0"},
		{"real", "0.5", "<null>"},
		{"numeric", "-1.50", "<null>"},
		{"smallint[]", "{{1,2},{3,NULL}}", "{}"},
		{"text", "<null>", "<null>"},
		{"date", "2024-02-29", "<null>"},
		{"time without time zone", "23:59:59.0005", "<null>"},
		{"bytea", `\x0001`, "<null>"},
	}
	for i, w := range want {
		if got := [3]string{schema[i].Type.SQL, rows[0][i], rows[1][i]}; got != w {
			t.Errorf("column %s: got %q, want %q", schema[i].Name, got, w)
		}
	}
}

// TestBuiltTypes are types that have no JSON form in Arrow.
func TestBuiltTypes(t *testing.T) {
	half := array.NewFloat16Builder(memory.DefaultAllocator)
	half.Append(float16.New(0.5))
	wide := array.NewDecimal128Builder(memory.DefaultAllocator, &arrow.Decimal128Type{Precision: 38, Scale: 2})
	wide.Append(decimal128.FromI64(-7))
	schema := arrow.NewSchema([]arrow.Field{{Name: "h", Type: arrow.FixedWidthTypes.Float16}, {Name: "d", Type: wide.Type()}}, nil)
	rec := array.NewRecord(schema, []arrow.Array{half.NewArray(), wide.NewArray()}, 1)
	got, rows, err := read(parquetOf(t, rec), memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Type != table.Float32Type || got[1].Type != table.NumericType || !reflect.DeepEqual(rows, [][]string{{"0.5", "-0.07"}}) {
		t.Errorf("got %v, %q", got, rows)
	}
}

func TestRefused(t *testing.T) {
	structure := arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int32})
	for name, c := range map[string]struct {
		typ  arrow.DataType
		json string
		want string
	}{
		"structure":       {structure, `[{"v":{"a":1}}]`, `column "v" has the type struct`},
		"list of those":   {arrow.ListOf(structure), `[{"v":[{"a":1}]}]`, `column "v" has the type list`},
		"ragged":          {arrow.ListOf(arrow.ListOf(arrow.PrimitiveTypes.Int32)), `[{"v":[[1]]},{"v":[[1],[2,3]]}]`, `column "v", after row 1: row 1: a list of 2 items beside one of 1`},
		"NULL inner list": {arrow.ListOf(arrow.ListOf(arrow.PrimitiveTypes.Int32)), `[{"v":[[1],null]}]`, "a list inside a list is NULL"},
	} {
		_, _, err := read(foreign(t, []arrow.Field{{Name: "v", Type: c.typ, Nullable: true}}, c.json), memory.DefaultAllocator)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "f.parquet") {
			t.Errorf("%s: got error %v, want %s", name, err, c.want)
		}
	}
	// A structure does not stand in the way of the other columns.
	data := foreign(t, []arrow.Field{{Name: "v", Type: structure, Nullable: true}, {Name: "w", Type: arrow.PrimitiveTypes.Int64}, {Name: "x", Type: arrow.PrimitiveTypes.Int32}},
		`[{"v":{"a":1},"w":2,"x":3}]`)
	for _, c := range []struct {
		columns      []string
		types, error string
		notices      int
	}{
		{nil, "bigint integer", "", 1},
		{[]string{"x", "w"}, "integer bigint", "", 0},
		{[]string{"x", "v"}, "", `column "v" has the type struct`, 0},
		{[]string{"x", "y"}, "", `column "y" does not exist; the columns are v, w, x`, 0},
	} {
		r, err := open(ctx, "f.parquet", bytes.NewReader(data), memory.DefaultAllocator, c.columns)
		if c.error != "" {
			if err == nil || !strings.Contains(err.Error(), c.error) {
				t.Errorf("%v: error %v, want %s", c.columns, err, c.error)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range r.Schema() {
			got = append(got, c.Type.SQL)
		}
		if strings.Join(got, " ") != c.types || len(r.Notices()) != c.notices || b.Col("w").Int64s[0] != 2 || b.Col("x").Int32s[0] != 3 {
			t.Errorf("%v: %v, notices %q", c.columns, got, r.Notices())
		}
		r.release()
	}
	schema := column1(table.Int32ArrayType)
	w, err := NewWriter(io.Discard, schema)
	if err != nil {
		t.Fatal(err)
	}
	b := table.NewBatch(schema)
	for _, v := range []any{[]int32{1}, table.Array{Elems: []any{int32(1)}, Shape: []int{1, 1}}} {
		if err := b.Append(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Write(ctx, b), w.Close()); err == nil || !strings.Contains(err.Error(), `column "v", row 2`) {
		t.Errorf("mixed dimensions: %v", err)
	}
}

// sample is a small file with every kind of column.
func sample(t testing.TB) []byte {
	schema := table.Schema{
		{Name: "i", Type: table.Int64Type},
		{Name: "b", Type: table.BoolType},
		{Name: "s", Type: table.TextType},
		{Name: "x", Type: table.Float32ArrayType},
		{Name: "y", Type: table.BytesType},
		{Name: "n", Type: table.Int32ArrayType},
	}
	var rows [][]any
	for i := range 20 {
		rows = append(rows, []any{int64(i), i%2 == 0, "text", []float32{1, 2}, []byte{1}, table.Array{Elems: []any{int32(1), nil}, Shape: []int{2, 1}}})
	}
	return write(t, schema, append(rows, make([]any, len(schema)))...)
}

// TestDamaged cuts a file and changes it in random places.
func TestDamaged(t *testing.T) {
	good := sample(t)
	for n := range len(good) {
		if n%7 == 0 {
			if _, _, err := read(good[:n], memory.DefaultAllocator); !errors.Is(err, table.ErrCorrupt) {
				t.Fatalf("cut after %d of %d bytes: %v", n, len(good), err)
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 400 {
		bad := bytes.Clone(good)
		for range 1 + rng.IntN(3) {
			bad[rng.IntN(len(bad))] = byte(rng.Uint32())
		}
		_, _, _ = read(bad, memory.DefaultAllocator) // Parquet without checksums cannot tell all; it may not panic or hang
	}
	if _, _, err := read([]byte("id,name\n1,x\n2,yyyyyyyyyyyyyyyyyyyyy\n"), memory.DefaultAllocator); !errors.Is(err, table.ErrCorrupt) {
		t.Errorf("a CSV file: %v", err)
	}
	if _, err := Open(ctx, filepath.Join(t.TempDir(), "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(sample(f))
	f.Add(write(f, column1(table.Float64ArrayType), []any{[]float64{1, 2}}))
	f.Add(foreign(f, []arrow.Field{{Name: "v", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}}}, `[{"v":"a"},{"v":"b"}]`, pqarrow.WithStoreSchema()))
	f.Add([]byte("PAR1"))
	for _, name := range viewFiles {
		f.Add(viewFile(f, name))
	}
	int96, err := os.ReadFile("testdata/int96.parquet")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(int96)
	f.Fuzz(func(t *testing.T, data []byte) {
		schema, rows, err := read(data, memory.NewGoAllocator())
		if err != nil {
			return
		}
		// What was read as good can be written, and what was written is read as the same.
		again, ok := rewrite(t, schema, rows)
		if !ok {
			return
		}
		if got := contentOf(t, again); !reflect.DeepEqual(got, content{schema, rows}) {
			t.Errorf("read %v, once written and read again %v", content{schema, rows}, got)
		}
	})
}

// rewrite writes rows that were read; false where they cannot be written, as arrays of several dimensions in one column.
func rewrite(t *testing.T, schema table.Schema, rows [][]string) (data []byte, ok bool) {
	t.Helper()
	b := table.NewBatch(schema)
	for _, row := range rows {
		for c := range b.Cols {
			if row[c] == "<null>" {
				b.Cols[c].AppendNull()
				continue
			}
			if err := b.Cols[c].AppendText(row[c]); err != nil {
				return nil, false // a date that SQL does not have
			}
		}
		b.Rows++
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(ctx, b), w.Close()); err != nil {
		return nil, false
	}
	return out.Bytes(), true
}

// FuzzDamage changes a file that Writer made: the result is an error or the same rows.
func FuzzDamage(f *testing.F) {
	good := groups(f)
	want := contentOf(f, good)
	f.Add(uint(0), byte(1), uint(9), byte(0), uint(len(good)))
	f.Add(uint(len(good)-9), byte(0x80), uint(0), byte(0), uint(len(good)))
	f.Add(uint(100), byte(3), uint(200), byte(7), uint(len(good)-1))
	f.Fuzz(func(t *testing.T, i uint, x byte, j uint, y byte, size uint) {
		damaged := bytes.Clone(good)
		damaged[i%uint(len(good))] ^= x
		damaged[j%uint(len(good))] ^= y
		wantSameOrError(t, damaged[:min(size, uint(len(good)))], want, "damaged")
	})
}
