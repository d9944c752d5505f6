package features

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/classes"
)

// Match reports a table whose rows the variable cannot be made of: a column that is not there, a *table.ColumnError without a table, or one
// whose type cannot be compared with that of the rows that were learned from.
func (v *Variable) Match(schema table.Schema) error {
	for i := range v.Columns {
		c := &v.Columns[i]
		have, err := schema.Select([]string{c.Name})
		if err != nil {
			return err
		}
		t, learned := have[0].Type, c.typ()
		if last := c.last(); last != nil && last.Lookup != nil && t.Array == learned.Array {
			if err := checkLookupType(last.Lookup, t); err != nil {
				return fmt.Errorf("column %q %w", c.Name, err)
			}
			continue
		}
		if !alike(t, learned, c.categorical()) {
			return fmt.Errorf("column %q has type %s, but type %s where its transforms were learned", c.Name, t, learned)
		}
	}
	return nil
}

// categorical tells whether the values of the column are compared and not computed with.
func (c *Column) categorical() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool {
		k := functions[function(s.Function)].kind
		return k == names || k == encodes
	})
}

// alike tells whether values of type t can stand for those of the type that was learned from.
func alike(t, learned table.Type, categorical bool) bool {
	if t.Array != learned.Array {
		return false
	}
	if categorical {
		return classes.Comparable(t, learned)
	}
	if isTime(learned) || isTime(t) {
		return isTime(t) && isTime(learned)
	}
	return formOf(t) == formOf(learned) && (t.Kind == table.Bool) == (learned.Kind == table.Bool)
}

// Equal tells whether two variables make the same numbers of the same columns, whatever their names.
func (v *Variable) Equal(w *Variable) bool {
	return slices.EqualFunc(v.Columns, w.Columns, func(a, b Column) bool {
		return a.Name == b.Name && slices.Equal(a.Shape, b.Shape) && slices.EqualFunc(a.Steps, b.Steps, equalSteps)
	})
}

func equalSteps(a, b Step) bool {
	return a.Function == b.Function && a.Buckets == b.Buckets && a.Ignore == b.Ignore &&
		a.Lookup.Equal(b.Lookup) &&
		slices.Equal(a.Fill, b.Fill) && slices.Equal(a.Offset, b.Offset) && slices.Equal(a.Scale, b.Scale) &&
		slices.EqualFunc(a.Categories, b.Categories, func(x, y *string) bool { return x == y || x != nil && y != nil && *x == *y })
}

// SameTerms tells whether two variables have the same terms, whatever they have learned.
func (v *Variable) SameTerms(w *Variable) bool {
	return slices.EqualFunc(v.Columns, w.Columns, func(a, b Column) bool { return a.String() == b.String() })
}
