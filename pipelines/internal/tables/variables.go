package tables

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/features"
)

// A Variable is a dependent or independent variable of a packed table.
type Variable struct {
	label  string // as the summary records it: what the user typed
	Column string // the column that holds it; column + "_shape" holds its shape
	// Kind is the type the values had in the unpacked table, as the summary records it; dependent variables only.
	Kind string
	// Classes is the column of class values of the summary, one row; nil: the table was packed from one-hot arrays.
	// Dependent variables only.
	Classes *table.Vector
	// Numeric: the labels are numbers and not classes. Dependent variables only.
	Numeric bool
	// Made is how the variable is made from columns; nil: it is a column of arrays. Independent variables only.
	Made *features.Variable
}

// Steps says whether a dependent variable has a class for every element of arrays.
func (v Variable) Steps() bool {
	t := table.ParseType(v.Kind)
	return v.Classes != nil && !v.Numeric && t.Array && !t.IsNumber()
}

// ClassColumn is the name of the summary's column of class values.
func (v Variable) ClassColumn() string { return v.Column + classValuesSuffix }

// Variables are what the summary of a packed table and that of a model say about the data.
type Variables struct {
	Dependents, Independents []Variable
	Weight                   *Variable // of rows; nil: they have none
	Normalize                float32
}

// summaryColumns are those that both summaries have.
var summaryColumns = []string{"normalizing_const", "dependent_vartype", "dependent_varname", "independent_varname"}

// ReadVariables reads them from the summary of a packed table or a model: its first row.
func ReadVariables(b *table.Batch, name table.Name) (Variables, error) {
	var vs Variables
	if _, err := Select(table.Info{Name: name, Schema: b.Schema}, summaryColumns); err != nil {
		return vs, err
	}
	fail := func(err error) (Variables, error) {
		return Variables{}, &table.TableError{Table: name, Err: err}
	}
	normalize, err := b.Col("normalizing_const").Real(0)
	if err == nil {
		vs.Normalize, err = normalizingConst(normalize)
	}
	if err != nil {
		return Variables{}, OfColumn(name, "normalizing_const", err)
	}
	kinds, err := b.Col("dependent_vartype").Texts(0)
	if err != nil {
		return Variables{}, OfColumn(name, "dependent_vartype", err)
	}
	for column, to := range map[string]*[]Variable{"dependent_varname": &vs.Dependents, "independent_varname": &vs.Independents} {
		labels, err := b.Col(column).Texts(0)
		if err != nil {
			return Variables{}, OfColumn(name, column, err)
		}
		if len(labels) == 0 {
			return fail(fmt.Errorf("column %q names no variable", column))
		}
		for _, label := range labels {
			*to = append(*to, Variable{label: label, Column: columnOf(label)})
		}
	}
	if len(kinds) != len(vs.Dependents) {
		return fail(fmt.Errorf("column \"dependent_vartype\" has %d entries for %s", len(kinds), Count(len(vs.Dependents), "dependent variable")))
	}
	if err := vs.readLabelTypes(b, name); err != nil {
		return Variables{}, err
	}
	if err := vs.readFeatureColumns(b, name); err != nil {
		return Variables{}, err
	}
	if c := b.Col(weightColumn); c != nil && !c.IsNull(0) {
		label, err := c.Text(0)
		if err != nil {
			return Variables{}, OfColumn(name, weightColumn, err)
		}
		vs.Weight = &Variable{label: label, Column: columnOf(label)}
	}
	for i := range vs.Dependents {
		v := &vs.Dependents[i]
		v.Kind = kinds[i]
		classes := b.Col(v.ClassColumn())
		if classes == nil {
			classes = b.Col(v.label + classValuesSuffix)
		}
		if classes == nil || classes.IsNull(0) {
			continue
		}
		if !classes.Type.Array {
			return Variables{}, OfColumn(name, v.ClassColumn(), &table.TypeError{Type: classes.Type, Want: "an array"})
		}
		v.Classes = classes
	}
	return vs, nil
}

// OfColumn is an error of reading the first row of a column of a summary.
func OfColumn(name table.Name, column string, err error) error {
	e := &table.ValueError{Table: name, Column: column, Row: 1, Err: err}
	if wrong := (*table.TypeError)(nil); errors.As(err, &wrong) {
		e.Row = 0
		if wrong.Want == "text[]" {
			e.Err = fmt.Errorf("%w; tables packed by old versions of MADlib must be packed again", err)
		}
	}
	return e
}

// readLabelTypes reads the column label_type, which only tables with numeric labels have.
func (vs *Variables) readLabelTypes(b *table.Batch, name table.Name) error {
	if b.Col(labelTypeColumn) == nil {
		return nil
	}
	types, err := b.Col(labelTypeColumn).Texts(0)
	if err != nil {
		return OfColumn(name, labelTypeColumn, err)
	}
	numeric := make([]bool, len(vs.Dependents))
	if err := ReadLabelTypes(types, numeric, "dependent variable"); err != nil {
		return &table.ValueError{Table: name, Column: labelTypeColumn, Row: 1, Err: err}
	}
	for i := range numeric {
		vs.Dependents[i].Numeric = numeric[i]
	}
	return nil
}

