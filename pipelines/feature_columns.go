package pipelines

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/pack"
)

// featureColumns is the column that the summaries of packed tables and models have beside MADlib's where independent variables are made
// from columns: how each is made (features.Format).
const featureColumns = "feature_columns"

// readFeatureColumns reads the column, which only tables with such variables have.
func (vs *variables) readFeatureColumns(b *table.Batch, name table.Name) error {
	v := b.Col(featureColumns)
	if v == nil {
		return nil
	}
	text, err := v.Text(0)
	if err != nil {
		return ofColumn(name, featureColumns, err)
	}
	made, err := features.Parse(text)
	if err == nil && len(made) != len(vs.independents) {
		err = fmt.Errorf("%s for %s", count(len(made), "description"), count(len(vs.independents), "independent variable"))
	}
	if err != nil {
		return ofColumn(name, featureColumns, err)
	}
	for i := range made {
		vs.independents[i].made = made[i]
	}
	return nil
}

// featureDocument is the value of the column; ok is false where no variable is made from columns.
func featureDocument(made []*features.Variable) (text string, ok bool, err error) {
	if !slices.ContainsFunc(made, func(v *features.Variable) bool { return v != nil }) {
		return "", false, nil
	}
	text, err = features.Format(made)
	return text, true, err
}

// made are the variables that are made from columns, nil for those that are columns of arrays.
func (vs variables) made() []*features.Variable {
	out := make([]*features.Variable, len(vs.independents))
	for i, v := range vs.independents {
		out[i] = v.made
	}
	return out
}

// isMade tells whether an independent variable is made from columns.
func (vs variables) isMade() bool {
	return slices.ContainsFunc(vs.independents, func(v variable) bool { return v.made != nil })
}

// compareFeatures refuses tables whose independent variables were made from columns in different ways: the same numbers would mean other
// things. what and other name the tables.
func (vs variables) compareFeatures(what string, with variables, other string) error {
	for i := range min(len(vs.independents), len(with.independents)) {
		a, b := vs.independents[i].made, with.independents[i].made
		if a == nil && b == nil || a != nil && b != nil && a.Equal(b) {
			continue
		}
		return fmt.Errorf("the feature columns of %s in %s and in %s were made in different ways; pack one like the other: preprocess --like",
			table.Quote(vs.independents[i].column), what, other)
	}
	return nil
}

// independentsLike are the independent variables of a table whose rows are made like the training rows; text is what was typed, "" for
// the columns of the training rows. what names the training table or the model.
func (vs variables) independentsLike(text string, info table.Info, what string) ([]features.Input, error) {
	inputs, err := vs.inputsLike(text, info, what)
	if err != nil {
		return nil, err
	}
	for _, in := range inputs {
		if in.Variable == nil {
			continue
		}
		if err := in.Variable.Match(info.Schema); err != nil {
			return nil, ofTable(info.Name, err)
		}
	}
	return inputs, nil
}

func (vs variables) inputsLike(text string, info table.Info, what string) ([]features.Input, error) {
	inputs := make([]features.Input, len(vs.independents))
	if text != "" {
		list, err := features.ParseList(text)
		if err != nil {
			return nil, argumentErrorf("independent variables: %w", err)
		}
		if inputs, err = list.Resolve(info.Schema, nil); err != nil {
			return nil, ofTable(info.Name, err)
		}
		if !vs.sameTerms(inputs) {
			return nil, fmt.Errorf("%s are not the independent variables of %s, which are made from columns; left out they are the same: %s", text, what, vs.listed())
		}
	}
	for i, v := range vs.independents {
		switch {
		case v.made != nil:
			inputs[i] = features.Input{Label: v.label, Variable: v.made}
		case text == "":
			schema, err := selectColumns(info, []string{v.column})
			if err != nil {
				return nil, err
			}
			inputs[i] = features.Input{Label: v.label, Array: schema[0]}
		}
	}
	return inputs, nil
}

// sameTerms tells whether a list means the independent variables; columns of arrays may have other names.
func (vs variables) sameTerms(inputs []features.Input) bool {
	return slices.EqualFunc(vs.independents, inputs, func(v variable, in features.Input) bool {
		return (v.made == nil) == (in.Variable == nil) && (v.made == nil || v.made.SameTerms(in.Variable))
	})
}

// listed are the independent variables as a list has them.
func (vs variables) listed() string {
	texts := make([]string, len(vs.independents))
	for i, v := range vs.independents {
		if texts[i] = v.label; v.made != nil {
			texts[i] = v.made.String()
		}
	}
	return strings.Join(texts, ", ")
}

// ofTable is an error about the columns of a table.
func ofTable(name table.Name, err error) error {
	if missing := (*table.ColumnError)(nil); errors.As(err, &missing) {
		missing.Table = name
		return err
	}
	return &table.TableError{Table: name, Err: err}
}

// scaleOf is what features are multiplied by where their table has that normalizing constant.
func scaleOf(normalize float32) float32 {
	if c := unscaled(normalize); c != 1 {
		return pack.Scale(c)
	}
	return 1
}

// featureArrays describe the variables that are made from columns.
func featureArrays(independents []packedColumn) []FeatureArray {
	var out []FeatureArray
	for _, in := range independents {
		if in.made == nil {
			continue
		}
		f := FeatureArray{Name: in.made.Name, Width: in.made.Width()}
		for i := range in.made.Columns {
			c := &in.made.Columns[i]
			f.Columns = append(f.Columns, FeatureColumn{Term: c.String(), Width: c.Width(), Numbers: c.Numbers()})
		}
		out = append(out, f)
	}
	return out
}
