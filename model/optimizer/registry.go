package optimizer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/params"
)

// table is every optimizer by Keras' class name, with its default learning rate: a new one is a file and a row here.
var table = []struct {
	name string
	rate float64
	make func(a *params.Args, r rate) Optimizer
}{
	{"Adadelta", 0.001, newAdadelta},
	{"Adagrad", 0.001, newAdagrad},
	{"Adam", 0.001, newAdam},
	{"AdamW", 0.001, newAdamW},
	{"Adamax", 0.001, newAdamax},
	{"Ftrl", 0.001, newFtrl},
	{"Lion", 0.001, newLion},
	{"Nadam", 0.001, newNadam},
	{"RMSprop", 0.001, newRMSprop},
	{"SGD", 0.01, newSGD},
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
// the table and arguments that the optimizer does not have. The result is a Clipper where gradients are to be clipped.
func New(call params.Call) (Optimizer, error) {
	for _, row := range table {
		if !strings.EqualFold(row.name, call.Name) {
			continue
		}
		a := params.NewArgs(call)
		r := readRate(a, row.rate)
		o := withClipping(a, withAveraging(a, withWeightDecay(a, r, row.make(a, r))))
		if err := a.Check(); err != nil {
			return nil, fmt.Errorf("optimizer %s: %w", row.name, err)
		}
		return o, nil
	}
	return nil, fmt.Errorf("unknown optimizer %q; known: %s", call.Name, strings.Join(Names(), ", "))
}
