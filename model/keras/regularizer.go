package keras

import (
	"fmt"
	"strings"
)

// A Regularizer adds L1·Σ|w| + L2·Σw² to the loss, or a penalty of rows that are not orthogonal. The zero value adds nothing.
//
// Source: keras/src/regularizers/regularizers.py.
type Regularizer struct {
	L1, L2 float64
	// Orthogonal times the mean of |r·s| over all pairs of rows r, s of a matrix, or of its columns where Columns, each divided
	// by its norm.
	Orthogonal float64
	Columns    bool
}

// regularizers is the table of known regularizers: how each reads its arguments. A name without arguments means Keras'
// defaults.
var regularizers = map[string]func(*args) Regularizer{
	"L1":   func(a *args) Regularizer { return Regularizer{L1: a.atLeast0("l1", 0.01)} },
	"L2":   func(a *args) Regularizer { return Regularizer{L2: a.atLeast0("l2", 0.01)} },
	"L1L2": func(a *args) Regularizer { return Regularizer{L1: a.atLeast0("l1", 0), L2: a.atLeast0("l2", 0)} },
	"OrthogonalRegularizer": func(a *args) Regularizer {
		return Regularizer{Orthogonal: a.atLeast0("factor", 0.01), Columns: a.oneOf("mode", "rows", "columns") == "columns"}
	},
}

// regularizer reads a regularizer: a name, {"class_name": ..., "config": {...}}, or null for none.
func (a *args) regularizer(key string) Regularizer {
	v, ok := a.get(key)
	if !ok {
		return Regularizer{}
	}
	r, err := readNamed("regularizer", regularizers, v)
	if err != nil {
		a.fail("%s: %w", key, err)
	}
	return r
}

// activityRegularizer reads a regularizer of a layer's results.
func (a *args) activityRegularizer() Regularizer {
	r := a.regularizer("activity_regularizer")
	if r.Orthogonal != 0 {
		a.fail("activity_regularizer: OrthogonalRegularizer is supported for weights only: of results it would compare the rows of a batch")
	}
	return r
}

// fits refuses an array that has no pair of rows to compare.
func (r Regularizer) fits(shape []int) error {
	if r.Orthogonal == 0 {
		return nil
	}
	axis := 0
	if r.Columns {
		axis = 1
	}
	if len(shape) != 2 || shape[axis] < 2 {
		return fmt.Errorf("OrthogonalRegularizer is for matrices of at least two rows (or columns, by its mode), found shape %s", shapeText(shape))
	}
	return nil
}

// readNamed reads a name, or {"class_name": ..., "config": {...}}, by a table of classes; kind is what they are called in
// errors. A name is found in any case, also with underscores: l1_l2 is L1L2.
func readNamed[V any](kind string, table map[string]func(*args) V, v any) (read V, err error) {
	class, config := "", object{}
	switch v := v.(type) {
	case string:
		class = v
	case object:
		class, _ = v["class_name"].(string)
		if c, given := v["config"]; given {
			var ok bool
			if config, ok = c.(object); !ok {
				return read, fmt.Errorf("the config of a %s must be an object, found %s", kind, show(c))
			}
		}
	}
	for name, parse := range table {
		if strings.EqualFold(name, strings.ReplaceAll(class, "_", "")) {
			a := newArgs(config)
			read = parse(a)
			return read, a.check()
		}
	}
	return read, fmt.Errorf("%s %s is not supported (%s)", kind, objectName(v), known(class, table))
}

// ActivityRegularization gives its input on and adds a penalty of it to the loss, per row.
type ActivityRegularization struct{}

// Class is "ActivityRegularization".
func (*ActivityRegularization) Class() string { return "ActivityRegularization" }

// parseActivityRegularization leaves l1 and l2 to the layer's ActivityRegularizer.
func parseActivityRegularization(a *args) kind {
	a.skip("l1", "l2")
	return &ActivityRegularization{}
}

func (*ActivityRegularization) outputShape(in []int) ([]int, error) {
	return append([]int(nil), in...), nil
}

func (*ActivityRegularization) weights([]int) []array { return nil }
