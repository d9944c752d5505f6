package features

import (
	"errors"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
)

// An Input is an independent variable of a list, with the columns of a table.
type Input struct {
	// Label is the name as the summary of a packed table records it: one that SQL reads, as typed where it was.
	Label string
	// Array is the column of arrays that is the variable; only where Variable is nil.
	Array table.Column
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

// DefaultName is the name of a variable that is given none; those that follow have a number behind it.
const DefaultName = "features"

// Resolve finds the columns of a list in a table of that schema. "*" means all but those in except. A column that is not there is a
// *table.ColumnError without a table.
func (l List) Resolve(schema table.Schema, except []string) ([]Input, error) {
	brackets := slices.ContainsFunc(l.items, func(it item) bool { return it.brackets })
	var inputs []Input
	var together []term // of a list without brackets
	for _, it := range l.items {
		terms, err := expand(it.terms, schema, except)
		if err != nil {
			return nil, err
		}
		switch {
		case it.brackets:
			v, err := variable(it.name, terms, schema, except)
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, Input{Variable: v})
		case brackets:
			arrays, ok := arraysOf(terms, schema)
			if !ok {
				return nil, fmt.Errorf("%s stands beside brackets and is no column of arrays of numbers: put it into brackets", terms[0].named())
			}
			inputs = append(inputs, arrays...)
		default:
			together = append(together, terms...)
		}
	}
	if !brackets {
		if arrays, ok := arraysOf(together, schema); ok {
			return arrays, checkTwice(arrays)
		}
		v, err := variable("", together, schema, except)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, Input{Variable: v})
	}
	nameAll(inputs)
	return inputs, checkTwice(inputs)
}

// named is the term's column for an error.
func (t term) named() string { return table.Quote(t.column) }

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
				out = append(out, term{text: table.Quote(c.Name), column: c.Name, steps: t.steps})
			}
		}
		if len(out) == before {
			return nil, errors.New("* stands for no column at all")
		}
	}
	return out, nil
}

// arraysOf are terms that are all columns of arrays of numbers, without functions.
func arraysOf(terms []term, schema table.Schema) ([]Input, bool) {
	var out []Input
	for _, t := range terms {
		c := schema[schema.Index(t.column)]
		if len(t.steps) > 0 || !c.Type.Array {
			return nil, false
		}
		out = append(out, Input{Label: t.text, Array: c})
	}
	return out, true
}

// variable makes one variable of terms.
func variable(name string, terms []term, schema table.Schema, except []string) (*Variable, error) {
	v := &Variable{Name: name}
	for _, t := range terms {
		if slices.Contains(except, t.column) {
			return nil, fmt.Errorf("column %q is a label or a weight: it cannot be among the columns that labels are learned from", t.column)
		}
		c := Column{Name: t.column, Type: schema[schema.Index(t.column)].Type.SQL, Steps: slices.Clone(t.steps)}
		c.finish()
		if err := c.check(); err != nil {
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
			v.Name = DefaultName
			if n++; n > 1 {
				v.Name = fmt.Sprintf("%s_%d", DefaultName, n)
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
