package features

import (
	"errors"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/nearest"
)

// The functions.
const (
	mean        = "mean"
	median      = "median"
	zero        = "zero"
	category    = "category"
	indicator   = "indicator"
	log1p       = "log1p"
	standardise = "standardise"
	minMax      = "minmax"
	oneHot      = "onehot"
	index       = "index"
	hash        = "hash"
	look        = "lookup"
)

// The default limits of distinct values. That of categories keeps arrays at a width that one means; that of the median keeps its memory
// at a few MB per column.
const (
	defaultCategories = 1000
	defaultDistinct   = 100_000
	// maxLimit is the most that a limit may be set to.
	maxLimit = 10_000_000
	// maxBuckets is the most buckets of a hash.
	maxBuckets = 1_000_000
)

// A kind says what a function does.
type kind int

const (
	fills   kind = iota // takes numbers, of which some are missing, and gives numbers
	changes             // takes numbers and gives numbers, each by itself
	scales              // takes numbers and gives numbers, by what all are like
	tells               // takes values of any type and gives 1 for missing ones
	names               // takes values of any type and gives categories
	encodes             // takes categories, or values of any type as such, and gives numbers
	looksUp             // takes text and gives its number; only a model says how, no list
)

// functions are all there are.
var functions = []struct {
	name string
	kind kind
	// limit is the default of the option limit; 0: the function has none.
	limit int
	// unknown: the function has the option unknown.
	unknown bool
	// learns: the function needs a pass over the rows.
	learns bool
}{
	{name: mean, kind: fills, learns: true},
	{name: median, kind: fills, limit: defaultDistinct, learns: true},
	{name: zero, kind: fills},
	{name: category, kind: names},
	{name: indicator, kind: tells},
	{name: log1p, kind: changes},
	{name: standardise, kind: scales, learns: true},
	{name: minMax, kind: scales, learns: true},
	{name: oneHot, kind: encodes, limit: defaultCategories, unknown: true, learns: true},
	{name: index, kind: encodes, limit: defaultCategories, unknown: true, learns: true},
	{name: hash, kind: names},
	{name: look, kind: looksUp},
}

// function is the place of a function in the table, -1 where it is none.
func function(name string) int {
	for i := range functions {
		if functions[i].name == name {
			return i
		}
	}
	return -1
}

// unknownFunction is the error of a name that no function has.
func unknownFunction(name string) error {
	var all []string
	for _, f := range functions {
		if f.kind != looksUp {
			all = append(all, f.name)
		}
	}
	return fmt.Errorf("unknown function %q; %s", name, nearest.Known(name, all))
}

// A form is what the values of a column are, before or between steps.
type form int

const (
	numbers    form = iota // from the column on, or behind a function of numbers
	texts                  // values of a type without arithmetic
	categories             // behind category: missing values are one of them
	buckets                // behind hash
	encoded                // nothing may follow
)

// timeTypes are the types whose values are numbers of days.
var timeTypes = []string{"date", "timestamp without time zone", "timestamp with time zone", "time without time zone"}

func isTime(t table.Type) bool { return slices.Contains(timeTypes, t.SQL) }

// formOf is the form of the values of a type.
func formOf(t table.Type) form {
	if t.IsNumber() || t.Kind == table.Bool || isTime(t) {
		return numbers
	}
	return texts
}

