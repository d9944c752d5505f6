package classes

import (
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/sqlkey"
)

// A Set are distinct values of a column, by key.
type Set map[string]Class

// Add adds row i of v, or element i of an array column, whose number in the table is row. key is memory that may be used, and is returned for the next call.
func (s Set) Add(v *table.Vector, i int, row int64, key []byte) []byte {
	key = sqlkey.Append(key[:0], v, i)
	known, ok := s[string(key)]
	if ok && !rewritten(v, i, known) {
		return key
	}
	c := At(v, i)
	c.Row, c.Text = row, strings.Clone(c.Text)
	if ok {
		c = c.merge(known)
	}
	s[string(key)] = c
	return key
}

// Merge adds the values of t.
func (s Set) Merge(t Set) {
	for key, c := range t {
		if known, ok := s[key]; ok {
			c = c.merge(known)
		}
		s[key] = c
	}
}

// Sorted are the values of a column of type t in the order of classes.
func (s Set) Sorted(t table.Type) List {
	out := make(List, 0, len(s))
	for _, c := range s {
		out = append(out, c)
	}
	sortClasses(t, out)
	return out
}

// rewritten reports that row i of v is written differently than a value that equals it: 1.0 and 1.00, 0 and -0.
func rewritten(v *table.Vector, i int, known Class) bool {
	switch v.Type.Kind {
	case table.Numeric:
		return v.Strings[i] != known.Text
	case table.Float32:
		return v.Float32s[i] == 0 && !known.Null
	case table.Float64:
		return v.Float64s[i] == 0 && !known.Null
	}
	return false
}

// merge is the class of two equal values: the shorter text, and the first row.
func (c Class) merge(d Class) Class {
	if len(d.Text) < len(c.Text) || len(d.Text) == len(c.Text) && d.Text < c.Text {
		c.Text = d.Text
	}
	c.Row = min(c.Row, d.Row)
	return c
}

// AddNull adds a NULL of row number row.
func (s Set) AddNull(row int64) {
	c := Class{Null: true, Row: row}
	if known, ok := s[""]; ok {
		c = c.merge(known)
	}
	s[""] = c
}
