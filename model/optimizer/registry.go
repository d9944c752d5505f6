package optimizer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/params"
)

// table is every optimizer by Keras' class name: a new one is a file and a row here.
var table = []struct {
	name string
	make func(a *params.Args) Optimizer
}{
	{"Adam", newAdam},
	{"RMSprop", newRMSprop},
	{"SGD", newSGD},
}

// Names lists the optimizers by Keras' class names, sorted.
func Names() []string {
	names := make([]string, len(table))
	for i, row := range table {
		names[i] = row.name
	}
	slices.Sort(names)
	return names
}

// New makes the optimizer that compile_params ask for; its name is found in any case. It refuses a name that is not in
// the table and arguments that the optimizer does not have.
func New(call params.Call) (Optimizer, error) {
	for _, row := range table {
		if !strings.EqualFold(row.name, call.Name) {
			continue
		}
		a := params.NewArgs(call)
		o := row.make(a)
		if err := a.Check(); err != nil {
			return nil, fmt.Errorf("optimizer %s: %w", row.name, err)
		}
		return o, nil
	}
	return nil, fmt.Errorf("unknown optimizer %q; known: %s", call.Name, strings.Join(Names(), ", "))
}
