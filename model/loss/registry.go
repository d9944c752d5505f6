package loss

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/params"
)

// An entry is one loss of keras.losses: the function's name, its other accepted spellings, and how it is made from its
// arguments.
type entry struct {
	name    string
	aliases []string
	make    func(a *params.Args) *Loss
	order   []string // of the arguments that may stand without a name; reduction, name and dtype come last, unless it has them
}

// table is every loss: a new one is a file and a row here.
var table = []entry{
	{"binary_crossentropy", []string{"bce", "BCE", "BinaryCrossentropy"}, newBinaryCrossentropy, []string{"from_logits", "label_smoothing", "axis"}},
	{"binary_focal_crossentropy", []string{"BinaryFocalCrossentropy"}, newBinaryFocalCrossentropy, []string{"apply_class_balancing", "alpha", "gamma", "from_logits", "label_smoothing", "axis"}},
	{"categorical_crossentropy", []string{"CategoricalCrossentropy"}, newCategoricalCrossentropy, []string{"from_logits", "label_smoothing", "axis"}},
	{"categorical_focal_crossentropy", []string{"CategoricalFocalCrossentropy"}, newCategoricalFocalCrossentropy, []string{"alpha", "gamma", "from_logits", "label_smoothing", "axis"}},
	{"categorical_generalized_cross_entropy", []string{"CategoricalGeneralizedCrossEntropy"}, newCategoricalGeneralizedCrossEntropy, []string{"q"}},
	{"categorical_hinge", []string{"CategoricalHinge"}, plain(CategoricalHinge{}), nil},
	{"circle", []string{"Circle"}, newCircle, []string{"gamma", "margin", "remove_diagonal"}},
	{"cosine_similarity", []string{"CosineSimilarity", "cosine_proximity"}, newCosineSimilarity, []string{"axis"}},
	{"ctc", []string{"CTC"}, newCTC, nil},
	{"dice", []string{"Dice"}, newDice, []string{"reduction", "name", "axis", "dtype"}},
	{"hinge", []string{"Hinge"}, ofTwo(Hinge{}), nil},
	{"huber", []string{"Huber", "huber_loss"}, newHuber, []string{"delta"}},
	{"kl_divergence", []string{"kld", "KLD", "KLDivergence", "kullback_leibler_divergence"}, plain(KLDivergence{}), nil},
	{"log_cosh", []string{"LogCosh", "logcosh"}, plain(LogCosh{}), nil},
	{"mean_absolute_error", []string{"mae", "MAE", "MeanAbsoluteError"}, plain(MeanAbsoluteError{}), nil},
	{"mean_absolute_percentage_error", []string{"mape", "MAPE", "MeanAbsolutePercentageError"}, plain(MeanAbsolutePercentageError{}), nil},
	{"mean_squared_error", []string{"mse", "MSE", "MeanSquaredError"}, plain(MeanSquaredError{}), nil},
	{"mean_squared_logarithmic_error", []string{"msle", "MSLE", "MeanSquaredLogarithmicError"}, plain(MeanSquaredLogarithmicError{}), nil},
	{"poisson", []string{"Poisson"}, plain(Poisson{}), nil},
	{"sparse_categorical_crossentropy", []string{"SparseCategoricalCrossentropy"}, newSparseCategoricalCrossentropy, []string{"from_logits", "ignore_class", "reduction", "axis", "name", "dtype"}},
	{"squared_hinge", []string{"SquaredHinge"}, ofTwo(SquaredHinge{}), nil},
	{"tversky", []string{"Tversky"}, newTversky, []string{"alpha", "beta", "reduction", "name", "axis", "dtype"}},
}

// positional are the arguments in the order in which they may stand without names: those of Keras' signature.
func (e *entry) positional() []string {
	if slices.Contains(e.order, "reduction") {
		return e.order
	}
	return slices.Concat(e.order, []string{"reduction", "name", "dtype"})
}

// plain makes a loss without arguments.
func plain(f Form) func(*params.Args) *Loss {
	return func(*params.Args) *Loss { return &Loss{Output: f} }
}

// ofTwo is plain for a loss whose labels are of two classes.
func ofTwo(f Form) func(*params.Args) *Loss {
	return func(*params.Args) *Loss { return &Loss{TwoClasses: true, Output: f} }
}

// Names lists the losses by their function names in keras.losses, sorted.
func Names() []string {
	names := make([]string, len(table))
	for i, e := range table {
		names[i] = e.name
	}
	slices.Sort(names)
	return names
}

// Spellings are Names and the short names, such as mse; not those of Keras' classes.
func Spellings() []string {
	names := Names()
	for _, e := range table {
		for _, alias := range e.aliases {
			if alias == strings.ToLower(alias) {
				names = append(names, alias)
			}
		}
	}
	return names
}

// ByWidth is the loss that Keras calls crossentropy or ce for an output of width n; other calls stay as they are.
//
// Source: keras/src/trainers/compile_utils.py, get_loss.
func ByWidth(call params.Call, n int) params.Call {
	if lower := strings.ToLower(call.Name); lower == "crossentropy" || lower == "ce" {
		call.Name = "categorical_crossentropy"
		if n == 1 {
			call.Name = "binary_crossentropy"
		}
	}
	return call
}

// ByName makes a loss without arguments by any of its spellings, in exact case as in Keras. ok is false where there is
// none of that name, or where it needs arguments.
func ByName(name string) (l *Loss, ok bool) {
	l, err := New(params.Call{Name: name})
	return l, err == nil
}

// OfKeras tells whether a name, in any case, is one of Keras' losses.
func OfKeras(name string) bool {
	return slices.ContainsFunc(table, func(e entry) bool {
		return slices.ContainsFunc(append([]string{e.name}, e.aliases...), func(s string) bool { return strings.EqualFold(s, name) })
	})
}

// Known says whether there is a loss of a name, in any of its spellings.
func Known(name string) bool { return find(name) != nil }

func find(name string) *entry {
	for i, e := range table {
		if e.name == name || slices.Contains(e.aliases, name) {
			return &table[i]
		}
	}
	return nil
}

// New makes the loss that compile_params ask for. It refuses a name that is not in the table and arguments that the loss
// does not have.
func New(call params.Call) (*Loss, error) {
	e := find(call.Name)
	if e == nil {
		return nil, fmt.Errorf("unknown loss %q; %s", call.Name, nearest.Known(call.Name, Spellings()))
	}
	a := params.NewArgs(call)
	a.Order(e.positional()...)
	a.Text("", "name")
	a.Value("dtype") // how Keras computes it
	if a.Choice("sum_over_batch_size", "reduction", "sum_over_batch_size", "auto", "mean"); a.Given("reduction") && !a.Has("reduction") {
		a.Failf("argument reduction must be sum_over_batch_size, found None, which is no mean over rows")
	}
	l := e.make(a)
	l.FirstAxis = a.Is1("axis")
	if err := a.Check(); err != nil {
		return nil, fmt.Errorf("loss %s: %w", call.Name, err)
	}
	l.Name = e.name
	return l, nil
}
