package exchange

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/beamfit/beamfit/io/fileio"
	"github.com/beamfit/beamfit/io/table"
)

var ctx = context.Background()

func store(t *testing.T) table.Store {
	t.Helper()
	s, err := fileio.Open(ctx, "file:"+filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

var iris = table.Name{Table: "iris"}

// content is a table as CSV, with its types.
func content(t *testing.T, s table.Store, name table.Name) (types, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.csv")
	if _, err := Export(ctx, s, name, path, ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Lookup(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, c := range info.Schema {
		parts = append(parts, table.Quote(c.Name)+" "+c.Type.SQL)
	}
	return strings.Join(parts, ", "), string(data)
}

func types(t *testing.T, text string) table.Schema {
	t.Helper()
	s, err := ParseTypes(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCSV imports CSV with inferred and with given types and exports it again.
func TestCSV(t *testing.T) {
	s := store(t)
	path := file(t, "iris.csv", "id,attributes,class_text\n1,\"{5.1,3.5}\",Iris-setosa\n2,\"[4.9,3.0]\",\n")
	n, err := Import(ctx, s, path, iris, ImportOptions{})
	if err != nil || n != 2 {
		t.Fatalf("%d rows, %v", n, err)
	}
	gotTypes, text := content(t, s, iris)
	if want := "id bigint, attributes double precision[], class_text text"; gotTypes != want {
		t.Errorf("types %s, want %s", gotTypes, want)
	}
	if want := "id,attributes,class_text\n1,\"{5.1,3.5}\",Iris-setosa\n2,\"{4.9,3}\",\n"; text != want {
		t.Errorf("text %s, want %s", text, want)
	}
	if _, err := Import(ctx, s, path, iris, ImportOptions{}); !errors.Is(err, table.ErrExist) {
		t.Errorf("got error %v, want ErrExist", err)
	}
	opt := ImportOptions{Replace: true, Types: types(t, "id integer, attributes numeric[], class_text varchar(20)")}
	if _, err := Import(ctx, s, path, iris, opt); err != nil {
		t.Fatal(err)
	}
	gotTypes, text = content(t, s, iris)
	if want := "id integer, attributes numeric[], class_text character varying"; gotTypes != want {
		t.Errorf("types %s, want %s", gotTypes, want)
	}
	if !strings.Contains(text, "{4.9,3.0}") {
		t.Errorf("text %s", text)
	}
}

// TestForms writes and reads every form of file.
func TestForms(t *testing.T) {
	s := store(t)
	schema := table.Schema{
		{Name: "Id", Type: table.Int32Type},
		{Name: "x", Type: table.Float32ArrayType},
		{Name: "m", Type: table.NumericType.ArrayOf()},
		{Name: "t", Type: table.TextType},
		{Name: "b", Type: table.BoolType},
		{Name: "d", Type: table.ParseType("date")},
	}
	b := table.NewBatch(schema)
	for _, row := range [][]any{
		{int32(1), []float32{0.1, float32(math.NaN())}, table.Array{Elems: []any{"1.50", nil}, Shape: []int{2, 1}}, "", true, "2024-01-01"},
		{int32(2), nil, nil, nil, nil, nil},
		{int32(3), []float32{}, table.Array{Elems: []any{"1", "2"}, Shape: []int{1, 2}}, "a\t\"b\",\n;", false, "0001-12-31 BC"},
	} {
		if err := b.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: iris, Schema: schema}}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(ctx, b), w.Close(ctx), out.Commit(ctx)); err != nil {
		t.Fatal(err)
	}
	wantTypes, want := content(t, s, iris)
	for i, c := range []struct {
		name string
		form Form
	}{
		{"a.csv", Form{}},
		{"a.CSV", Form{Null: "NULL", Delimiter: ';'}},
		{"a.tsv", Form{NoHeader: true}},
		{"a.parquet", Form{}},
		{"noext", Form{Format: CSV}},
		{"a.csv.gz", Form{}},
		{"a.tsv.ZST", Form{}},
		{"gz", Form{Format: JSONLines}},
		{"a.jsonl", Form{}},
		{"a.ndjson.gz", Form{}},
		{"a.csv.bak", Form{Format: Parquet}},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if n, err := Export(ctx, s, iris, path, ExportOptions{Form: c.form}); err != nil || n != 3 {
			t.Fatalf("%s: %d rows, %v", c.name, n, err)
		}
		opt := ImportOptions{Form: c.form}
		if c.form.Format != Parquet && !strings.HasSuffix(c.name, ".parquet") {
			opt.Types = schema
		}
		copied := table.Name{Table: fmt.Sprint("copy", i)}
		if n, err := Import(ctx, s, path, copied, opt); err != nil || n != 3 {
			t.Fatalf("%s: %d rows, %v", c.name, n, err)
		}
		if gotTypes, got := content(t, s, copied); gotTypes != wantTypes || got != want {
			t.Errorf("%s: %s\n%s\nwant %s\n%s", c.name, gotTypes, got, wantTypes, want)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
			t.Errorf("%s: %d files in the folder", c.name, len(entries))
		}
	}
	// Parquet columns can be given other types.
	path := filepath.Join(t.TempDir(), "a.parquet")
	if _, err := Export(ctx, s, iris, path, ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Import(ctx, s, path, table.Name{Table: "cast"}, ImportOptions{Types: types(t, `"Id" text, x float8[]`)}); err != nil {
		t.Fatal(err)
	}
	if got, _ := content(t, s, table.Name{Table: "cast"}); !strings.HasPrefix(got, `"Id" text, x double precision[], m numeric[]`) {
		t.Errorf("types %s", got)
	}
	_, err = Import(ctx, s, path, table.Name{Table: "bad"}, ImportOptions{Types: types(t, `t integer`)})
	if err == nil || !strings.Contains(err.Error(), `column "t", row 1`) {
		t.Errorf("got error %v", err)
	}
}

// Bytes of a Parquet file become the text that they are; where they are none, the row is named.
func TestBytesAsText(t *testing.T) {
	s := store(t)
	if _, err := Import(ctx, s, file(t, "a.csv", "b,j\n\\x41c3a4,\\x5b315d\n\\xff,\n"), iris, ImportOptions{Types: types(t, "b bytea, j bytea")}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.parquet")
	if _, err := Export(ctx, s, iris, path, ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	opt := ImportOptions{Columns: []string{"j"}, Types: types(t, "j json")}
	if _, err := Import(ctx, s, path, table.Name{Table: "j"}, opt); err != nil {
		t.Fatal(err)
	}
	if kinds, text := content(t, s, table.Name{Table: "j"}); kinds != "j json" || !strings.Contains(text, "[1]") {
		t.Errorf("%s: %s", kinds, text)
	}
	_, err := Import(ctx, s, path, table.Name{Table: "b"}, ImportOptions{Types: types(t, "b text")})
	if err == nil || !strings.Contains(err.Error(), `column "b", row 2: text that is not valid UTF-8`) {
		t.Errorf("got error %v", err)
	}
}

// TestBadImport: an import that fails leaves no table, and an existing one as it was.
func TestBadImport(t *testing.T) {
	s := store(t)
	good := file(t, "good.csv", "a\n1\n")
	if _, err := Import(ctx, s, good, iris, ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path string
		opt  ImportOptions
		want string
	}{
		"bad value":     {file(t, "x.csv", "a\n1\nx\n"), ImportOptions{Types: types(t, "a integer")}, `line 3, column 1 ("a")`},
		"ragged":        {file(t, "x.csv", "a,b\n1,2\n3\n"), ImportOptions{}, "line 3: 1 fields where 2"},
		"no file":       {filepath.Join(t.TempDir(), "none.csv"), ImportOptions{}, "none.csv"},
		"no Parquet":    {file(t, "x.parquet", strings.Repeat("no parquet", 10)), ImportOptions{}, "x.parquet: corrupt"},
		"no format":     {good + "x", ImportOptions{}, "the format cannot be told"},
		"wrong format":  {good, ImportOptions{Form: Form{Format: "xml"}}, `format "xml": expected one of csv, parquet, jsonl`},
		"wrong options": {good, ImportOptions{Form: Form{Format: Parquet, NoHeader: true}}, "options of CSV"},
		"no JSON lines": {file(t, "x.jsonl", "[1]\n"), ImportOptions{}, "x.jsonl, line 1: a list of objects"},
		"no such pick":  {good, ImportOptions{Columns: []string{"a", "b"}}, `good.csv: column "b" does not exist; the columns are a`},
		"a pick twice":  {good, ImportOptions{Columns: []string{"a", "a"}}, `"a"`},
		"no column":     {good, ImportOptions{Types: types(t, "b integer")}, `column "b" does not exist; the columns are a`},
		"a folder":      {t.TempDir(), ImportOptions{Form: Form{Format: CSV}}, "is a directory"},
	} {
		c.opt.Replace = true
		if _, err := Import(ctx, s, c.path, iris, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %s", name, err, c.want)
		}
		if _, text := content(t, s, iris); text != "a\n1\n" {
			t.Errorf("%s: the table is now %s", name, text)
		}
		c.opt.Replace = false
		fresh := table.Name{Table: "fresh"}
		if _, err := Import(ctx, s, c.path, fresh, c.opt); err == nil {
			t.Errorf("%s: imported", name)
		}
		if _, err := s.Lookup(ctx, fresh); !errors.Is(err, table.ErrNotExist) {
			t.Errorf("%s: a table is there: %v", name, err)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Import(ended, s, good, table.Name{Table: "fresh"}, ImportOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

// TestPick imports some of a file's columns, of every format.
func TestPick(t *testing.T) {
	s := store(t)
	if _, err := Import(ctx, s, file(t, "in.csv", "a;b;c\n1;x;2,5\n"), iris, ImportOptions{Types: types(t, "b text")}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"out.csv", "out.parquet", "out.jsonl.gz"} {
		path := filepath.Join(t.TempDir(), name)
		if _, err := Export(ctx, s, iris, path, ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		opt := ImportOptions{Columns: []string{"c", "a"}, Replace: true, Types: types(t, "c real")}
		if n, err := Import(ctx, s, path, table.Name{Table: "picked"}, opt); err != nil || n != 1 {
			t.Fatalf("%s: %d rows, %v", name, n, err)
		}
		if gotTypes, got := content(t, s, table.Name{Table: "picked"}); gotTypes != "c real, a bigint" || got != "c,a\n2.5,1\n" {
			t.Errorf("%s: %s, %s", name, gotTypes, got)
		}
	}
}

// TestNotices hears what was found out about a file.
func TestNotices(t *testing.T) {
	var heard []string
	opt := ImportOptions{Notice: func(text string) { heard = append(heard, text) }}
	path := file(t, "in.csv", "a;b\n1;2,5\n")
	if _, err := Import(ctx, store(t), path, iris, opt); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"file " + path + ": fields are divided by ';'; --delimiter names another character",
		"file " + path + ": numbers of b have decimal commas; --decimal . takes them for text",
	}
	if !reflect.DeepEqual(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
}

// TestManyParts exports more rows than a partition has, in their order, and stops in the middle of one.
func TestManyParts(t *testing.T) {
	s := store(t)
	var text strings.Builder
	const rows = 5*partRows + 3
	for i := range rows {
		fmt.Fprintf(&text, "%d\n", i)
	}
	if n, err := Import(ctx, s, file(t, "in.csv", "i\n"+text.String()), iris, ImportOptions{}); err != nil || n != rows {
		t.Fatalf("%d rows, %v", n, err)
	}
	if _, got := content(t, s, iris); got != "i\n"+text.String() {
		t.Error("the rows have changed")
	}
	snap, err := s.Snapshot(ctx, iris)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = snap.Close() }()
	stop := errors.New("stop")
	if err := readRows(ctx, s, snap, func(*table.Batch) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got error %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	if err := readRows(ended, s, snap, func(*table.Batch) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

// TestBadExport: an export that fails leaves the file that was there.
func TestBadExport(t *testing.T) {
	s := store(t)
	if _, err := Import(ctx, s, file(t, "a.csv", "a,b\n1,\"{1}\"\n2,\"{{1}}\"\n"), iris, ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	path := file(t, "out.parquet", "old")
	_, err := Export(ctx, s, iris, path, ExportOptions{})
	if err == nil || !strings.Contains(err.Error(), `column "b", row 2: an array of 2 dimensions in a column of arrays of 1`) {
		t.Errorf("got error %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "old" {
		t.Errorf("the file has %q, %v", data, err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("%d files in the folder", len(entries))
	}
	if _, err := Export(ctx, s, table.Name{Table: "none"}, path, ExportOptions{}); !errors.Is(err, table.ErrNotExist) {
		t.Errorf("no table: %v", err)
	}
	if _, err := Export(ctx, s, iris, filepath.Join(t.TempDir(), "no", "a.csv"), ExportOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if _, err := Export(ctx, s, iris, t.TempDir()+"/.csv/", ExportOptions{Form: Form{Format: CSV}}); err == nil {
		t.Error("exported into a folder")
	}
	if _, err := Export(ctx, s, iris, "/dev/full", ExportOptions{Form: Form{Format: CSV}}); !errors.Is(err, table.ErrFull) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	if _, err := Export(ctx, s, iris, "/dev/full", ExportOptions{Form: Form{Format: Parquet}}); err == nil {
		t.Error("a full disk took Parquet")
	}
}

// TestExportReplaces keeps the mode of the file and the link to it.
func TestExportReplaces(t *testing.T) {
	s := store(t)
	if _, err := Import(ctx, s, file(t, "a.csv", "a\n1\n"), iris, ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	path := file(t, "out.csv", "old")
	link := filepath.Join(t.TempDir(), "link.csv")
	if err := errors.Join(os.Chmod(path, 0o640), os.Symlink(path, link)); err != nil {
		t.Fatal(err)
	}
	if _, err := Export(ctx, s, iris, link, ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || string(data) != "a\n1\n" {
		t.Errorf("the file has %q, %v", data, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestParseTypes(t *testing.T) {
	got := types(t, ` id integer ,Attributes  NUMERIC [],"Odd, ""name"" (x)" numeric(10,2), d timestamp(3) with time zone, u my.type`)
	want := table.Schema{
		{Name: "id", Type: table.Int32Type},
		{Name: "attributes", Type: table.NumericType.ArrayOf()},
		{Name: `Odd, "name" (x)`, Type: table.NumericType},
		{Name: "d", Type: table.ParseType("timestamptz")},
		{Name: "u", Type: table.Type{Kind: table.Other, SQL: "my.type"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, bad := range []string{"", "a", "a integer,", "a integer, a text", `"a integer`, "a integer; b text, ,", `"" text`} {
		if s, err := ParseTypes(bad); err == nil {
			t.Errorf("%q was taken as %v", bad, s)
		}
	}
}

// TestProgress: an import tells of the rows that it looks at and of those that it writes, an export of those that it writes.
func TestProgress(t *testing.T) {
	s := store(t)
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte("a,b\n1,2\n3,4\n5,6\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var told []string
	progress := func(stage string, done, total int64) {
		told = append(told, fmt.Sprintf("%s %d/%d", stage, done, total))
	}
	name := table.Name{Table: "counted"}
	if _, err := Import(ctx, s, path, name, ImportOptions{Progress: progress}); err != nil {
		t.Fatal(err)
	}
	if _, err := Export(ctx, s, name, filepath.Join(t.TempDir(), "a.jsonl"), ExportOptions{Progress: progress}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"looking for types 0/0", "writing 3/3", "writing 3/3"}; !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
}
