package tabletext_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/cmd/beamfit/internal/tabletext"
	"github.com/beamfit/beamfit/io/table"
)

// batches is a Source in memory.
type batches []*table.Batch

func (b batches) Schema() table.Schema { return b[0].Schema }

func (b batches) Walk(yield func(*table.Batch) error) error {
	for _, batch := range b {
		if err := yield(batch); err != nil {
			return err
		}
	}
	return nil
}

const null = "\x00null"

// A sample is a table given as columns "name type" and rows of text.
type sample struct {
	name    string
	columns []string
	rows    [][]string
}

var samples = []sample{
	{
		name: "predictions",
		columns: []string{
			"id integer", "class_name text", "class_value text", "prob double precision", "rank integer",
		},
		rows: [][]string{
			{"4", "class_text", "Iris-setosa", "0.7689959", "1"},
			{"4", "class_text", "Iris-virginica", "0.15600422", "2"},
			{"150", "class_text", null, "0.07499986", "3"},
		},
	},
	{
		name: "types",
		columns: []string{
			"i smallint", "b bigint", "r real", "f double precision", "n numeric", "t character varying", "ok boolean",
			"y bytea", "d date", "j json",
		},
		rows: [][]string{
			{"1", "-9223372036854775808", "0.1", "1e+20", "1.50", "plain", "t", `\x0001`, "2020-01-01", `{"a": [1]}`},
			{null, null, "NaN", "-Infinity", "NaN", "", "f", `\x`, null, "[]"},
			{null, null, null, null, null, null, null, null, null, null},
		},
	},
	{
		name:    "arrays",
		columns: []string{"i integer[]", "f double precision[]", "t text[]", "v character varying[]", "ok boolean[]", "y bytea[]"},
		rows: [][]string{
			{"{1,2}", "{1.5,NaN}", `{"character varying"}`, `{Iris-setosa,Iris-versicolor}`, "{t,f}", `{"\\x01"}`},
			{"{{1,2},{3,4}}", "{}", `{"",NULL,"null","a,b","q\"q","b\\b","{"}`, null, "{NULL}", "{}"},
		},
	},
	{
		name:    "lines",
		columns: []string{"a text", "n integer", "b text"},
		rows: [][]string{
			{"one\ntwo", "1", "x"},
			{"three", "22", "y\n\nz"},
			{"ends\n", "3", null},
		},
	},
	{
		name:    "characters",
		columns: []string{"日本 text", "é text", "ctl text"},
		rows: [][]string{
			{"東京", "e\u0301a", "a\tb\rc\a\x1b[31m"},
			{"plain", "ñ", "\u0085\x7f"},
		},
	},
	{name: "empty", columns: []string{"id integer", "long_name text"}},
	{name: "narrow", columns: []string{"a integer"}, rows: [][]string{{"1"}, {"2"}}},
	{name: "tenletters", columns: []string{"tenletters integer", "b text"}, rows: [][]string{{"1", "some text"}}},
	{name: "label_on_cross", columns: []string{"elevenchars text", "twelve_chars text"}, rows: [][]string{{"x", "yz"}}},
}

