package features

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/lookup"
)

// An Input is an independent variable of a list, with the columns of a table.
type Input struct {
	// Label is the name as the summary of a packed table records it: one that SQL reads, as typed where it was.
	Label string
	// Array is the column of arrays that is the variable; only where Variable is nil.
	Array table.Column
	// OfStar says that a star stood for the column of arrays, and nobody wrote its name.
	OfStar bool
	// Variable is what makes the variable from columns; Steps have learned nothing yet.
	Variable *Variable
}

// Name is the name of the variable.
func (in Input) Name() string {
	if in.Variable != nil {
		return in.Variable.Name
	}
	return in.Array.Name
}

// defaultName is the name of a variable that is given none; those that follow have a number behind it.
const defaultName = "features"

// HasStar tells whether a star stands for columns.
func (l List) HasStar() bool {
	return slices.ContainsFunc(l.items, func(it item) bool { return slices.ContainsFunc(it.terms, func(t term) bool { return t.star }) })
}

// Resolve finds the columns of a list in a table of that schema. "*" means all but those in except. A column that is not there is a
// *table.ColumnError without a table.
func (l List) Resolve(schema table.Schema, except []string) ([]Input, error) {
	return l.resolve(nil, schema, except)
}

// A ModelInput is an input of a model.
type ModelInput struct {
	Name string
	// Shape is that of a row; a dimension that the model leaves open is 0, and all of it nil where the model states none.
	Shape []int
	// Layer is the name of the layer that looks the input's text up, as Lookup says; nil: the input takes numbers.
	Layer  string
	Lookup *lookup.Lookup
}

// String is the input for an error.
func (in ModelInput) String() string {
	if in.Lookup == nil {
		return fmt.Sprintf("input %q of the model", in.Name)
	}
	return fmt.Sprintf("input %q of the model takes text by its layer %q (%s)", in.Name, in.Layer, in.Lookup.Layer)
}

// ResolveFor is Resolve for variables that are the inputs of a model, in their order. The columns of those that take text are looked up as the
// model does it, and stand without functions. For several inputs every term outside of brackets is a variable.
func (l List) ResolveFor(model []ModelInput, schema table.Schema, except []string) ([]Input, error) {
	return l.resolve(model, schema, except)
}

func (l List) resolve(model []ModelInput, schema table.Schema, except []string) ([]Input, error) {
	groups, err := l.groups(len(model) > 1, schema, except)
	if err != nil {
		return nil, err
	}
	if model != nil && len(groups) != len(model) {
		return nil, fmt.Errorf("the model has the inputs %s, the list has %d variables: %s", named(model), len(groups), listed(groups))
	}
	var inputs []Input
	for i, g := range groups {
		in := ModelInput{}
		if model != nil {
			in = model[i]
		}
		t := g.terms[0]
		if c := schema[schema.Index(t.column)]; g.single && isArray(t, schema) && in.Lookup == nil {
			inputs = append(inputs, Input{Label: t.text, Array: c, OfStar: t.ofStar})
			continue
		} else if g.single && model == nil {
			return nil, fmt.Errorf("%s stands beside brackets and is no column of arrays of numbers: put it into brackets", table.Quote(c.Name))
		}
		v, err := variable(g, in, schema, except)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, Input{Variable: v})
	}
	nameAll(inputs)
	return inputs, checkTwice(inputs)
}

// A group is the terms of a variable; single: one term that is a variable by itself.
type group struct {
	name   string
	terms  []term
	single bool
}

// named are the names of inputs.
func named(model []ModelInput) string {
	names := make([]string, len(model))
	for i, in := range model {
		names[i] = table.Quote(in.Name)
	}
	return strings.Join(names, ", ")
}

// listed are groups as a list has them.
func listed(groups []group) string {
	texts := make([]string, len(groups))
	for i, g := range groups {
		var terms []string
		for _, t := range g.terms {
			terms = append(terms, (&Column{Name: t.column, Steps: t.steps}).String())
		}
		if texts[i] = strings.Join(terms, ", "); !g.single {
			texts[i] = "[" + texts[i] + "]"
		}
	}
	return strings.Join(texts, ", ")
}

