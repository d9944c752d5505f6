package loss

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/params"
)

// table is every loss: a new one is a file and a row here.
var table = []*Loss{
	binaryCrossentropy,
	categoricalCrossentropy,
	meanAbsoluteError,
	meanSquaredError,
}

// Names lists the losses by their function names in keras.losses, sorted.
func Names() []string {
	names := make([]string, len(table))
	for i, l := range table {
		names[i] = l.Name
	}
	slices.Sort(names)
	return names
}

// ByName finds a loss by any of its spellings, in exact case as in Keras.
func ByName(name string) (*Loss, bool) {
	for _, l := range table {
		if l.Name == name || slices.Contains(l.Aliases, name) {
			return l, true
		}
	}
	return nil, false
}

// New finds the loss that compile_params ask for. It refuses a name that is not in the table and any argument.
func New(call params.Call) (*Loss, error) {
	l, ok := ByName(call.Name)
	if !ok {
		return nil, fmt.Errorf("unknown loss %q; known: %s", call.Name, strings.Join(Names(), ", "))
	}
	if len(call.Args) > 0 {
		arg := slices.Sorted(maps.Keys(call.Args))[0]
		return nil, fmt.Errorf("loss %s: argument %s is not supported; it takes none", call.Name, arg)
	}
	return l, nil
}
