package classes

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/transforms/sqlkey"
)

// Max is the most distinct values of a dependent variable. One-hot labels of more would not be training data.
const Max = 1_000_000

// A Class is one distinct value of a dependent variable.
type Class struct {
	Null bool
	// Text is the value as PostgreSQL prints it in a session whose time zone is UTC, but for the blanks that fill up a character(n).
	Text string
	// Key is that of package sqlkey: equal for values that SQL calls equal.
	Key []byte
	// Row is the first row that has the value, counted from 0; -1 where not known.
	Row int64
}

func (c Class) String() string {
	if c.Null {
		return "NULL"
	}
	return fmt.Sprintf("%q", c.Text)
}

// At is element j of v: a row of a scalar column, or an element of an array column.
func At(v *table.Vector, j int) Class {
	if !v.Type.Array && v.IsNull(j) || v.ElemNull != nil && v.ElemNull[j] {
		return Class{Null: true, Key: sqlkey.Append(nil, v, j), Row: -1}
	}
	return Class{Text: sqlkey.Text(v, j), Key: sqlkey.Append(nil, v, j), Row: -1}
}

// A List is the classes of a variable, in the order of their indexes.
type List []Class

// sortClasses puts distinct values of a column in MADlib's order: NULL first, then false before true, numbers by value
// with NaN last, text by the code points of its SQL literal, other types by the code points of their text.
func sortClasses(t table.Type, cs List) {
	sortKey := map[string]*big.Float{}
	if t.IsNumber() {
		for _, c := range cs {
			if x, _, err := big.ParseFloat(strings.TrimSuffix(c.Text, "inity"), 10, 2048, big.ToNearestEven); err == nil {
				sortKey[string(c.Key)] = x
			}
		}
	}
	slices.SortFunc(cs, func(a, b Class) int {
		if a.Null || b.Null {
			return boolCompare(b.Null, a.Null)
		}
		x, y := sortKey[string(a.Key)], sortKey[string(b.Key)]
		switch {
		case x != nil && y != nil:
			return cmp.Or(x.Cmp(y), bytes.Compare(a.Key, b.Key))
		case t.IsNumber(): // NaN is no big.Float
			return boolCompare(x == nil, y == nil)
		case t.Kind == table.Text:
			return strings.Compare(literal(a.Text), literal(b.Text))
		}
		return bytes.Compare(a.Key, b.Key)
	})
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// literal is text as PostgreSQL's quote_literal writes it. MADlib sorts by that, so that "New York" comes before "New", and
// text with a backslash, whose literal begins with E, comes last.
func literal(s string) string {
	s = "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		s = "E" + strings.ReplaceAll(s, `\`, `\\`)
	}
	return s
}

// Keys are the keys in order.
func (cs List) Keys() [][]byte {
	out := make([][]byte, len(cs))
	for i, c := range cs {
		out[i] = c.Key
	}
	return out
}

// ValuesType is the type of the array that keeps the class values of a column of type t: an array of t, but of text where
// that would cut values off: character[] is an array of single characters.
func ValuesType(t table.Type) table.Type {
	if sqlkey.Padded(t) {
		t = table.TextType
	}
	return t.ArrayOf()
}

// Values is the array of class values as Vector.AppendTextArray takes it, followed by that many NULLs.
func (cs List) Values(padding int) table.TextArray {
	a := table.TextArray{Shape: []int{len(cs) + padding}}
	for _, c := range cs {
		a.Elems = append(a.Elems, c.Text)
		a.Null = append(a.Null, c.Null)
	}
	for range padding {
		a.Elems = append(a.Elems, "")
		a.Null = append(a.Null, true)
	}
	return a
}

// Read is the classes in row i of a column of class values, without the NULLs that pad them: what follows a NULL
// that is not the first element. slots counts classes and padding.
func Read(v *table.Vector, i int) (cs List, slots int, err error) {
	if v.IsNull(i) {
		return nil, 0, &table.NullError{}
	}
	first, last := v.Offsets[i], v.Offsets[i+1]
	if first == last {
		return nil, 0, errors.New("the array is empty")
	}
	for j := first; j < last; j++ {
		c := At(v, j)
		if c.Null && j > first {
			break
		}
		cs = append(cs, c)
	}
	seen := make(map[string]bool, len(cs))
	for _, c := range cs {
		if seen[string(c.Key)] {
			return nil, 0, fmt.Errorf("class %v appears twice", c)
		}
		seen[string(c.Key)] = true
	}
	return cs, last - first, nil
}

// Comparable reports whether values of two column types can be equal: both are numbers, or of one kind. Of types that are held as text, a date
// and a uuid say, none can be compared with another: their texts are never equal.
func Comparable(a, b table.Type) bool {
	if a.Kind == table.Other && b.Kind == table.Other {
		return bareName(a) == bareName(b)
	}
	return a.Kind == b.Kind || a.IsNumber() && b.IsNumber()
}

// bareName is the name of a type without its schema, which is part of what pg_typeof prints or not by the user's search path.
func bareName(t table.Type) string {
	name := strings.TrimSuffix(t.SQL, "[]")
	name = name[strings.LastIndex(name, ".")+1:]
	if strings.HasSuffix(name, `"`) {
		return name
	}
	return strings.ToLower(name)
}

// An UnknownError is a value that is none of the classes, or categories.
type UnknownError struct {
	Class      Class
	Known      List
	Categories bool // of a feature; else the classes of a label
}

func (e *UnknownError) Error() string {
	known := make([]string, len(e.Known))
	for i, c := range e.Known {
		known[i] = c.String()
	}
	what := "classes"
	if e.Categories {
		what = "categories"
	}
	return fmt.Sprintf("%v is none of the %s of the training data (%s)", e.Class, what, nearest.Known(e.Class.String(), known))
}

// Unknown is the error for the first of the values found, by row, that is not among the classes; nil where all are.
func (cs List) Unknown(found List) (row int64, err error) {
	known := make(map[string]bool, len(cs))
	for _, c := range cs {
		known[string(c.Key)] = true
	}
	row = -1
	for _, c := range found {
		if !known[string(c.Key)] && (row < 0 || c.Row < row) {
			row, err = c.Row, &UnknownError{Class: c, Known: cs}
		}
	}
	return row, err
}

// Pointer is the text, nil for NULL.
func (c Class) Pointer() *string {
	if c.Null {
		return nil
	}
	return &c.Text
}

// Parse is the classes of a column of type t that are written so; nil is NULL, which only the first may be. None may come twice.
func Parse(t table.Type, texts []*string) (List, error) {
	a := table.TextArray{Shape: []int{len(texts)}}
	for i, text := range texts {
		if text == nil && i > 0 {
			return nil, fmt.Errorf("class %d is NULL; only the first can be", i+1)
		}
		a.Null = append(a.Null, text == nil)
		a.Elems = append(a.Elems, "")
		if text != nil {
			a.Elems[i] = *text
		}
	}
	v := table.Vector{Type: ValuesType(t)}
	if err := v.AppendTextArray(a); err != nil {
		return nil, err
	}
	list, _, err := Read(&v, 0)
	return list, err
}
