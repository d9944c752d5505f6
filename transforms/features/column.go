package features

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/lookup"
)

// A Variable is an independent variable that is made from columns: per row one array, of the numbers of all columns in their order.
type Variable struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// A Column is a column of the rows, and the steps that its values go through.
type Column struct {
	Name string `json:"column"`
	// Type is that of the rows that were learned from, as SQL writes it.
	Type string `json:"type"`
	// Shape is that of the arrays of an array column. Each element is a number of its own.
	Shape []int  `json:"shape,omitempty"`
	Steps []Step `json:"steps,omitempty"`
}

// A Step is a function with its options and what it has learned. Lists have an entry for the column, or one for each element of its arrays.
type Step struct {
	Function string `json:"function"`
	Buckets  int    `json:"buckets,omitempty"`
	// Limit is the most distinct values; 0: the default of the function.
	Limit int `json:"limit,omitempty"`
	// Ignore: what is none of the categories is no error.
	Ignore bool `json:"ignore_unknown,omitempty"`

	// Fill takes the place of missing values.
	Fill []float64 `json:"fill,omitempty"`
	// Of a value x the step makes (x - Offset) / Scale.
	Offset []float64 `json:"offset,omitempty"`
	Scale  []float64 `json:"scale,omitempty"`
	// Categories are the distinct values as PostgreSQL prints them, in the order of labels; nil: NULL.
	Categories []*string `json:"categories,omitempty"`
	// Lookup is the layer of a model whose numbers the step gives.
	Lookup *lookup.Lookup `json:"lookup,omitempty"`
}

// Size is the number of values of the column in a row.
func (c *Column) Size() int { return buffer.SizeOf(c.Shape) }

// Width is the number of numbers that a row gets from the column.
func (c *Column) Width() int {
	last := c.last()
	if last != nil && last.Lookup != nil {
		return c.Size() * last.Lookup.Width()
	}
	if last == nil || last.Function != oneHot {
		return c.Size()
	}
	if len(c.Steps) > 1 && c.Steps[len(c.Steps)-2].Function == hash {
		return c.Steps[len(c.Steps)-2].Buckets
	}
	return len(last.Categories)
}

func (c *Column) last() *Step {
	if len(c.Steps) == 0 {
		return nil
	}
	return &c.Steps[len(c.Steps)-1]
}

// Numbers is how many different numbers an index has: from 0 to Numbers-1. 0: the column ends as no index.
func (c *Column) Numbers() int {
	last := c.last()
	switch {
	case last != nil && last.Lookup != nil:
		return last.Lookup.Indices()
	case last == nil || last.Function != index:
		return 0
	case len(c.Steps) > 1 && c.Steps[len(c.Steps)-2].Function == hash:
		return c.Steps[len(c.Steps)-2].Buckets
	case last.Ignore:
		return len(last.Categories) + 1
	}
	return len(last.Categories)
}

// has tells whether the column has a step of that function.
func (c *Column) has(function string) bool {
	for i := range c.Steps {
		if c.Steps[i].Function == function {
			return true
		}
	}
	return false
}

// IsArray tells whether the column has arrays.
func (c *Column) IsArray() bool { return c.typ().Array }

// IsIndex tells whether the column ends as the number of a category or of a text.
func (c *Column) IsIndex() bool {
	last := c.last()
	return last != nil && (last.Function == index || last.Function == look)
}

func (c *Column) typ() table.Type { return table.ParseType(c.Type) }

// String is the term as the list would have it: standardise(mean(age)). Of a lookup that is the column alone.
func (c *Column) String() string {
	text := table.Quote(c.Name)
	for _, s := range c.Steps {
		if s.Function == look {
			continue
		}
		text = s.Function + "(" + text
		if s.Buckets > 0 {
			text += ", " + strconv.Itoa(s.Buckets)
		}
		if s.Ignore {
			text += ", unknown=ignore"
		}
		if s.Limit > 0 {
			text += ", limit=" + strconv.Itoa(s.Limit)
		}
		text += ")"
	}
	return text
}

// shown is how many terms an error lists.
const shown = 12

// String is the variable as the list would have it, the first terms of many.
func (v *Variable) String() string {
	var terms []string
	for i := range v.Columns {
		if i == shown {
			terms = append(terms, fmt.Sprintf("... (%d in all)", len(v.Columns)))
			break
		}
		terms = append(terms, v.Columns[i].String())
	}
	return fmt.Sprintf("[%s] AS %s", strings.Join(terms, ", "), table.Quote(v.Name))
}

// Width is the number of numbers of a row.
func (v *Variable) Width() int {
	n := 0
	for i := range v.Columns {
		n += v.Columns[i].Width()
	}
	return n
}

// Shape is that of a row's array: that of the column where this is a single one of arrays that are looked up, else one dimension.
func (v *Variable) Shape() []int {
	if len(v.Columns) == 1 && v.Columns[0].has(look) && v.Columns[0].Shape != nil {
		return slices.Clone(v.Columns[0].Shape)
	}
	return []int{v.Width()}
}

// Reads are the names of the columns, each once.
func (v *Variable) Reads() []string {
	var names []string
	seen := map[string]bool{}
	for _, c := range v.Columns {
		if !seen[c.Name] {
			seen[c.Name] = true
			names = append(names, c.Name)
		}
	}
	return names
}
