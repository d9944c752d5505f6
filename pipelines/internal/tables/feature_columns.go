package tables

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/transforms/features"
)

// FeatureColumns is the column that the summaries of packed tables and models have beside MADlib's where independent variables are made
// from columns: how each is made (features.Format).
const FeatureColumns = "feature_columns"

// readFeatureColumns reads the column, which only tables with such variables have.
func (vs *Variables) readFeatureColumns(b *table.Batch, name table.Name) error {
	v := b.Col(FeatureColumns)
	if v == nil {
		return nil
	}
	text, err := v.Text(0)
	if err != nil {
		return OfColumn(name, FeatureColumns, err)
	}
	made, err := features.Parse(text)
	if err == nil && len(made) != len(vs.Independents) {
		err = fmt.Errorf("%s for %s", Count(len(made), "description"), Count(len(vs.Independents), "independent variable"))
	}
	if err != nil {
		return OfColumn(name, FeatureColumns, err)
	}
	for i := range made {
		vs.Independents[i].Made = made[i]
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

// Made are the variables that are made from columns, nil for those that are columns of arrays.
func (vs Variables) Made() []*features.Variable {
	out := make([]*features.Variable, len(vs.Independents))
	for i, v := range vs.Independents {
		out[i] = v.Made
	}
	return out
}

// IsMade tells whether an independent variable is made from columns.
func (vs Variables) IsMade() bool {
	return slices.ContainsFunc(vs.Independents, func(v Variable) bool { return v.Made != nil })
}

// CompareFeatures refuses tables whose independent variables were made from columns in different ways: the same numbers would mean other
// things. what and other name the tables.
func (vs Variables) CompareFeatures(what string, with Variables, other string) error {
	for i := range min(len(vs.Independents), len(with.Independents)) {
		a, b := vs.Independents[i].Made, with.Independents[i].Made
		if a == nil && b == nil || a != nil && b != nil && a.Equal(b) {
			continue
		}
		return fmt.Errorf("the feature columns of %s in %s and in %s were made in different ways; pack one like the other: preprocess --like",
			table.Quote(vs.Independents[i].Column), what, other)
	}
	return nil
}

// IndependentsLike are the independent variables of a table whose rows are made like the training rows; text is what was typed, "" for
// the columns of the training rows. what names the training table or the model. A star in the list leaves out the labels and the weight, as it
// did when the training rows were packed: those of their names, and others where they are called otherwise here.
func (vs Variables) IndependentsLike(text string, info table.Info, what string, others ...string) ([]features.Input, error) {
	inputs, err := vs.inputsLike(text, info, what, others)
	if err != nil {
		return nil, err
	}
	for _, in := range inputs {
		if in.Variable == nil {
			continue
		}
		if err := in.Variable.Match(info.Schema); err != nil {
			return nil, table.OfTable(info.Name, err)
		}
	}
	return inputs, nil
}

func (vs Variables) inputsLike(text string, info table.Info, what string, others []string) ([]features.Input, error) {
	inputs := make([]features.Input, len(vs.Independents))
	if text != "" {
		list, err := features.ParseList(text)
		if err != nil {
			return nil, argument.Errorf("independent variables: %w", err)
		}
		if inputs, err = vs.resolve(list, info.Schema, others); err != nil {
			return nil, table.OfTable(info.Name, err)
		}
		if inputs, err = vs.inOrder(inputs); err != nil {
			return nil, table.OfTable(info.Name, fmt.Errorf("%s: %w of %s; name them in the order of these", text, err, what))
		}
		if !vs.sameTerms(inputs) {
			return nil, fmt.Errorf("%s are not the independent variables of %s; left out they are the same: %s", text, what, vs.listed())
		}
	}
	for i, v := range vs.Independents {
		switch {
		case v.Made != nil:
			inputs[i] = features.Input{Label: v.label, Variable: v.Made}
		case text == "":
			schema, err := Select(info, []string{v.Column})
			if err != nil {
				return nil, err
			}
			inputs[i] = features.Input{Label: v.label, Array: schema[0]}
		}
	}
	return inputs, nil
}

// resolve finds the columns of a list that is to name the independent variables. others are columns that a star leaves out beside those that it left out
// of the training rows.
func (vs Variables) resolve(list features.List, schema table.Schema, others []string) ([]features.Input, error) {
	except := append(columnsOf(vs.Dependents), others...)
	if vs.Weight != nil {
		except = append(except, vs.Weight.Column)
	}
	model := make([]features.ModelInput, len(vs.Independents))
	for i, v := range vs.Independents {
		model[i].Name = v.Column
		if v.Made != nil {
			model[i].Lookup = v.Made.LookedUp()
		}
	}
	if !TakeText(model) {
		return list.Resolve(schema, except)
	}
	return list.ResolveFor(model, schema, except)
}

// inOrder puts the columns of arrays that a star stands for into the order of the training rows, by their names: that of a table says nothing.
func (vs Variables) inOrder(inputs []features.Input) ([]features.Input, error) {
	if len(inputs) != len(vs.Independents) {
		return inputs, nil
	}
	arrays := map[string]features.Input{}
	for _, in := range inputs {
		if in.OfStar {
			arrays[in.Array.Name] = in
		}
	}
	if len(arrays) < 2 {
		return inputs, nil
	}
	ordered := slices.Clone(inputs)
	for i, v := range vs.Independents {
		if !inputs[i].OfStar {
			continue
		}
		in, ok := arrays[v.Column]
		if !ok {
			return nil, fmt.Errorf("there is no %s among the columns %s, and the independent variables are %s", table.Quote(v.Column), table.QuoteAll(slices.Sorted(maps.Keys(arrays))), vs.listed())
		}
		ordered[i] = in
	}
	return ordered, nil
}

// sameTerms tells whether a list means the independent variables; columns of arrays may have other names.
func (vs Variables) sameTerms(inputs []features.Input) bool {
	return slices.EqualFunc(vs.Independents, inputs, func(v Variable, in features.Input) bool {
		return (v.Made == nil) == (in.Variable == nil) && (v.Made == nil || v.Made.SameTerms(in.Variable))
	})
}

// listed are the independent variables as a list has them.
func (vs Variables) listed() string {
	texts := make([]string, len(vs.Independents))
	for i, v := range vs.Independents {
		if texts[i] = v.label; v.Made != nil {
			texts[i] = v.Made.String()
		}
	}
	return strings.Join(texts, ", ")
}

// CheckMade refuses a variable whose rows have not the shape of a model's input.
func CheckMade(v *features.Variable, shape []int) error {
	if _, err := keras.RowShape(shape, v.Shape()); err != nil {
		return fmt.Errorf("the columns %s make %s per row, the model's input has shape %v", v, Count(v.Width(), "number"), shape)
	}
	return nil
}
