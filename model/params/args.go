package params

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Args reads the keyword arguments of a Call. A getter takes the default and the argument's spellings; None and an
// absent argument give the default. The first problem is kept, and Check reports it or an argument that no getter asked
// for, so that a constructor reads straight through.
type Args struct {
	call  Call
	known []string // first spelling of every argument asked for
	read  map[string]bool
	err   error
}

// NewArgs starts reading the arguments of a call.
func NewArgs(call Call) *Args {
	return &Args{call: call, read: map[string]bool{}}
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
	for _, name := range slices.Sorted(maps.Keys(a.call.Args)) {
		if a.read[name] {
			continue
		}
		if len(a.known) == 0 {
			return fmt.Errorf("argument %s is not supported; it takes none", name)
		}
		return fmt.Errorf("argument %s is not supported; known: %s", name, strings.Join(a.known, ", "))
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
			continue
		}
		if given != "" {
			a.Failf("argument %s is given twice, as %s and %s", names[0], given, name)
		}
		value, given = v, name
	}
	return value
}
