package tables

import (
	"fmt"
	"slices"
)

// The types of labels.
const (
	classLabels   = "class"
	numericLabels = "numeric"
)

// labelTypeColumn is the column that the summaries of packed tables and models have beside MADlib's where a label is
// numeric: per dependent variable its type.
const labelTypeColumn = "label_type"

// ReadLabelTypes reads the types of labels into numeric, which has one element per label: none for all of classes, one for
// all labels, or one for each.
func ReadLabelTypes(types []string, numeric []bool, what string) error {
	if len(types) > 1 && len(types) != len(numeric) {
		return fmt.Errorf("label types: found %d for %s", len(types), Count(len(numeric), what))
	}
	for _, t := range types {
		if !slices.Contains([]string{classLabels, numericLabels}, t) {
			return fmt.Errorf("label type %q is not known; expected %s or %s", t, classLabels, numericLabels)
		}
	}
	for i := range numeric {
		numeric[i] = NumericAt(types, i)
	}
	return nil
}

// NumericAt tells whether label i is numeric.
func NumericAt(types []string, i int) bool {
	return len(types) > 0 && types[min(i, len(types)-1)] == numericLabels
}

// labelTypes is the value of the column.
func labelTypes(numeric []bool) []string {
	types := make([]string, len(numeric))
	for i, n := range numeric {
		types[i] = classLabels
		if n {
			types[i] = numericLabels
		}
	}
	return types
}
