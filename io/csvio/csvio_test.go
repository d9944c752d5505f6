package csvio

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// file writes a CSV file and returns its path.
func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// read reads a file whole: types and rows as text, NULL as "<null>".
func read(path string, opt Options) (types []string, rows [][]string, err error) {
	r, err := Open(context.Background(), path, opt)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for _, c := range r.Schema() {
		types = append(types, table.Quote(c.Name)+" "+c.Type.SQL)
	}
	for {
		b, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return types, rows, nil
		}
		if err != nil {
			return types, rows, err
		}
		for i := range b.Rows {
			var row []string
			for c := range b.Cols {
				text, null := table.FormatValue(&b.Cols[c], i)
				if null {
					text = "<null>"
				}
				row = append(row, text)
			}
			rows = append(rows, row)
		}
	}
}

func TestRead(t *testing.T) {
	huge := strings.Repeat("9", 310)
	for name, c := range map[string]struct {
		text  string
		opt   Options
		types string
		rows  [][]string
	}{
		"every inferred type": {
			text:  "b,i,x,ia,xa,s,n,z\nt,1,1.5,\"{1,2}\",\"[1,2.5]\",abc,,007\nFALSE,-9223372036854775808,2,\"{}\",\"{NaN,1}\",2,,1\n",
			types: `b boolean, i bigint, x double precision, ia bigint[], xa double precision[], s text, n text, z text`,
			rows: [][]string{
				{"t", "1", "1.5", "{1,2}", "{1,2.5}", "abc", "<null>", "007"},
				{"f", "-9223372036854775808", "2", "{}", "{NaN,1}", "2", "<null>", "1"},
			},
		},
		"dates and times": {
			text:  "d,t,f,m,o,l,a\n2024-02-29,2024-02-29 23:59:59,2024-02-29 00:00:00.5,2024-02-29,2024-02-29, 2024-02-29,29.02.2024\n,,2024-03-01 12:00:00,2024-02-29 00:00:00,2023-02-29,2024-02-29,01.03.2024\n",
			types: "d date, t timestamp without time zone, f timestamp without time zone, m text, o text, l text, a text",
			rows: [][]string{
				{"2024-02-29", "2024-02-29 23:59:59", "2024-02-29 00:00:00.5", "2024-02-29", "2024-02-29", " 2024-02-29", "29.02.2024"},
				{"<null>", "<null>", "2024-03-01 12:00:00", "2024-02-29 00:00:00", "2023-02-29", "2024-02-29", "01.03.2024"},
			},
		},
		"the last value decides": {
			text:  "a,b,c\n1,\"{1}\",t\n1e3,\"{0.5}\",f\n,,x\n",
			types: "a double precision, b double precision[], c text",
			rows:  [][]string{{"1", "{1}", "t"}, {"1000", "{0.5}", "f"}, {"<null>", "<null>", "x"}},
		},
		"NULL elements and more dimensions": {
			text:  "a,b\n\"{1,NULL}\",\"[[1,2],[3,null]]\"\n",
			types: "a bigint[], b bigint[]",
			rows:  [][]string{{"{1,NULL}", "{{1,2},{3,NULL}}"}},
		},
		"given types": {
			text:  "id,attributes,class_text,more\n1,\"{5.10,3}\",,x\n",
			opt:   Options{Types: table.Schema{{Name: "class_text", Type: table.VarcharType}, {Name: "attributes", Type: table.NumericType.ArrayOf()}, {Name: "id", Type: table.Int32Type}}},
			types: "id integer, attributes numeric[], class_text character varying, more text",
			rows:  [][]string{{"1", "{5.10,3}", "<null>", "x"}},
		},
		"no header, no types": {
			text: "1;a\n2;\"b;\"\"\"\n", opt: Options{NoHeader: true, Delimiter: ';'},
			types: "column1 bigint, column2 text",
			rows:  [][]string{{"1", "a"}, {"2", `b;"`}},
		},
		"no header, all types": {
			text: "1,a\n", opt: Options{NoHeader: true, Types: table.Schema{{Name: "X", Type: table.TextType}, {Name: "y", Type: table.TextArrayType}}},
			types: `"X" text, y text[]`,
		},
		"NULL and empty text": {
			text: "a,b\n,\"\"\nNA,\"NA\"\n", opt: Options{Null: "NA"},
			types: "a text, b text",
			rows:  [][]string{{"", ""}, {"<null>", "NA"}},
		},
		"lines": {
			text:  "\xEF\xBB\xBFa,b\r\n\"x\r\ny\",1\r\n\r\n\"\nz\",2",
			types: "a text, b bigint",
			rows:  [][]string{{"x\r\ny", "1"}, {"\nz", "2"}},
		},
		"empty lines before the header":               {text: "\n\r\na,b\n1,2\n", types: "a bigint, b bigint", rows: [][]string{{"1", "2"}}},
		"an empty line before a header of one column": {text: "\na\n1\n", types: "a bigint", rows: [][]string{{"1"}}},
		"empty lines before the rows": {
			text: "\n\n1;x\n", opt: Options{NoHeader: true, Delimiter: ';'},
			types: "column1 bigint, column2 text", rows: [][]string{{"1", "x"}},
		},
		"an empty line before one column": {text: "\n1\n", opt: Options{NoHeader: true}, types: "column1 bigint", rows: [][]string{{"<null>"}, {"1"}}},
		"blanks that are none": {
			text: "a,b,c\n 1 ,\u00a01,\u2003true\n", types: "a bigint, b text, c text", rows: [][]string{{"1", "\u00a01", "\u2003true"}},
		},
		"two signs":                    {text: "x;y;z\n--1,5;+2,5;+-0,123\n", types: "x text, y double precision, z text", rows: [][]string{{"--1,5", "2.5", "+-0,123"}}},
		"one column keeps empty lines": {text: "a\n\n1\n", types: "a bigint", rows: [][]string{{"<null>"}, {"1"}}},
		"header only":                  {text: "a, ,B c\n", types: `a text, column2 text, "B c" text`},
		"semicolons and decimal commas": {
			text:  "id;x;y;n;text\n1;2,5;-0,25;1,234;a,b\n2;3;,5;22,000;c\n",
			types: "id bigint, x double precision, y double precision, n text, text text",
			rows:  [][]string{{"1", "2.5", "-0.25", "1,234", "a,b"}, {"2", "3", "0.5", "22,000", "c"}},
		},
		"decimal commas asked for": {
			text: "x;y\n1,234;1e2\n2;3,5\n", opt: Options{Decimal: ','},
			types: "x double precision, y double precision",
			rows:  [][]string{{"1.234", "100"}, {"2", "3.5"}},
		},
		"no decimal commas": {text: "x;y\n1,5;a\n", opt: Options{Decimal: '.'}, types: "x text, y text", rows: [][]string{{"1,5", "a"}}},
		"quoted numbers and empty strings": {
			text:  "\"a\",\"b\",\"c\",\"d\"\n\"1\",\"2.5\",\"\",\"\"\n\"\",\"\",\"t\",\"x\"\n",
			types: "a bigint, b double precision, c boolean, d text",
			rows:  [][]string{{"1", "2.5", "<null>", ""}, {"<null>", "<null>", "t", "x"}},
		},
		"quoted NULL text":  {text: "a,b\n\"NA\",1\n2,\"NA\"\n", opt: Options{Null: "NA"}, types: "a bigint, b bigint", rows: [][]string{{"<null>", "1"}, {"2", "<null>"}}},
		"bars":              {text: "a|b\n1|\"x\n|y\"\n", types: "a bigint, b text", rows: [][]string{{"1", "x\n|y"}}},
		"tabs":              {text: "a\tb\n1\tx, y\n", types: "a bigint, b text", rows: [][]string{{"1", "x, y"}}},
		"carriage returns":  {text: "a,b\r1,\"x\ny\"\r\r2,z\r", types: "a bigint, b text", rows: [][]string{{"1", "x\ny"}, {"2", "z"}}},
		"escapes and lines": {text: "a,b,c\n\"1\"\"2\",x,\"p\"\"q\nr\"\"s\nt\"\n", types: "a text, b text, c text", rows: [][]string{{`1"2`, "x", "p\"q\nr\"s\nt"}}},
		"UTF-16":            {text: "\xff\xfea\x00,\x00b\x00\n\x001\x00,\x00\xfc\x00\n\x00", types: "a bigint, b text", rows: [][]string{{"1", "ü"}}},
		"UTF-16, no mark":   {text: "\x00a\x00,\x00b\x00\n\x001\x00,\x002\x00\n", types: "a bigint, b bigint", rows: [][]string{{"1", "2"}}},
		"Latin-1":           {text: "a,b\n1,\xfc\x85\n", opt: Options{Encoding: "latin1"}, types: "a bigint, b text", rows: [][]string{{"1", "ü\u0085"}}},
		"windows-1252":      {text: "a,b\n1,\x80\n", opt: Options{Encoding: "windows-1252"}, types: "a bigint, b text", rows: [][]string{{"1", "€"}}},
		"integers as names": {text: "0,1\n5,x\n", types: `"0" bigint, "1" text`, rows: [][]string{{"5", "x"}}},
		"only NaN is text":  {text: "a\nNaN\n", types: "a text", rows: [][]string{{"NaN"}}},
		// Ids of more than 63 bits that differ in their last digits must not become one number.
		"large integers": {
			text:  "a,b,c,d\n9223372036854775808,18446744073709551615,18446744073709551615,-9223372036854775809\n9223372036854775809,7,1.5,NaN\n",
			types: "a numeric, b numeric, c double precision, d double precision",
			rows: [][]string{
				{"9223372036854775808", "18446744073709551615", "1.8446744073709552e+19", "-9.223372036854776e+18"},
				{"9223372036854775809", "7", "1.5", "NaN"},
			},
		},
		// numeric has digits for what double precision has no number for; beside a fraction it is none of both.
		"huge integers": {
			text:  "a;b;c;d;e\n" + huge + ";" + huge + ";" + huge + ";{" + huge + "};18446744073709551615\n1;1.5;1,5;{1};2,5\n",
			types: "a numeric, b text, c text, d text, e double precision",
			rows:  [][]string{{huge, huge, huge, "{" + huge + "}", "1.8446744073709552e+19"}, {"1", "1.5", "1,5", "{1}", "2.5"}},
		},
		"blanks in arrays":         {text: "a;b\n\"{\"\" 1\"\"}\";\"{\"\" 18446744073709551615 \"\"}\"\n", types: "a bigint[], b double precision[]", rows: [][]string{{"{1}", "{1.8446744073709552e+19}"}}},
		"braces that are no array": {text: "a\n\"{1,x}\"\n", types: "a text", rows: [][]string{{"{1,x}"}}},
	} {
		t.Run(name, func(t *testing.T) {
			types, rows, err := read(file(t, c.text), c.opt)
			if c.rows == nil && strings.Contains(name, "all types") {
				var e *Error
				if !errors.As(err, &e) || e.Line != 1 || e.Column != 3 || e.Name != "y" {
					t.Errorf("got error %v", err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(types, ", "); got != c.types {
				t.Errorf("types %s, want %s", got, c.types)
			}
			if !reflect.DeepEqual(rows, c.rows) {
				t.Errorf("rows %q, want %q", rows, c.rows)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	typed := Options{Types: table.Schema{{Name: "a", Type: table.Int32Type}, {Name: "b", Type: table.Float64ArrayType}}}
	for name, c := range map[string]struct {
		text string
		opt  Options
		want string // after the file's name
	}{
		"empty file":            {"", Options{}, ": the file is empty"},
		"too few fields":        {"a,b\n1,2\n3\n", Options{}, ", line 3: 1 fields where 2 were expected"},
		"too many fields":       {"a,b\n1,2,3\n", typed, ", line 2: 3 fields where 2 were expected"},
		"bare quote":            {"a,b\n1,x\"y\n", Options{}, ", line 2, column 4: a double quote inside"},
		"open quote":            {"a,b\n1,\"x\n\n", Options{}, ", line 2, column 3: the double quote that begins here is not closed"},
		"text after quote":      {"a,b\n1,\"x\" \n", Options{}, ", line 2, column 6: text after the closing double quote"},
		"invalid UTF-8":         {"a,b\nü,\xff\n", Options{}, ", line 2, column 3: text that is not valid UTF-8"},
		"zero byte":             {"a,b\n1,\x00\n", Options{}, ", line 2, column 3: a zero byte; --encoding"},
		"UTF-32":                {"\xff\xfe\x00\x00a\x00\x00\x00", Options{}, ": it is UTF-32"},
		"a workbook":            {"PK\x03\x04 and so on", Options{}, ": it is a zip archive, as Excel's workbooks are"},
		"damaged gzip":          {"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03 and so on", Options{}, ": "},
		"an unknown encoding":   {"a\n", Options{Encoding: "klingon"}, `: encoding "klingon" is not known; utf-8`},
		"data for a header":     {"5.1,setosa\n4.9,setosa\n", Options{}, `, line 1, column 1 ("5.1"): the first line is to name the columns, and this is a number; --header=false`},
		"two delimiters":        {"a,b;c\n1,2;3\n", Options{}, `, line 1: the fields may be divided by ',' (2 in each line) or ';' (2 in each line); --delimiter`},
		"no delimiter, later":   {"\na;b\n1;2;3\n", Options{}, `, line 2: the first line, "a;b", has no commas`},
		"two delimiters, later": {"\r\n\r\na,b;c\r\n1,2;3\r\n", Options{}, `, line 3: the fields may be divided by`},
		"only empty lines":      {"\n\n", Options{}, ": the file is empty"},
		"no delimiter":          {"a;b\n1;2;3\n", Options{}, `, line 1: the first line, "a;b", has no commas, and what it has does not divide all lines into the same number of fields; --delimiter`},
		"a decimal comma":       {"a;b\n1;\"{1,2}\"\n1,5;\n", Options{Types: table.Schema{{Name: "a", Type: table.Float32Type}}}, `, line 3, column 1 ("a"): "1,5" is not a value of type real; --decimal , takes`},
		"a point for a comma":   {"a;b\n1.5;2\n", Options{Decimal: ',', Types: table.Schema{{Name: "a", Type: table.Float32Type}}}, `, line 2, column 1 ("a"): "1.5" is no number with a decimal comma`},
		"a column twice":        {"a,b, a\n", Options{}, `, line 1, column 5 ("a"): the header names column 1 so too`},
		"a type without, later": {"\nx,b\n1,2\n", typed, `, line 2: column "a" does not exist`},
		"a type without column": {"x,b\n1,2\n", typed, `, line 1: column "a" does not exist; the columns are x, b`},
		"a bad value":           {"a,b\n1,\"{1}\"\nx,\"{1}\"\n", typed, `, line 3, column 1 ("a"): "x" is not a value of type integer`},
		"a bad array":           {"a,b\n1,\"{1,2\"\n", typed, `, line 2, column 3 ("b"): malformed array at character 5: expected , or }`},
		"a bad list":            {"a,b\n1,\"[1,{2}]\"\n", typed, `, line 2, column 3 ("b"): malformed array at character 4`},
		"a ragged list":         {"a,b\n1,\"[[1],[2,3]]\"\n", typed, `, line 2, column 3 ("b"): malformed array`},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, c.text)
			_, _, err := read(path, c.opt)
			if err == nil || !strings.HasPrefix(err.Error(), "file "+path+c.want) {
				t.Errorf("got error %v, want file ...%s", err, c.want)
			}
		})
	}
	if _, _, err := read(filepath.Join(t.TempDir(), "none.csv"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got error %v", err)
	}
	for _, bad := range []Options{{Decimal: ';'}, {Delimiter: '"'}, {Delimiter: 'é'}, {Delimiter: '\n'}, {Delimiter: ',', Null: "a,b"}, {Null: `"`}, {Types: table.Schema{{Name: "a"}, {Name: "a"}}}} {
		if _, _, err := read(file(t, "a\n"), bad); err == nil {
			t.Errorf("options %+v were taken", bad)
		}
	}
}

// TestPipe: rows come from a pipe where all types are given; to find them it would be read twice.
func TestPipe(t *testing.T) {
	pipe := func() string {
		t.Helper()
		out, in, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = out.Close() })
		if _, err := in.WriteString("a,b\n1,x\n"); err != nil {
			t.Fatal(err)
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("/dev/fd/%d", out.Fd())
	}
	if _, _, err := read(pipe(), Options{}); err == nil || !strings.Contains(err.Error(), "a pipe cannot be read twice") || !strings.Contains(err.Error(), "--types") {
		t.Errorf("without types: %v", err)
	}
	types, rows, err := read(pipe(), Options{Types: table.Schema{{Name: "a", Type: table.Int32Type}, {Name: "b", Type: table.TextType}}})
	if err != nil || len(rows) != 1 || len(types) != 2 {
		t.Errorf("with types: %v %v, %v", types, rows, err)
	}
}

// TestNotices: what was found out and may have been meant otherwise is said, with the option.
func TestNotices(t *testing.T) {
	for text, want := range map[string]string{
		"a,b\n1,x\n":                    "",
		"a;b\n1;2\n":                    `fields are divided by ';'; --delimiter`,
		"a,b\n":                         "there are no rows; --header=false",
		"words\nsome words\n":           "there is one column, of text; --delimiter",
		"0,1\n5,6\n":                    "the first line names the columns, though all are numbers; --header=false",
		"a,b\n1,2\n?,3\n?,4\n":          `column a is text, since "?" is no number (2 of 3 rows); --null "?" takes`,
		"a,b\n?,2\n?,3\n4,4\n":          `column a is text, since "?" is no number (2 of 3 rows); --null "?" takes`,
		"a,b\n1,2\n ?,3\n ?,4\n":        `column a is text, since " ?" is no number (2 of 3 rows); --null " ?" takes`,
		"a,b\n1,2\n ,3\n":               `column a is text, since " " is no number (1 of 2 rows); --null " " takes`,
		"a,b\n1,2\nit's,3\n":            `column a is text, since "it's" is no number (1 of 2 rows); --null "it's" takes`,
		"a,b\n1,2\n$x,3\n":              `column a is text, since "$x" is no number (1 of 2 rows); --null '$x' takes`,
		"a,b\n1,2\n\"5\"\"x\",3\n":      `column a is text, since "5\"x" is no number (1 of 2 rows)`,
		"a,b\n1,2\n?,3\nNA,4\n":         "",
		"a,b\nx,2\nx,3\n":               "",
		"a,b\n1,\"2,5\"\n":              "numbers of b have decimal commas; --decimal .",
		"a,b\n1,\"2,500\"\n":            "b: text, since the commas of its numbers may be decimal or mark thousands; --decimal ,",
		"A a,b\n1,\"0,500\"\n2,\"3\"\n": "numbers of b have decimal commas",
	} {
		r, err := Open(context.Background(), file(t, text), Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(r.Notices(), "; ")
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if want == "" && got != "" || !strings.Contains(got, want) || strings.HasSuffix(want, "rows)") && !strings.HasSuffix(got, want) {
			t.Errorf("%q: notices %s, want %s", text, got, want)
		}
	}
}

// TestLongHead finds the delimiter where the beginning that is looked at ends in the middle of a record, and of the first one.
func TestLongHead(t *testing.T) {
	for _, columns := range []int{3, 20_000} {
		var text strings.Builder
		for range 100_000/columns + 2 {
			for i := range columns {
				if i > 0 {
					text.WriteByte(';')
				}
				text.WriteString("\"n\nü,")
				text.WriteString(strconv.Itoa(i))
				text.WriteByte('"')
			}
			text.WriteByte('\n')
		}
		r, err := Open(context.Background(), file(t, text.String()), Options{NoHeader: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Schema()) != columns {
			t.Errorf("%d columns, want %d", len(r.Schema()), columns)
		}
		_ = r.Close()
	}
}

// TestWrite reads back what Writer wrote, with and without types.
func TestWrite(t *testing.T) {
	schema := table.Schema{
		{Name: "i", Type: table.Int64Type},
		{Name: `S "q"`, Type: table.TextType},
		{Name: "a", Type: table.Float64ArrayType},
		{Name: "t", Type: table.TextArrayType},
		{Name: "b", Type: table.BoolType},
		{Name: "bin", Type: table.BytesType},
		{Name: "n", Type: table.NumericType},
	}
	b := table.NewBatch(schema)
	for _, row := range [][]any{
		{int64(1), "a,b", []float64{1, 0.1}, []string{"x y", ""}, true, []byte{0, 255}, "1.50"},
		{nil, "", nil, nil, nil, nil, nil},
		{int64(-1), "line\r\n\"quoted\"", table.Array{Elems: []any{1.0, nil, 3.0, 4.0}, Shape: []int{2, 2}}, []string{"NULL", `\`}, false, []byte{}, "NaN"},
		{int64(0), nil, []float64{}, []string{}, false, []byte{}, "0"},
		{int64(0), `\.`, []float64{}, []string{}, false, []byte{}, "0"},
	} {
		if err := b.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	for _, opt := range []Options{{}, {NoHeader: true, Delimiter: '\t'}, {Null: "NULL", Delimiter: ';'}} {
		var out bytes.Buffer
		w, err := NewWriter(&out, schema, opt)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !opt.NoHeader && opt.Delimiter == 0 && !strings.HasPrefix(out.String(), "i,\"S \"\"q\"\"\",a,t,b,bin,n\n1,\"a,b\",\"{1,0.1}\",\"{\"\"x y\"\",\"\"\"\"}\",t,\\x00ff,1.50\n,\"\",,,,,\n") {
			t.Errorf("wrote %s", out.String())
		}
		opt.Types = schema
		_, rows, err := read(file(t, out.String()), opt)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Rows {
			for c := range b.Cols {
				want, null := table.FormatValue(&b.Cols[c], i)
				if null {
					want = "<null>"
				}
				if rows[i][c] != want {
					t.Errorf("row %d, column %d: got %q, want %q", i, c, rows[i][c], want)
				}
			}
		}
	}
}

// TestBatches reads more rows than a batch has.
func TestBatches(t *testing.T) {
	var text strings.Builder
	text.WriteString("a,b\n")
	for range 2*batchRows + 3 {
		text.WriteString("1,x\n")
	}
	r, err := Open(context.Background(), file(t, text.String()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var sizes []int
	for {
		b, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, b.Rows)
	}
	if !slices.Equal(sizes, []int{batchRows, batchRows, 3}) {
		t.Errorf("batches of %v rows", sizes)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

// FuzzScanner compares with encoding/csv, which drops all empty lines and turns \r\n inside quotes into \n.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a\r\n\"b\"\"c\"\r\n", "\"x\ny\",z", "a,\"b", "\"a\"b", "a\"b", ",,\n\n,", "\r\n\r", "\"\"", "\xEF\xBB\xBFa"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := newScanner("fuzz", strings.NewReader(text), form{',', '\n'})
		var got [][]string
		var gotErr error
		for {
			fields, err := s.record()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				gotErr = err
				break
			}
			var row []string
			for _, f := range fields {
				if line, column := s.place(f); line < 1 || column < 1 {
					t.Fatalf("a field at line %d, column %d", line, column)
				}
				row = append(row, string(f.text))
			}
			if len(row) == 1 && row[0] == "" && !fields[0].quoted {
				continue
			}
			got = append(got, row)
		}
		var place *Error
		if gotErr != nil && (!errors.As(gotErr, &place) || place.Line < 1) {
			t.Fatalf("error without a place: %v", gotErr)
		}
		if strings.Contains(text, "\r") || strings.Contains(text, "\x00") || strings.HasPrefix(text, "\xEF\xBB\xBF") || !validUTF8(text) {
			return
		}
		ref := csv.NewReader(strings.NewReader(text))
		ref.FieldsPerRecord = -1
		want, wantErr := ref.ReadAll()
		if (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("%q: error %v, encoding/csv says %v", text, gotErr, wantErr)
		}
		if gotErr == nil && !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
			t.Fatalf("%q: got %q, encoding/csv %q", text, got, want)
		}
	})
}

func validUTF8(s string) bool { return strings.ToValidUTF8(s, "") == s }

// FuzzReader reads whole files: rows or an *Error.
func FuzzReader(f *testing.F) {
	f.Add("a,b\n1,\"{1,2}\"\n", "", false)
	f.Add("t;[[1],[2]]\n", ";", true)
	f.Add("a\nNA\n1\n", ",", false)
	f.Add("a;b\n1,5;\"x\"\"\ny\"\n", "", false)
	f.Add("a\tb\r1\t2\r", "", false)
	f.Add("\xff\xfea\x00\n\x00", "", true)
	f.Add("1;2,5\n\"\";-,250\n", "", true)
	f.Fuzz(func(t *testing.T, text, delim string, noHeader bool) {
		opt := Options{NoHeader: noHeader, Null: "NA"}
		if delim != "" {
			opt.Delimiter = rune(delim[0])
		}
		if opt.Check() != nil {
			return
		}
		path := file(t, text)
		types, rows, err := read(path, opt)
		var place *Error
		if err != nil && !errors.As(err, &place) && !strings.HasPrefix(err.Error(), "file "+path) {
			t.Fatalf("%q: %v", text, err)
		}
		for _, r := range rows {
			if len(r) != len(types) {
				t.Fatalf("%q: a row of %d fields for %d columns", text, len(r), len(types))
			}
		}
		if err != nil && len(types) > 0 {
			t.Fatalf("%q: a value does not have the type inferred: %v", text, err)
		}
	})
}
