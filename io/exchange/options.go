package exchange

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/csvio"
	"github.com/beamfit/beamfit/io/internal/textfile"
	"github.com/beamfit/beamfit/io/table"
)

// The formats.
const (
	CSV       = "csv"
	Parquet   = "parquet"
	JSONLines = "jsonl"
)

// Formats lists the names of the formats.
func Formats() []string { return []string{CSV, Parquet, JSONLines} }

// extensions tell formats by file name. The value is the delimiter for CSV, 0 for one that is to be found, or a comma.
var extensions = map[string]struct {
	format    string
	delimiter rune
}{
	".csv":     {CSV, 0},
	".txt":     {CSV, 0},
	".data":    {CSV, 0},
	".tsv":     {CSV, '\t'},
	".tab":     {CSV, '\t'},
	".parquet": {Parquet, 0},
	".pq":      {Parquet, 0},
	".jsonl":   {JSONLines, 0},
	".ndjson":  {JSONLines, 0},
}

// compressions end the names of text files that are compressed, after the extension of the format.
var compressions = []string{".gz", ".zst"}

// Form says how a file is written.
type Form struct {
	// Format is one of Formats; "": by the extension of the file's name.
	Format string
	// The others are for CSV only; see csvio.Options. Delimiter 0 is a tab for .tsv and .tab. Header, Decimal and Encoding are for
	// reading; the encoding of JSON lines can be named too.
	NoHeader, Header bool
	Delimiter        rune
	Null             string
	Decimal          rune
	Encoding         string
}

// resolve fills in what the file's name tells and checks that the options belong to the format.
func (f Form) resolve(path string) (Form, error) {
	name := strings.ToLower(path)
	if packed := filepath.Ext(name); slices.Contains(compressions, packed) {
		name = strings.TrimSuffix(name, packed)
	}
	known, ok := extensions[filepath.Ext(name)]
	switch {
	case f.Format == "" && !ok:
		return f, fmt.Errorf("file %s: the format cannot be told from the name; name one of %s", path, strings.Join(Formats(), ", "))
	case f.Format == "":
		f.Format = known.format
	case !slices.Contains(Formats(), f.Format):
		return f, fmt.Errorf("format %q: expected one of %s", f.Format, strings.Join(Formats(), ", "))
	}
	given := f
	given.Format = ""
	if f.Format == JSONLines {
		given.Encoding = ""
	}
	if f.Format != CSV && given != (Form{}) {
		return f, fmt.Errorf("file %s: header, delimiter, null text and decimal point are options of CSV, and encoding of CSV and JSON lines; the format is %s", path, f.Format)
	}
	if f.Format == CSV && f.Delimiter == 0 && ok {
		f.Delimiter = known.delimiter
	}
	return f, nil
}

// Check refuses a form that no file of this path can have, whatever is in it.
func (f Form) Check(path string) error {
	f, err := f.resolve(path)
	if err != nil {
		return err
	}
	if f.Format == CSV {
		if err := f.csv(nil).Check(); err != nil {
			return err
		}
	}
	return textfile.CheckEncoding(f.Encoding)
}

func (f Form) csv(types table.Schema) csvio.Options {
	return csvio.Options{
		NoHeader: f.NoHeader, Header: f.Header, Delimiter: f.Delimiter, Null: f.Null, Decimal: f.Decimal, Encoding: f.Encoding, Types: types,
	}
}

// ParseTypes reads a list of columns with their types, such as
//
//	id integer, attributes numeric[], class_text varchar, "Price (net)" numeric(10,2)
//
// Names follow SQL's rules for quotes and case.
func ParseTypes(text string) (table.Schema, error) {
	var schema table.Schema
	for _, part := range splitColumns(text) {
		name, typ := splitName(strings.TrimSpace(part))
		if name == "" || typ == "" {
			return nil, fmt.Errorf("column types %q: expected a name and a type in %q", text, strings.TrimSpace(part))
		}
		names, err := table.ParseColumns(name)
		if err != nil {
			return nil, fmt.Errorf("column types %q: %w", text, err)
		}
		schema = append(schema, table.Column{Name: names[0], Type: table.ParseType(typ)})
	}
	if err := schema.Check(); err != nil {
		return nil, fmt.Errorf("column types %q: %w", text, err)
	}
	return schema, nil
}

// splitColumns cuts at commas outside double quotes and parentheses.
func splitColumns(text string) []string {
	var parts []string
	quoted, depth, start := false, 0, 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

// splitName cuts after the name, which may be in double quotes.
func splitName(column string) (name, typ string) {
	quoted := false
	for i := range len(column) {
		switch c := column[i]; {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			return column[:i], strings.TrimSpace(column[i:])
		}
	}
	return column, ""
}