// groups are the variables of the list. apart: outside of brackets every term is one.
func (l List) groups(apart bool, schema table.Schema, except []string) ([]group, error) {
	apart = apart || slices.ContainsFunc(l.items, func(it item) bool { return it.brackets })
	var groups []group
	var together []term // of a list without brackets
	for _, it := range l.items {
		terms, err := expand(it.terms, schema, except)
		switch {
		case err != nil:
			return nil, err
		case it.brackets:
			groups = append(groups, group{name: it.name, terms: terms})
		case apart:
			groups = append(groups, singles(terms)...)
		default:
			together = append(together, terms...)
		}
	}
	switch {
	case apart:
		return groups, nil
	case !slices.ContainsFunc(together, func(t term) bool { return !isArray(t, schema) }):
		return singles(together), nil
	}
	return []group{{terms: together}}, nil
}

// singles are groups of one term each.
func singles(terms []term) []group {
	groups := make([]group, len(terms))
	for i := range terms {
		groups[i] = group{name: terms[i].column, terms: terms[i : i+1], single: true}
	}
	return groups
}

// isArray tells whether a term is a column of arrays, without functions.
func isArray(t term, schema table.Schema) bool {
	return len(t.steps) == 0 && schema[schema.Index(t.column)].Type.Array
}

// expand replaces the stars by columns.
func expand(terms []term, schema table.Schema, except []string) ([]term, error) {
	var out []term
	for _, t := range terms {
		if !t.star {
			if schema.Index(t.column) < 0 {
				_, err := schema.Select([]string{t.column})
				return nil, err
			}
			out = append(out, t)
			continue
		}
		if _, err := schema.Select(t.except); err != nil {
			return nil, err
		}
		before := len(out)
		for _, c := range schema {
			if !slices.Contains(except, c.Name) && !slices.Contains(t.except, c.Name) {
				out = append(out, term{text: table.Quote(c.Name), column: c.Name, ofStar: true, steps: t.steps})
			}
		}
		if len(out) == before {
			return nil, errors.New("* stands for no column at all")
		}
	}
	return out, nil
}

// variable makes one variable of the terms of a group, for an input of a model where one is known.
func variable(g group, in ModelInput, schema table.Schema, except []string) (*Variable, error) {
	v := &Variable{Name: g.name}
	for _, t := range g.terms {
		if slices.Contains(except, t.column) {
			return nil, fmt.Errorf("column %q is a label or a weight: it cannot be among the columns that labels are learned from", t.column)
		}
		c := Column{Name: t.column, Type: schema[schema.Index(t.column)].Type.SQL, Steps: slices.Clone(t.steps)}
		if in.Lookup != nil {
			if len(t.steps) > 0 {
				return nil, fmt.Errorf("%s: found %s, expected the column %s itself", in, &c, table.Quote(c.Name))
			}
			c.Steps = []Step{{Function: look, Lookup: in.Lookup}}
		}
		c.finish()
		if err := c.check(); err != nil {
			if in.Lookup != nil {
				err = fmt.Errorf("%s: %w", in, err)
			}
			return nil, err
		}
		v.Columns = append(v.Columns, c)
	}
	return v, nil
}

// nameAll names the variables that have no name.
func nameAll(inputs []Input) {
	n := 0
	for i := range inputs {
		v := inputs[i].Variable
		if v == nil {
			continue
		}
		if v.Name == "" {
			v.Name = defaultName
			if n++; n > 1 {
				v.Name = fmt.Sprintf("%s_%d", defaultName, n)
			}
		}
		inputs[i].Label = table.Quote(v.Name)
	}
}

func checkTwice(inputs []Input) error {
	seen := map[string]bool{}
	for _, in := range inputs {
		if seen[in.Name()] {
			return fmt.Errorf("column %q is named twice; an array is given another name by [...] AS name", in.Name())
		}
		seen[in.Name()] = true
	}
	return nil
}
