package table

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Name is a table's name. The parts are exact: already folded or unquoted. Schema is "" for the store's default.
type Name struct{ Schema, Table string }

// ParseName reads a name as SQL does: [schema.]table, parts in double quotes are exact ("" is one quote), other parts fold
// to lower case (A to Z only, as PostgreSQL folds UTF-8) and do not begin with a digit; blanks around parts are dropped.
func ParseName(text string) (Name, error) {
	parts, err := split(text, '.')
	if err != nil {
		return Name{}, fmt.Errorf("table name %q: %w", text, err)
	}
	if len(parts) > 2 {
		return Name{}, fmt.Errorf("table name %q: expected table or schema.table, found %d parts", text, len(parts))
	}
	for i, p := range parts {
		if parts[i], err = fold(p); err != nil {
			return Name{}, fmt.Errorf("table name %q: %w", text, err)
		}
	}
	if len(parts) == 1 {
		return Name{Table: parts[0]}, nil
	}
	return Name{Schema: parts[0], Table: parts[1]}, nil
}

// ParseColumn reads a column with its table, [schema.]table.column, by the rules of ParseName.
func ParseColumn(text string) (Name, string, error) {
	parts, err := split(text, '.')
	if err == nil && (len(parts) < 2 || len(parts) > 3) {
		err = fmt.Errorf("expected table.column or schema.table.column, found %d parts", len(parts))
	}
	for i := range parts {
		if err == nil {
			parts[i], err = fold(parts[i])
		}
	}
	if err != nil {
		return Name{}, "", fmt.Errorf("column %q: %w", text, err)
	}
	last := len(parts) - 1
	name := Name{Table: parts[last-1]}
	if last == 2 {
		name.Schema = parts[0]
	}
	return name, parts[last], nil
}

// ParseColumns reads a list of column names separated by commas, with SQL's rules for quotes and case.
func ParseColumns(text string) ([]string, error) {
	parts, err := split(text, ',')
	if err != nil {
		return nil, fmt.Errorf("column list %q: %w", text, err)
	}
	seen := map[string]bool{}
	for i, p := range parts {
		if parts[i], err = fold(p); err != nil {
			return nil, fmt.Errorf("column list %q: %w", text, err)
		}
		if seen[parts[i]] {
			return nil, fmt.Errorf("column list %q: column %q is named twice", text, parts[i])
		}
		seen[parts[i]] = true
	}
	return parts, nil
}

// SplitColumns cuts a list as ParseColumns does and returns the parts as they are written, without the blanks around them.
func SplitColumns(text string) ([]string, error) {
	parts, err := split(text, ',')
	if err != nil {
		return nil, fmt.Errorf("column list %q: %w", text, err)
	}
	return parts, nil
}

// ErrTwice: a table is named twice where each is to be named once.
var ErrTwice = errors.New("is named twice")

// Check reports a name that no table can have in any store.
func (n Name) Check() error {
	if n.Table == "" {
		return errors.New("the name is empty")
	}
	for _, part := range []string{n.Schema, n.Table} {
		if err := checkText(part); err != nil {
			return fmt.Errorf("the name %q %w", part, err)
		}
	}
	return nil
}

// CheckNames is Check for the tables of one call, none of which may be named twice.
func CheckNames(names []Name) error {
	for i, n := range names {
		err := n.Check()
		if err == nil && slices.Contains(names[:i], n) {
			err = ErrTwice
		}
		if err != nil {
			return &TableError{Table: n, Err: err}
		}
	}
	return nil
}

var (
	errZeroByte = errors.New("holds a zero byte")
	errNotUTF8  = errors.New("is not valid UTF-8")
)

// checkText reports what no name can hold: PostgreSQL cannot store it, and a folder's catalogue would change it.
func checkText(part string) error {
	switch {
	case strings.ContainsRune(part, 0):
		return errZeroByte
	case !utf8.ValidString(part):
		return errNotUTF8
	}
	return nil
}

// WithSuffix is the name of a companion table: iris_model and "_summary" give iris_model_summary.
func (n Name) WithSuffix(suffix string) Name { return Name{n.Schema, n.Table + suffix} }

// String writes the name so that ParseName reads it back: quoted only where needed.
func (n Name) String() string {
	if n.Schema == "" {
		return Quote(n.Table)
	}
	return Quote(n.Schema) + "." + Quote(n.Table)
}

// Quote writes an identifier as SQL text: as it is when it is a plain lower-case name, else in double quotes.
func Quote(ident string) string {
	plain := ident != "" && ident != "null"
	for i, r := range ident {
		if (r < 'a' || r > 'z') && r != '_' && (i == 0 || r < '0' || r > '9') {
			plain = false
		}
	}
	if plain {
		return ident
	}
	return `"` + strings.ReplaceAll(ident, `"`, `""`) + `"`
}

// QuoteAll writes a column list.
func QuoteAll(idents []string) string {
	out := make([]string, len(idents))
	for i, s := range idents {
		out[i] = Quote(s)
	}
	return strings.Join(out, ", ")
}

// split cuts text at sep outside double quotes and trims the parts.
func split(text string, sep byte) ([]string, error) {
	var parts []string
	quoted, start := false, 0
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == sep && !quoted:
			parts = append(parts, strings.TrimSpace(text[start:i]))
			start = i + 1
		}
	}
	if quoted {
		return nil, fmt.Errorf("a double quote is not closed")
	}
	return append(parts, strings.TrimSpace(text[start:])), nil
}

// fold turns one written identifier into its exact form.
func fold(part string) (string, error) {
	if err := checkText(part); err != nil {
		return "", fmt.Errorf("part %q %w", part, err)
	}
	switch {
	case part == "":
		return "", fmt.Errorf("a part is empty")
	case part[0] == '"':
		if len(part) < 3 || part[len(part)-1] != '"' {
			return "", fmt.Errorf("part %s: the closing quote must be the last character and the name not empty", part)
		}
		inner := part[1 : len(part)-1]
		if strings.Contains(strings.ReplaceAll(inner, `""`, ""), `"`) {
			return "", fmt.Errorf("part %s: a quote inside a quoted name must be doubled", part)
		}
		return strings.ReplaceAll(inner, `""`, `"`), nil
	case strings.Contains(part, `"`):
		return "", fmt.Errorf("part %s: a double quote inside an unquoted name", part)
	case part[0] >= '0' && part[0] <= '9':
		return "", fmt.Errorf("part %s: a name cannot begin with a digit; write \"%s\" in double quotes to mean it", part, part)
	case strings.EqualFold(part, "null"):
		return "", fmt.Errorf("NULL is not a name; write \"null\" in double quotes to mean it")
	}
	lower := []byte(part)
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower), nil
}
