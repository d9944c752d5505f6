package pipelines

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/features"
)

// A variable is a dependent or independent variable of a packed table.
type variable struct {
	label  string // as the summary records it: what the user typed
	column string // the column that holds it; column + "_shape" holds its shape
	// kind is the type the values had in the unpacked table, as the summary records it; dependent variables only.
	kind string
	// classes is the column of class values of the summary, one row; nil: the table was packed from one-hot arrays.
	// Dependent variables only.
	classes *table.Vector
	// numeric: the labels are numbers and not classes. Dependent variables only.
	numeric bool
	// made is how the variable is made from columns; nil: it is a column of arrays. Independent variables only.
	made *features.Variable
}

// classColumn is the name of the summary's column of class values.
func (v variable) classColumn() string { return v.column + classValuesSuffix }

// variables are what the summary of a packed table and that of a model say about the data.
type variables struct {
	dependents, independents []variable
	weight                   *variable // of rows; nil: they have none
	normalize                float32
}

// summaryColumns are those that both summaries have.
var summaryColumns = []string{"normalizing_const", "dependent_vartype", "dependent_varname", "independent_varname"}

// readVariables reads them from the summary of a packed table or a model: its first row.
func readVariables(b *table.Batch, name table.Name) (variables, error) {
	var vs variables
	if _, err := selectColumns(table.Info{Name: name, Schema: b.Schema}, summaryColumns); err != nil {
		return vs, err
	}
	fail := func(err error) (variables, error) {
		return variables{}, &table.TableError{Table: name, Err: err}
	}
	normalize, err := b.Col("normalizing_const").Real(0)
	if err == nil {
		vs.normalize, err = normalizingConst(normalize)
	}
	if err != nil {
		return variables{}, ofColumn(name, "normalizing_const", err)
	}
	kinds, err := b.Col("dependent_vartype").Texts(0)
	if err != nil {
		return variables{}, ofColumn(name, "dependent_vartype", err)
	}
	for column, to := range map[string]*[]variable{"dependent_varname": &vs.dependents, "independent_varname": &vs.independents} {
		labels, err := b.Col(column).Texts(0)
		if err != nil {
			return variables{}, ofColumn(name, column, err)
		}
		if len(labels) == 0 {
			return fail(fmt.Errorf("column %q names no variable", column))
		}
		for _, label := range labels {
			*to = append(*to, variable{label: label, column: columnOf(label)})
		}
	}
	if len(kinds) != len(vs.dependents) {
		return fail(fmt.Errorf("column \"dependent_vartype\" has %d entries for %s", len(kinds), count(len(vs.dependents), "dependent variable")))
	}
	if err := vs.readLabelTypes(b, name); err != nil {
		return variables{}, err
	}
	if err := vs.readFeatureColumns(b, name); err != nil {
		return variables{}, err
	}
	if c := b.Col(weightColumn); c != nil && !c.IsNull(0) {
		label, err := c.Text(0)
		if err != nil {
			return variables{}, ofColumn(name, weightColumn, err)
		}
		vs.weight = &variable{label: label, column: columnOf(label)}
	}
	for i := range vs.dependents {
		v := &vs.dependents[i]
		v.kind = kinds[i]
		classes := b.Col(v.classColumn())
		if classes == nil {
			classes = b.Col(v.label + classValuesSuffix)
		}
		if classes == nil || classes.IsNull(0) {
			continue
		}
		if !classes.Type.Array {
			return variables{}, ofColumn(name, v.classColumn(), &table.TypeError{Type: classes.Type, Want: "an array"})
		}
		v.classes = classes
	}
	return vs, nil
}

