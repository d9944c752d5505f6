package loss

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/params"
)

// An entry is one loss of keras.losses: the function's name, its other accepted spellings, and how it is made from its
// arguments.
type entry struct {
	name    string
	aliases []string
	make    func(a *params.Args) *Loss
}

// table is every loss: a new one is a file and a row here.
var table = []entry{
	{"binary_crossentropy", []string{"bce", "BCE", "BinaryCrossentropy"}, binaryCrossentropy},
	{"binary_focal_crossentropy", []string{"BinaryFocalCrossentropy"}, binaryFocalCrossentropy},
	{"categorical_crossentropy", []string{"CategoricalCrossentropy"}, categoricalCrossentropy},
	{"categorical_focal_crossentropy", []string{"CategoricalFocalCrossentropy"}, categoricalFocalCrossentropy},
	{"categorical_generalized_cross_entropy", []string{"CategoricalGeneralizedCrossEntropy"}, categoricalGeneralizedCrossEntropy},
	{"categorical_hinge", []string{"CategoricalHinge"}, categoricalHinge},
	{"circle", []string{"Circle"}, circle},
	{"cosine_similarity", []string{"CosineSimilarity", "cosine_proximity"}, cosineSimilarity},
	{"ctc", []string{"CTC"}, ctc},
	{"dice", []string{"Dice"}, dice},
	{"hinge", []string{"Hinge"}, hinge},
	{"huber", []string{"Huber", "huber_loss"}, huber},
	{"kl_divergence", []string{"kld", "KLD", "KLDivergence", "kullback_leibler_divergence"}, klDivergence},
	{"log_cosh", []string{"LogCosh", "logcosh"}, logCosh},
	{"mean_absolute_error", []string{"mae", "MAE", "MeanAbsoluteError"}, meanAbsoluteError},
	{"mean_absolute_percentage_error", []string{"mape", "MAPE", "MeanAbsolutePercentageError"}, meanAbsolutePercentageError},
	{"mean_squared_error", []string{"mse", "MSE", "MeanSquaredError"}, meanSquaredError},
	{"mean_squared_logarithmic_error", []string{"msle", "MSLE", "MeanSquaredLogarithmicError"}, meanSquaredLogarithmicError},
	{"poisson", []string{"Poisson"}, poisson},
	{"sparse_categorical_crossentropy", []string{"SparseCategoricalCrossentropy"}, sparseCategoricalCrossentropy},
	{"squared_hinge", []string{"SquaredHinge"}, squaredHinge},
	{"tversky", []string{"Tversky"}, tversky},
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
		return nil, fmt.Errorf("unknown loss %q; known: %s", call.Name, strings.Join(Names(), ", "))
	}
	a := params.NewArgs(call)
	l := e.make(a)
	if err := a.Check(); err != nil {
		return nil, fmt.Errorf("loss %s: %w", call.Name, err)
	}
	l.Name = e.name
	return l, nil
}
