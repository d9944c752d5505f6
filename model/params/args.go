package params

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/nearest"
)

// Args reads the keyword arguments of a Call. A getter takes the default and the argument's spellings; None and an
// absent argument give the default. The first problem is kept, and Check reports it or an argument that no getter asked
// for, so that a constructor reads straight through.
type Args struct {
	call  Call
	order []string // names of the arguments that may stand without one
	known []string // first spelling of every argument asked for
	read  map[string]bool
	err   error

	positional map[string]Value // arguments without a name, under the names of order
}

// NewArgs starts reading the arguments of a call.
func NewArgs(call Call) *Args {
	return &Args{call: call, read: map[string]bool{}, positional: map[string]Value{}}
}

// Float reads a number.
func (a *Args) Float(byDefault float64, names ...string) float64 {
	switch v := a.get(names).(type) {
	case nil:
		return byDefault
	case float64:
		return v
	case int64:
		return float64(v)
	default:
		a.Failf("argument %s must be a number, found %v", names[0], v)
		return byDefault
	}
}

// Int reads a whole number.
func (a *Args) Int(byDefault int, names ...string) int {
	switch v := a.get(names).(type) {
	case nil:
		return byDefault
	case int64:
		return int(v)
	case float64:
		if v == float64(int(v)) {
			return int(v)
		}
	}
	a.Failf("argument %s must be a whole number, found %v", names[0], a.get(names))
	return byDefault
}

// Bool reads True or False.
func (a *Args) Bool(byDefault bool, names ...string) bool {
	switch v := a.get(names).(type) {
	case nil:
		return byDefault
	case bool:
		return v
	default:
		a.Failf("argument %s must be True or False, found %v", names[0], v)
		return byDefault
	}
}

// Text reads a text.
func (a *Args) Text(byDefault string, names ...string) string {
	switch v := a.get(names).(type) {
	case nil:
		return byDefault
	case string:
		return v
	default:
		a.Failf("argument %s must be a text, found %v", names[0], v)
		return byDefault
	}
}

// Choice reads one of some words, in any case, and returns it as it stands among them. The word may be a name of an enumeration:
// Reduction.AUTO.
func (a *Args) Choice(byDefault, name string, words ...string) string {
	text := byDefault
	if c, ok := a.Call(name); ok && len(c.Args)+len(c.Positional) == 0 {
		text = c.Name
	} else {
		text = a.Text(byDefault, name)
	}
	if text == byDefault {
		return byDefault
	}
	for _, w := range words {
		if strings.EqualFold(w, text) {
			return w
		}
	}
	a.Failf("argument %s must be one of %s, found %s", name, strings.Join(words, ", "), text)
	return byDefault
}

// Called tells whether the object was written with brackets.
func (a *Args) Called() bool { return a.call.Called }

// Order names the arguments that may be given without a name, in their order.
func (a *Args) Order(names ...string) {
	a.order = names
	named, err := a.call.underNames(names)
	if err != nil {
		a.Failf("%w", err)
	}
	a.positional = named
}

// Is1 tells whether a getter has read an argument, and it is the number 1.
func (a *Args) Is1(name string) bool { return a.read[name] && a.Int(0, name) == 1 }

// Has tells whether an argument is given, and not None.
func (a *Args) Has(names ...string) bool { return a.get(names) != nil }

// Given tells whether an argument is given, be it None.
func (a *Args) Given(name string) bool {
	a.get([]string{name})
	_, named := a.call.Args[name]
	_, positional := a.positional[name]
	return named || positional
}

// RequiredFloat reads a number that must be given.
func (a *Args) RequiredFloat(name string) float64 {
	if !a.Has(name) {
		a.Failf("argument %s is missing", name)
	}
	return a.Float(0, name)
}

// Floats reads a list of numbers that must be given.
func (a *Args) Floats(name string) []float64 {
	items, ok := a.get([]string{name}).([]Value)
	if !ok {
		a.Failf("argument %s must be a list of numbers, found %v", name, a.get([]string{name}))
	}
	numbers := make([]float64, len(items))
	for i, item := range items {
		switch v := item.(type) {
		case float64:
			numbers[i] = v
		case int64:
			numbers[i] = float64(v)
		default:
			a.Failf("argument %s must be a list of numbers, found %v in it", name, v)
		}
	}
	return numbers
}

// FloatOrFloats reads a number or a list of numbers, nil where it is absent.
func (a *Args) FloatOrFloats(name string) []float64 {
	switch v := a.get([]string{name}).(type) {
	case nil:
		return nil
	case []Value:
		return a.Floats(name)
	case float64, int64:
		return []float64{a.Float(0, name)}
	default:
		a.Failf("argument %s must be a number or a list of numbers, found %v", name, v)
		return nil
	}
}

// Value reads an argument of any type, nil where it is absent.
func (a *Args) Value(names ...string) Value { return a.get(names) }

// Call reads an argument that is a call; ok is false where it is none.
func (a *Args) Call(names ...string) (c Call, ok bool) {
	c, ok = a.get(names).(Call)
	return c, ok
}

// Failf keeps a problem with an argument, unless there already is one.
func (a *Args) Failf(format string, v ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format, v...)
	}
}

// Check is the first problem found, or that of an argument that does not exist.
func (a *Args) Check() error {
	if a.err != nil {
		return a.err
	}
	if a.order == nil && len(a.call.Positional) > 0 {
		return fmt.Errorf("arguments need names: %s(name=value)", a.call.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(a.call.Args)) {
		if a.read[name] {
			continue
		}
		if len(a.known) == 0 {
			return fmt.Errorf("argument %s is not supported (it takes none)", name)
		}
		return fmt.Errorf("argument %s is not supported (%s)", name, nearest.Known(name, a.known))
	}
	return nil
}

// get is the value of an argument under any of its spellings, nil where it is absent.
func (a *Args) get(names []string) Value {
	if !slices.Contains(a.known, names[0]) {
		a.known = append(a.known, names[0])
	}
	var value Value
	given := ""
	for _, name := range names {
		a.read[name] = true
		v, ok := a.call.Args[name]
		if !ok {
			v, ok = a.positional[name]
		}
		if !ok {
			continue
		}
		if given != "" {
			a.Failf("argument %s is given twice, as %s and %s", names[0], given, name)
		}
		value, given = v, name
	}
	return value
}