// ofColumn is an error of reading the first row of a column of a summary.
func ofColumn(name table.Name, column string, err error) error {
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
func (vs *variables) readLabelTypes(b *table.Batch, name table.Name) error {
	if b.Col(labelTypeColumn) == nil {
		return nil
	}
	types, err := b.Col(labelTypeColumn).Texts(0)
	if err != nil {
		return ofColumn(name, labelTypeColumn, err)
	}
	numeric := make([]bool, len(vs.dependents))
	if err := readLabelTypes(types, numeric, "dependent variable"); err != nil {
		return &table.ValueError{Table: name, Column: labelTypeColumn, Row: 1, Err: err}
	}
	for i := range numeric {
		vs.dependents[i].numeric = numeric[i]
	}
	return nil
}

// numeric tells of each dependent variable whether its labels are numbers.
func (vs variables) numeric() []bool {
	out := make([]bool, len(vs.dependents))
	for i, v := range vs.dependents {
		out[i] = v.numeric
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
func (v *variable) resolve(s table.Schema) {
	if s.Index(v.column) < 0 && s.Index(v.label) >= 0 {
		v.column = v.label
	}
}

// classTexts are the class values as PostgreSQL prints them; nil for a NULL class and for padding. No classes: nil.
func (v variable) classTexts() []*string {
	if v.classes == nil {
		return nil
	}
	from, to := v.classes.Offsets[0], v.classes.Offsets[1]
	texts := make([]*string, 0, to-from)
	for j := from; j < to; j++ {
		if v.classes.ElemNull != nil && v.classes.ElemNull[j] {
			texts = append(texts, nil)
			continue
		}
		text := v.classes.ElemText(j)
		texts = append(texts, &text)
	}
	return texts
}

// compare says how the data of two packed tables were prepared differently where that may be meant, for a warning; what and other name
// the tables.
func (vs variables) compare(what string, with variables, other string) []string {
	var out []string
	if vs.normalize != with.normalize {
		out = append(out, fmt.Sprintf("%s was packed with normalizing constant %s, %s with %s",
			what, table.FloatText(float64(vs.normalize), 32), other, table.FloatText(float64(with.normalize), 32)))
	}
	if (vs.weight == nil) != (with.weight == nil) {
		weighted := func(w *variable) string {
			if w == nil {
				return "none"
			}
			return table.Quote(w.column)
		}
		out = append(out, fmt.Sprintf("the weights of rows in %s are %s, those in %s are %s", what, weighted(vs.weight), other, weighted(with.weight)))
	}
	for i := range min(len(vs.dependents), len(with.dependents)) {
		a, b := vs.dependents[i], with.dependents[i]
		known := [2]string{"known", "known"}
		for k, v := range []variable{a, b} {
			if v.classTexts() == nil {
				known[k] = "not known"
			}
		}
		switch {
		case a.numeric != b.numeric:
			types := labelTypes([]bool{a.numeric, b.numeric})
			out = append(out, fmt.Sprintf("the labels of %s in %s are of type %s, those of %s in %s of type %s",
				table.Quote(a.column), what, types[0], table.Quote(b.column), other, types[1]))
		case known[0] != known[1]:
			out = append(out, fmt.Sprintf("the classes of %s in %s are %s, those of %s in %s are %s",
				table.Quote(a.column), what, known[0], table.Quote(b.column), other, known[1]))
		}
	}
	return out
}

// checkClasses reports labels whose classes are others, or in another order, than those of the table that a model is trained on: what
// the model calls its first class would be compared with another one.
func (vs variables) checkClasses(what string, with variables, other string) error {
	for i := range min(len(vs.dependents), len(with.dependents)) {
		a, b := vs.dependents[i].classTexts(), with.dependents[i].classTexts()
		if a == nil || b == nil || slices.EqualFunc(a, b, sameText) {
			continue
		}
		at := 0
		for at < len(a) && at < len(b) && sameText(a[at], b[at]) {
			at++
		}
		return fmt.Errorf("the labels of %s in %s have %s, number %d of which is %s; those of %s in %s have %s, number %d is %s; "+
			"preprocess --like TABLE packs it with those of %s", table.Quote(with.dependents[i].column), other, count(len(b), "class"), at+1, classText(b, at),
			table.Quote(vs.dependents[i].column), what, count(len(a), "class"), at+1, classText(a, at), what)
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

// summarySuffix makes the name of a table's summary.
const summarySuffix = "_summary"

// readSummary reads a summary table, whose first row counts.
func readSummary(ctx context.Context, store table.Store, what string, of table.Name) (*table.Batch, variables, error) {
	name := of.WithSuffix(summarySuffix)
	snap, err := openTable(ctx, store, what+" summary", name)
	if err != nil {
		return nil, variables{}, err
	}
	defer snap.Close()
	b, err := readAll(ctx, store, snap, nil)
	if err != nil {
		return nil, variables{}, err
	}
	vs, err := readVariables(b, name)
	return b, vs, err
}