// numeric tells of each dependent variable whether its labels are numbers.
func (vs Variables) numeric() []bool {
	out := make([]bool, len(vs.Dependents))
	for i, v := range vs.Dependents {
		out[i] = v.Numeric
	}
	return out
}

// columnOf is the column that a recorded name means: the text is read as SQL does, or is itself the name where it cannot be.
func columnOf(label string) string {
	if cols, err := table.ParseColumns(label); err == nil && len(cols) == 1 {
		return cols[0]
	}
	return label
}

// resolve makes a variable's column one that the table has: the recorded name as SQL reads it, or the very text of it.
func (v *Variable) resolve(s table.Schema) {
	if s.Index(v.Column) < 0 && s.Index(v.label) >= 0 {
		v.Column = v.label
	}
}

// ClassTexts are the class values as PostgreSQL prints them; nil for a NULL class and for padding. No classes: nil.
func (v Variable) ClassTexts() []*string {
	if v.Classes == nil {
		return nil
	}
	from, to := v.Classes.Offsets[0], v.Classes.Offsets[1]
	texts := make([]*string, 0, to-from)
	for j := from; j < to; j++ {
		if v.Classes.ElemNull != nil && v.Classes.ElemNull[j] {
			texts = append(texts, nil)
			continue
		}
		text := v.Classes.ElemText(j)
		texts = append(texts, &text)
	}
	return texts
}

// Compare says how the data of two packed tables were prepared differently where that may be meant, for a warning; what and other name
// the tables.
func (vs Variables) Compare(what string, with Variables, other string) []string {
	var out []string
	if vs.Normalize != with.Normalize {
		out = append(out, fmt.Sprintf("%s was packed with normalizing constant %s, %s with %s",
			what, table.FloatText(float64(vs.Normalize), 32), other, table.FloatText(float64(with.Normalize), 32)))
	}
	if (vs.Weight == nil) != (with.Weight == nil) {
		weighted := func(w *Variable) string {
			if w == nil {
				return "none"
			}
			return table.Quote(w.Column)
		}
		out = append(out, fmt.Sprintf("the weights of rows in %s are %s, those in %s are %s", what, weighted(vs.Weight), other, weighted(with.Weight)))
	}
	for i := range min(len(vs.Dependents), len(with.Dependents)) {
		a, b := vs.Dependents[i], with.Dependents[i]
		known := [2]string{"known", "known"}
		for k, v := range []Variable{a, b} {
			if v.ClassTexts() == nil {
				known[k] = "not known"
			}
		}
		switch {
		case a.Numeric != b.Numeric:
			types := labelTypes([]bool{a.Numeric, b.Numeric})
			out = append(out, fmt.Sprintf("the labels of %s in %s are of type %s, those of %s in %s of type %s",
				table.Quote(a.Column), what, types[0], table.Quote(b.Column), other, types[1]))
		case known[0] != known[1]:
			out = append(out, fmt.Sprintf("the classes of %s in %s are %s, those of %s in %s are %s",
				table.Quote(a.Column), what, known[0], table.Quote(b.Column), other, known[1]))
		}
	}
	return out
}

// checkClasses reports labels whose classes are others, or in another order, than those of the table that a model is trained on: what
// the model calls its first class would be compared with another one.
func (vs Variables) checkClasses(what string, with Variables, other string) error {
	for i := range min(len(vs.Dependents), len(with.Dependents)) {
		a, b := vs.Dependents[i].ClassTexts(), with.Dependents[i].ClassTexts()
		if a == nil || b == nil || slices.EqualFunc(a, b, sameText) {
			continue
		}
		at := 0
		for at < len(a) && at < len(b) && sameText(a[at], b[at]) {
			at++
		}
		return fmt.Errorf("the labels of %s in %s have %s, number %d of which is %s; those of %s in %s have %s, number %d is %s; "+
			"preprocess --like TABLE packs it with those of %s", table.Quote(with.Dependents[i].Column), other, Count(len(b), "class"), at+1, classText(b, at),
			table.Quote(vs.Dependents[i].Column), what, Count(len(a), "class"), at+1, classText(a, at), what)
	}
	return nil
}

func sameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// classText is class number i, for an error.
func classText(classes []*string, i int) string {
	switch {
	case i >= len(classes):
		return "missing"
	case classes[i] == nil:
		return "NULL"
	}
	return table.Clip(*classes[i])
}

// SummarySuffix makes the name of a table's summary.
const SummarySuffix = "_summary"

// ReadSummary reads a summary table, whose first row counts.
func ReadSummary(ctx context.Context, store table.Store, what string, of table.Name) (*table.Batch, Variables, error) {
	name := of.WithSuffix(SummarySuffix)
	snap, err := Open(ctx, store, what+" summary", name)
	if err != nil {
		return nil, Variables{}, err
	}
	defer snap.Close()
	b, err := ReadAll(ctx, store, snap, nil)
	if err != nil {
		return nil, Variables{}, err
	}
	vs, err := ReadVariables(b, name)
	return b, vs, err
}