func (s sample) source(t *testing.T) rows.Source {
	t.Helper()
	var schema table.Schema
	for _, c := range s.columns {
		name, typ, _ := strings.Cut(c, " ")
		schema = append(schema, table.Column{Name: name, Type: table.ParseType(typ)})
	}
	// One batch per row, so that walking is tested as well.
	out := batches{table.NewBatch(schema)}
	for _, row := range s.rows {
		b := table.NewBatch(schema)
		for j, text := range row {
			var err error
			if text == null {
				err = b.Cols[j].Append(nil)
			} else {
				err = b.Cols[j].AppendText(text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		b.Rows = 1
		out = append(out, b)
	}
	return out
}

// sql is a SELECT of the sample.
func (s sample) sql() string {
	var heads, types, values []string
	for _, c := range s.columns {
		name, typ, _ := strings.Cut(c, " ")
		heads = append(heads, table.Quote(name))
		types = append(types, "NULL::"+typ)
	}
	values = append(values, "("+strings.Join(types, ",")+")")
	for _, row := range s.rows {
		var cells []string
		for j, text := range row {
			_, typ, _ := strings.Cut(s.columns[j], " ")
			if text == null {
				cells = append(cells, "NULL")
				continue
			}
			cells = append(cells, "'"+strings.ReplaceAll(text, "'", "''")+"'::"+typ)
		}
		values = append(values, "("+strings.Join(cells, ",")+")")
	}
	return fmt.Sprintf("SELECT * FROM (VALUES %s OFFSET 1) AS s(%s)", strings.Join(values, ",\n"), strings.Join(heads, ","))
}

func TestForms(t *testing.T) {
	forms := []struct {
		name  string
		write func(io.Writer, rows.Source) error
		psql  []string // psql's options for the same form; nil: psql has none
	}{
		{"aligned", tabletext.Aligned, []string{}},
		{"expanded", tabletext.Expanded, []string{"-x"}},
		{"csv", tabletext.CSV, nil},
		{"json", tabletext.JSON, nil},
	}
	for _, s := range samples {
		for _, f := range forms {
			t.Run(s.name+"/"+f.name, func(t *testing.T) {
				var got bytes.Buffer
				if err := f.write(&got, s.source(t)); err != nil {
					t.Fatal(err)
				}
				golden := filepath.Join("testdata", s.name+"."+f.name)
				if os.Getenv("BEAMFIT_UPDATE_GOLDEN") != "" {
					if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got.String()); diff != "" {
					t.Errorf("differs from %s (-golden +got):\n%s", golden, diff)
				}
				if f.psql != nil {
					compareWithPsql(t, s, f.psql, got.String())
				}
			})
		}
	}
}

// beforeContinuation matches the blanks before the sign that a value goes on in the next line: how many there are differs
// between psql 15.18 and 15.20.
var beforeContinuation = regexp.MustCompile(`(?m) +\+$`)

// compareWithPsql holds the output against that of psql itself, where there is one.
func compareWithPsql(t *testing.T, s sample, options []string, got string) {
	t.Helper()
	server := os.Getenv("BEAMFIT_TEST_PG")
	psql, err := exec.LookPath("psql")
	if server == "" || err != nil {
		t.Log("not compared with psql: BEAMFIT_TEST_PG is not set or psql is not installed; run scripts/test")
		return
	}
	cmd := exec.Command(psql, append([]string{server, "-X", "-q", "-c", s.sql()}, options...)...)
	cmd.Env = append(os.Environ(), "PGCLIENTENCODING=UTF8", "PSQL_PAGER=", "PAGER=", "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	plain := func(s string) string { return beforeContinuation.ReplaceAllString(s, " +") }
	if diff := cmp.Diff(plain(string(out)), plain(got)); diff != "" {
		t.Errorf("differs from psql (-psql +got):\n%s", diff)
	}
}

func TestLongBytesAreShortenedInTablesOnly(t *testing.T) {
	s := sample{columns: []string{"w bytea"}, rows: [][]string{
		{`\x00112233445566778899aabbccddeeff`},
		{`\x00112233445566778899aabbccddeeff01`},
	}}
	for _, c := range []struct {
		write func(io.Writer, rows.Source) error
		want  string
	}{
		{tabletext.Aligned, "                 w                  \n" +
			"------------------------------------\n" +
			" \\x00112233445566778899aabbccddeeff\n" +
			" \\x0011223344556677...(17 bytes)\n(2 rows)\n\n"},
		{tabletext.CSV, "w\n\\x00112233445566778899aabbccddeeff\n\\x00112233445566778899aabbccddeeff01\n"},
		{tabletext.JSON, "[\n{\"w\":\"\\\\x00112233445566778899aabbccddeeff\"},\n{\"w\":\"\\\\x00112233445566778899aabbccddeeff01\"}\n]\n"},
	} {
		var got bytes.Buffer
		if err := c.write(&got, s.source(t)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got.String()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}
