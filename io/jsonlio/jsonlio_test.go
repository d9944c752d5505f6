package jsonlio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// read reads a file whole: types and rows as text, NULL as "<null>".
func read(path string, types table.Schema) (schema string, rows [][]string, err error) {
	ctx := context.Background()
	r, err := Open(ctx, path, "", types, nil)
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	for i, c := range r.Schema() {
		if i > 0 {
			schema += ", "
		}
		schema += table.Quote(c.Name) + " " + c.Type.SQL
	}
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return schema, rows, nil
		}
		if err != nil {
			return schema, rows, err
		}
		for i := range b.Rows {
			row := make([]string, len(b.Cols))
			for c := range b.Cols {
				text, null := table.FormatValue(&b.Cols[c], i)
				if row[c] = text; null {
					row[c] = "<null>"
				}
			}
			rows = append(rows, row)
		}
	}
}

func TestRead(t *testing.T) {
	huge := strings.Repeat("9", 310)
	for name, c := range map[string]struct {
		text   string
		types  table.Schema
		schema string
		rows   [][]string
	}{
		"every type": {
			text:   `{"b": true, "i": 1, "x": 1.5, "s": "a\u00fc\n", "l": [1, 2], "m": [[1.5, null], [3, 4]], "t": ["a,\"b", null], "o": {"p": [1, {}]}, "n": null}` + "\n",
			schema: "b boolean, i bigint, x double precision, s text, l bigint[], m double precision[], t text[], o json, n text",
			rows:   [][]string{{"t", "1", "1.5", "aü\n", "{1,2}", "{{1.5,NULL},{3,4}}", `{"a,\"b",NULL}`, `{"p": [1, {}]}`, "<null>"}},
		},
		"dates and times": {
			text:   `{"d":"2024-02-29","t":"2024-02-29 23:59:59.5","l":["2024-02-29"],"m":"2024-02-29","x":"2024-02-29"}` + "\n" + `{"d":null,"t":"2024-03-01 00:00:00","l":[],"m":1,"x":""}`,
			schema: "d date, t timestamp without time zone, l text[], m text, x text",
			rows:   [][]string{{"2024-02-29", "2024-02-29 23:59:59.5", "{2024-02-29}", "2024-02-29", "2024-02-29"}, {"<null>", "2024-03-01 00:00:00", "{}", "1", ""}},
		},
		"members come and go": {
			text:   "{\"a\":1}\r\n\n{ \"B c\" : \"x\" }\n{\"a\":2.5,\"B c\":null}",
			schema: `a double precision, "B c" text`,
			rows:   [][]string{{"1", "<null>"}, {"<null>", "x"}, {"2.5", "<null>"}},
		},
		"mixed": {
			text:   `{"a":1,"b":[1],"c":[1,"x"],"d":[],"e":true,"f":[true]}` + "\n" + `{"a":"x","b":2,"c":[],"d":[[]],"e":0,"f":[false,null]}` + "\n",
			schema: "a text, b json, c json, d text[], e text, f boolean[]",
			rows:   [][]string{{"1", "[1]", `[1,"x"]`, "{}", "true", "{t}"}, {"x", "2", "[]", "{}", "0", "{f,NULL}"}},
		},
		"given types": {
			text: `{"id":"7","x":[1,2],"d":"2024-01-01"}`, types: table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "x", Type: table.Float32ArrayType}, {Name: "d", Type: table.ParseType("date")}},
			schema: "id integer, x real[], d date", rows: [][]string{{"7", "{1,2}", "2024-01-01"}},
		},
		"no rows":               {text: "\n", types: table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "x", Type: table.Float32ArrayType}}, schema: "id integer, x real[]"},
		"texts like bounds":     {text: `{"a":["={","b"]}`, schema: "a text[]", rows: [][]string{{`{"={",b}`}}},
		"ragged lists are json": {text: `{"a":[[1],[2,3]]}`, schema: "a json", rows: [][]string{{"[[1],[2,3]]"}}},
		// Ids of more than 63 bits that differ in their last digits must not become one number.
		"large integers": {
			text:   `{"a":9223372036854775808,"b":18446744073709551615,"l":[9223372036854775808]}` + "\n" + `{"a":-9223372036854775809,"b":1.5}`,
			schema: "a numeric, b double precision, l double precision[]",
			rows:   [][]string{{"9223372036854775808", "1.8446744073709552e+19", "{9.223372036854776e+18}"}, {"-9223372036854775809", "1.5", "<null>"}},
		},
		// numeric has digits for what double precision has no number for; beside a fraction it is none of both.
		"huge integers": {
			text:   `{"a":` + huge + `,"b":` + huge + `,"l":[` + huge + `]}` + "\n" + `{"a":1,"b":1.5}`,
			schema: "a numeric, b text, l json",
			rows:   [][]string{{huge, huge, "[" + huge + "]"}, {"1", "1.5", "<null>"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			schema, rows, err := read(file(t, c.text), c.types)
			if err != nil || schema != c.schema || !reflect.DeepEqual(rows, c.rows) {
				t.Errorf("got %s, %q, %v; want %s, %q", schema, rows, err, c.schema, c.rows)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	id := table.Schema{{Name: "id", Type: table.Int32Type}}
	for text, c := range map[string]struct {
		types table.Schema
		want  string
	}{
		"":                           {nil, ": there is no object"},
		"{}\n":                       {nil, ": there is no object"},
		"[{\"a\":1}]":                {nil, ", line 1: a list of objects; JSON lines"},
		"{\"a\":1}\n{\"a\":1,}\n":    {nil, ", line 2: byte 8: invalid character"},
		"{\"a\":1}\n3\n":             {nil, ", line 2: expected an object"},
		"{\"a\":1}\n\xff\n":          {nil, ", line 2: text that is not valid UTF-8"},
		"{\"a\":1,\"a\":2}\n":        {nil, `, line 1, member "a": the object has it twice`},
		"{\"id\":\"x\"}\n":           {id, `, line 1, member "id": "x" is not a value of type integer`},
		"{\"a\":1}\n\n{\"id\":1}\n{": {id, ", line 4: byte 1: unexpected end"},
		"{\"b\":1}\n":                {id, `: column "id" does not exist; the columns are b`},
	} {
		path := file(t, text)
		_, _, err := read(path, c.types)
		if err == nil || !strings.HasPrefix(err.Error(), "file "+path+c.want) {
			t.Errorf("%q: error %v, want %s", text, err, c.want)
		}
	}
	var many strings.Builder
	for i := range maxColumns + 1 {
		fmt.Fprintf(&many, "{\"c%d\":1}\n", i)
	}
	if _, _, err := read(file(t, many.String()), nil); err == nil || !strings.Contains(err.Error(), "more than 10000 members") {
		t.Errorf("many members: %v", err)
	}
}

// TestWrite reads back what Writer wrote, with and without types.
func TestWrite(t *testing.T) {
	schema := table.Schema{
		{Name: `S "q"`, Type: table.TextType},
		{Name: "i", Type: table.Int64Type},
		{Name: "x", Type: table.Float64ArrayType},
		{Name: "b", Type: table.BoolType},
		{Name: "n", Type: table.NumericType},
		{Name: "j", Type: table.JSONType},
		{Name: "bin", Type: table.BytesType},
		{Name: "f", Type: table.Float32Type},
	}
	b := table.NewBatch(schema)
	for _, row := range [][]any{
		{"<a>\n&", int64(1), []float64{1, 0.1}, true, "1.50", "{\"a\":\n 1}", []byte{255}, float32(1e20)},
		{nil, nil, nil, nil, nil, nil, nil, nil},
		{"", int64(-1), table.Array{Elems: []any{1.0, nil, 3.0, 4.0}, Shape: []int{2, 2}}, false, "NaN", "[]", []byte{}, float32(math.NaN())},
		{"\u2028", int64(0), []float64{}, false, "0", "1", []byte{0}, float32(math.Inf(-1))},
	} {
		if err := b.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, schema)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 { // more than there are cores, perhaps
		if err := w.Write(context.Background(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(out.String(), "\n")
	if want := `{"S \"q\"":"<a>\n&","i":1,"x":[1,0.1],"b":true,"n":1.50,"j":{"a":1},"bin":"\\xff","f":1e+20}`; first != want {
		t.Errorf("wrote %s, want %s", first, want)
	}
	_, rows, err := read(file(t, out.String()), schema)
	if err != nil || len(rows) != 5*b.Rows {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, row := range rows {
		for c := range b.Cols {
			want, null := table.FormatValue(&b.Cols[c], i%b.Rows)
			if null {
				want = "<null>"
			}
			if c == 5 {
				want = strings.ReplaceAll(want, "\n ", "")
			}
			if row[c] != want {
				t.Errorf("row %d, %s: got %q, want %q", i, schema[c].Name, row[c], want)
			}
		}
	}
}

// FuzzReader reads whole files: rows or an *Error, and a value has the type that was found for it.
func FuzzReader(f *testing.F) {
	for _, s := range []string{`{"a":1}`, "{\"a\":[1,null]}\n{\"b\":\"x\"}", `{"a":{"b":[]}}`, `{"a":[[1],[2]],"a":3}`, "[1]", `{"a":"\ud800"}`, `{"":1}`, "{\"a\\u0062\":true}\n", `{"a":["x",1,true]}`, `{"a":1e400}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		schema, rows, err := read(file(t, text), nil)
		var place *Error
		if err != nil && !errors.As(err, &place) && !strings.Contains(err.Error(), "file ") {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil && schema != "" && !strings.Contains(err.Error(), "twice") {
			t.Fatalf("%q: a value does not have the type found, %s: %v", text, schema, err)
		}
		for _, r := range rows {
			if len(r) == 0 {
				t.Fatalf("%q: a row without fields", text)
			}
		}
	})
}
