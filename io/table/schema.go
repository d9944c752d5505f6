package table

import "fmt"

// A Column is a named, typed column. Name is exact (already folded or unquoted).
type Column struct {
	Name string
	Type Type
}

// A Schema is the ordered list of a table's columns.
type Schema []Column

// Index is the position of the column of that exact name, or -1.
func (s Schema) Index(name string) int {
	for i, c := range s {
		if c.Name == name {
			return i
		}
	}
	return -1
}

// Names are the column names in order.
func (s Schema) Names() []string {
	out := make([]string, len(s))
	for i, c := range s {
		out[i] = c.Name
	}
	return out
}

// Select is the schema of the named columns, in the order asked for. A missing name is a *ColumnError without a table.
func (s Schema) Select(names []string) (Schema, error) {
	at, err := s.Places(names)
	if err != nil {
		return nil, err
	}
	out := make(Schema, len(names))
	for i, j := range at {
		out[i] = s[j]
	}
	return out, nil
}

// Places are the positions of the named columns. A missing name is a *ColumnError without a table.
func (s Schema) Places(names []string) ([]int, error) {
	at := make(map[string]int, len(s))
	for i, c := range s {
		at[c.Name] = i
	}
	out := make([]int, len(names))
	for i, n := range names {
		j, ok := at[n]
		if !ok {
			return nil, &ColumnError{Column: n, Columns: s.Names()}
		}
		out[i] = j
	}
	return out, nil
}

// Check reports a schema that no table can have: no column, an empty name, one that is no text, or a repeated one.
func (s Schema) Check() error {
	if len(s) == 0 {
		return fmt.Errorf("a table needs at least one column")
	}
	seen := make(map[string]bool, len(s))
	for _, c := range s {
		if c.Name == "" {
			return fmt.Errorf("a column has an empty name")
		}
		if err := checkText(c.Name); err != nil {
			return fmt.Errorf("the column name %q %w", c.Name, err)
		}
		if seen[c.Name] {
			return fmt.Errorf("column %q appears twice", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}
