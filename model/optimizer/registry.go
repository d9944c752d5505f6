package optimizer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/params"
)

// table is every optimizer by Keras' class name, with its defaults of learning_rate and weight_decay: a new one is a file and a row
// here.
var table = []struct {
	name        string
	rate, decay float64
	rule        func(a *params.Args) Rule
}{
	{"Adadelta", 0.001, 0, newAdadelta},
	{"Adagrad", 0.001, 0, newAdagrad},
	{"Adam", 0.001, 0, newAdam},
	{"AdamW", 0.001, 0.004, newAdam},
	{"Adamax", 0.001, 0, newAdamax},
	{"Ftrl", 0.001, 0, newFtrl},
	{"Lion", 0.001, 0, newLion},
	{"Nadam", 0.001, 0, newNadam},
	{"RMSprop", 0.001, 0, newRMSprop},
	{"SGD", 0.01, 0, newSGD},
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
func New(call params.Call) (*Optimizer, error) {
	for _, row := range table {
		if !strings.EqualFold(row.name, call.Name) {
			continue
		}
		a := params.NewArgs(call)
		o := &Optimizer{Name: row.name}
		o.rate, o.Rule = readRate(a, row.rate), row.rule(a)
		o.corrector, _ = o.Rule.(corrector)
		o.WeightDecay, o.Averaging, o.Clip = readWeightDecay(a, row.decay), readAveraging(a), readClip(a)
		if err := a.Check(); err != nil {
			return nil, fmt.Errorf("optimizer %s: %w", row.name, err)
		}
		return o, nil
	}
	return nil, fmt.Errorf("unknown optimizer %q; %s", call.Name, nearest.Known(call.Name, Names()))
}
