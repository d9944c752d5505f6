package keras

import (
	"fmt"
	"strings"
)

// A Regularizer adds L1·Σ|w| + L2·Σw² to the loss. The zero value adds nothing.
//
// Source: keras/src/regularizers/regularizers.py.
type Regularizer struct{ L1, L2 float64 }

// regularizers is the table of known regularizers: how each reads its arguments. A name without arguments means Keras'
// defaults.
var regularizers = map[string]func(*args) Regularizer{
	"L1":   func(a *args) Regularizer { return Regularizer{L1: a.atLeast0("l1", 0.01)} },
	"L2":   func(a *args) Regularizer { return Regularizer{L2: a.atLeast0("l2", 0.01)} },
	"L1L2": func(a *args) Regularizer { return Regularizer{L1: a.atLeast0("l1", 0), L2: a.atLeast0("l2", 0)} },
}

// regularizer reads a regularizer: a name, {"class_name": ..., "config": {...}}, or null for none.
func (a *args) regularizer(key string) Regularizer {
	v, ok := a.get(key)
	if !ok {
		return Regularizer{}
	}
	r, err := readRegularizer(v)
	if err != nil {
		a.fail("%s: %w", key, err)
	}
	return r
}

func readRegularizer(v any) (Regularizer, error) {
	class, config := "", object{}
	switch v := v.(type) {
	case string:
		class = v
	case object:
		class, _ = v["class_name"].(string)
		if c, given := v["config"]; given {
			var ok bool
			if config, ok = c.(object); !ok {
				return Regularizer{}, fmt.Errorf("the config of a regularizer must be an object, found %s", show(c))
			}
		}
	}
	parse, ok := regularizers[strings.ToUpper(strings.ReplaceAll(class, "_", ""))] // l1_l2 is L1L2
	if !ok {
		return Regularizer{}, fmt.Errorf("regularizer %s is not supported (known: %s)", objectName(v), known(regularizers))
	}
	a := newArgs(config)
	r := parse(a)
	return r, a.check()
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
