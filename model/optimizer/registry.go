package optimizer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/params"
)

// An entry is an optimizer by Keras' class name, with its defaults of learning_rate and weight_decay.
type entry struct {
	name        string
	rate, decay float64
	rule        func(a *params.Args) Rule
	order       []string // of the arguments behind learning_rate that may stand without a name; those of common come last, unless it has them
}

// table is every optimizer: a new one is a file and a row here.
var table = []entry{
	{"Adadelta", 0.001, 0, newAdadelta, []string{"rho", "epsilon", "weight_decay"}},
	{"Adafactor", 0.001, 0, newAdafactor, []string{"beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step", "weight_decay"}},
	{"Adagrad", 0.001, 0, newAdagrad, []string{"initial_accumulator_value", "epsilon", "weight_decay"}},
	{"Adam", 0.001, 0, newAdam, []string{"beta_1", "beta_2", "epsilon", "amsgrad", "weight_decay"}},
	{"AdamW", 0.001, 0.004, newAdam, []string{"weight_decay", "beta_1", "beta_2", "epsilon", "amsgrad"}},
	{"Adamax", 0.001, 0, newAdamax, []string{"beta_1", "beta_2", "epsilon", "weight_decay"}},
	{"Ftrl", 0.001, 0, newFtrl, []string{
		"learning_rate_power", "initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
		"l2_shrinkage_regularization_strength", "beta", "weight_decay",
	}},
	{"Lamb", 0.001, 0, newLamb, []string{"beta_1", "beta_2", "epsilon", "weight_decay"}},
	{"Lion", 0.001, 0, newLion, []string{"beta_1", "beta_2", "weight_decay"}},
	{"Muon", 0.001, 0.004, newMuon, slices.Concat([]string{"adam_beta_1", "adam_beta_2", "adam_weight_decay", "epsilon", "weight_decay"}, common, []string{
		"exclude_layers", "exclude_embeddings", "muon_a", "muon_b", "muon_c", "adam_lr_ratio", "momentum", "ns_steps", "nesterov", "rms_rate",
	})},
	{"Nadam", 0.001, 0, newNadam, []string{"beta_1", "beta_2", "epsilon", "weight_decay"}},
	{"RMSprop", 0.001, 0, newRMSprop, []string{"rho", "momentum", "epsilon", "centered", "weight_decay"}},
	{"ScheduleFreeAdamW", 0.0025, 0, newScheduleFreeAdamW, []string{"beta_1", "beta_2", "epsilon", "warmup_steps", "weight_decay"}},
	{"SGD", 0.01, 0, newSGD, []string{"momentum", "nesterov", "weight_decay"}},
}

// common are the arguments of every optimizer, in their order.
var common = []string{
	"clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps", "name",
}

// positional are the arguments of an optimizer in the order in which they may stand without names: those of Keras' signature.
func positional(order []string) []string {
	order = append([]string{"learning_rate"}, order...)
	if !slices.Contains(order, common[0]) {
		order = append(order, common...)
	}
	return order
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

// lossScale is Keras' optimizer around another one that scales the loss.
const lossScale = "LossScaleOptimizer"

// Known says whether New takes an optimizer of that name.
func Known(name string) bool {
	return slices.ContainsFunc(append(Names(), lossScale), func(known string) bool { return strings.EqualFold(known, name) })
}

// New makes the optimizer that compile_params ask for; its name is found in any case. It refuses a name that is not in
// the table and arguments that the optimizer does not have. A LossScaleOptimizer is the optimizer inside.
func New(call params.Call) (*Optimizer, error) {
	if strings.EqualFold(call.Name, lossScale) {
		var err error
		if call, err = inner(call); err != nil {
			return nil, fmt.Errorf("optimizer %s: %w", lossScale, err)
		}
	}
	for _, row := range table {
		if !strings.EqualFold(row.name, call.Name) {
			continue
		}
		a := params.NewArgs(call)
		a.Order(positional(row.order)...)
		a.Text("", "name")
		a.Bool(false, "jit_compile") // how Keras computes it
		o := &Optimizer{Name: row.name}
		o.rate, o.Rule = readRate(a, row.rate), row.rule(a)
		o.corrector, _ = o.Rule.(corrector)
		_, o.begins = o.Rule.(interface{ startsAsWeights() })
		o.WeightDecay, o.Averaging, o.Clip, o.Accumulation = readWeightDecay(a, row.decay), readAveraging(a), readClip(a), readAccumulation(a)
		checkLossScale(a)
		if err := a.Check(); err != nil {
			return nil, fmt.Errorf("optimizer %s: %w", row.name, err)
		}
		return o, nil
	}
	return nil, fmt.Errorf("unknown optimizer %q; %s", call.Name, nearest.Known(call.Name, Names()))
}
