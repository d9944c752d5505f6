package exchange

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/beamfit/beamfit/io/fileio/csvio"
	"github.com/beamfit/beamfit/io/table"
)

// The formats.
const (
	CSV     = "csv"
	Parquet = "parquet"
)

// Formats lists the names of the formats.
func Formats() []string { return []string{CSV, Parquet} }

// extensions tell formats by file name. The value is the delimiter for CSV.
var extensions = map[string]struct {
	format    string
	delimiter rune
}{
	".csv":     {CSV, ','},
	".txt":     {CSV, ','},
	".data":    {CSV, ','},
	".tsv":     {CSV, '\t'},
	".tab":     {CSV, '\t'},
	".parquet": {Parquet, 0},
	".pq":      {Parquet, 0},
}

// Form says how a file is written.
type Form struct {
	// Format is one of Formats; "": by the extension of the file's name.
	Format string
	// NoHeader, Delimiter and Null are for CSV only; see csvio.Options. Delimiter 0 is a tab for .tsv and .tab, else a comma.
	NoHeader  bool
	Delimiter rune
	Null      string
}

// resolve fills in what the file's name tells and checks that the options belong to the format.
func (f Form) resolve(path string) (Form, error) {
	known, ok := extensions[strings.ToLower(filepath.Ext(path))]
	switch {
	case f.Format == "" && !ok:
		return f, fmt.Errorf("file %s: the format cannot be told from the name; name one of %s", path, strings.Join(Formats(), ", "))
	case f.Format == "":
		f.Format = known.format
	case f.Format != CSV && f.Format != Parquet:
		return f, fmt.Errorf("format %q: expected one of %s", f.Format, strings.Join(Formats(), ", "))
	}
	if f.Format == Parquet && (f.NoHeader || f.Delimiter != 0 || f.Null != "") {
		return f, fmt.Errorf("file %s: header, delimiter and null text are options of CSV, the format is Parquet", path)
	}
	if f.Format == CSV && f.Delimiter == 0 && ok {
		f.Delimiter = known.delimiter
	}
	return f, nil
}

func (f Form) csv(types table.Schema) csvio.Options {
	return csvio.Options{NoHeader: f.NoHeader, Delimiter: f.Delimiter, Null: f.Null, Types: types}
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