// check reports steps that values of the column cannot go through. It looks at functions and options only.
func (c *Column) check() error {
	at := formOf(c.typ())
	array := c.typ().Array
	if c.Name == "" {
		return errors.New("a column has no name")
	}
	if array && !c.typ().IsNumber() && !c.has(look) {
		return fmt.Errorf("column %q has type %s; arrays must be of numbers", c.Name, c.Type)
	}
	var filled, logged, scaled bool
	for i, s := range c.Steps {
		f := function(s.Function)
		if f < 0 {
			return unknownFunction(s.Function)
		}
		if err := s.checkOptions(f); err != nil {
			return err
		}
		refuse := func(format string, args ...any) error {
			return fmt.Errorf("%s of %s: %s", s.Function, (&Column{Name: c.Name, Type: c.Type, Steps: c.Steps[:i]}).String(), fmt.Sprintf(format, args...))
		}
		if at == encoded {
			return refuse("nothing can follow %s", c.Steps[i-1].Function)
		}
		switch k := functions[f].kind; k {
		case fills, changes, scales:
			if at != numbers {
				return refuse("takes numbers, these are categories (type %s)", c.Type)
			}
			switch {
			case k == fills && filled:
				return refuse("missing values are filled already")
			case k == changes && scaled:
				return refuse("comes before standardise and minmax, not behind")
			case k == changes && logged, k == scales && scaled:
				return refuse("is done already")
			}
			filled, logged, scaled = filled || k == fills, logged || k == changes, scaled || k == scales
		case tells:
			if i > 0 {
				return refuse("takes the column itself")
			}
			at = encoded
		case names:
			switch {
			case array:
				return refuse("takes a scalar, this is an array")
			case s.Function == category && i > 0, at == buckets, filled, logged, scaled:
				return refuse("takes the column itself%s", map[bool]string{true: ", or category of it"}[s.Function == hash])
			}
			at = categories
			if s.Function == hash {
				at = buckets
			}
		case encodes:
			switch {
			case array:
				return refuse("takes a scalar, this is an array")
			case filled, logged, scaled:
				return refuse("takes the column itself, or category of it: a filled value is no category")
			case at == buckets && (s.Limit > 0 || s.Ignore):
				return refuse("buckets have neither a limit nor unknown values")
			}
			at = encoded
		case looksUp:
			if i > 0 {
				return refuse("takes the column itself")
			}
			if err := checkLookupType(s.Lookup, c.typ()); err != nil {
				return fmt.Errorf("column %q %w", c.Name, err)
			}
			at = encoded
		}
	}
	if at != numbers && at != encoded {
		return fmt.Errorf("column %q ends as categories", c.Name)
	}
	return nil
}

// checkOptions reports options that a function does not have, or values that they cannot have.
func (s *Step) checkOptions(f int) error {
	switch known := functions[f]; {
	case s.Function == hash && (s.Buckets < 1 || s.Buckets > maxBuckets):
		return fmt.Errorf("hash needs a number of buckets between 1 and %d: hash(ticket, 64)", maxBuckets)
	case (s.Function == look) != (s.Lookup != nil):
		return fmt.Errorf("%s: only %s has the lookup of a layer, and needs it", s.Function, look)
	case s.Function != hash && s.Buckets != 0:
		return fmt.Errorf("%s takes no number", s.Function)
	case s.Limit != 0 && known.limit == 0:
		return fmt.Errorf("%s has no option limit", s.Function)
	case s.Limit < 0 || s.Limit > maxLimit:
		return fmt.Errorf("the limit of %s must be between 1 and %d, found %d", s.Function, maxLimit, s.Limit)
	case s.Ignore && !known.unknown:
		return fmt.Errorf("%s has no option unknown", s.Function)
	}
	return nil
}

// limit is the most distinct values of the step.
func (s *Step) limit() int {
	if s.Limit > 0 {
		return s.Limit
	}
	return functions[function(s.Function)].limit
}

// learns tells whether the column needs a pass over the rows.
func (c *Column) learns() bool {
	for i, s := range c.Steps {
		afterHash := i > 0 && c.Steps[i-1].Function == hash
		if functions[function(s.Function)].learns && !afterHash {
			return true
		}
	}
	return false
}

// finish adds the one-hot encoding that categories get where no other is named.
func (c *Column) finish() {
	last := c.last()
	if last == nil && formOf(c.typ()) == texts || last != nil && functions[function(last.Function)].kind == names {
		c.Steps = append(c.Steps, Step{Function: oneHot})
	}
}
