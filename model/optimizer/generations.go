package optimizer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/params"
)

// generations are the optimizers whose arguments stand in another order in Keras 2.0 to 2.3: how many of the first ones are the same, and which
// come behind them there.
//
// Source: keras/optimizers.py of Keras 2.3.
var generations = map[string]struct {
	same   int
	behind []string
}{
	"Adadelta": {3, []string{"decay"}},
	"Adagrad":  {1, []string{"epsilon", "decay"}},
	"Adam":     {4, []string{"decay", "amsgrad"}},
	"Adamax":   {4, []string{"decay"}},
	"Nadam":    {4, []string{"schedule_decay"}},
	"RMSprop":  {2, []string{"epsilon", "decay"}},
	"SGD":      {2, []string{"decay", "nesterov"}},
}

// CheckOrder says what arguments without names are taken for where Keras 2.0 to 2.3 take them for others, "" where none is in doubt, and refuses what
// can only have been meant in their order. It is for who trains anew: New takes all that it can read, as that of a model that is trained.
func CheckOrder(call params.Call) (notice string, err error) {
	if strings.EqualFold(call.Name, lossScale) {
		if call, err = inner(call); err != nil {
			return "", fmt.Errorf("optimizer %s: %w", lossScale, err)
		}
	}
	i := slices.IndexFunc(table, func(row entry) bool { return strings.EqualFold(row.name, call.Name) })
	if i < 0 {
		return "", nil // New refuses it
	}
	name, order := table[i].name, positional(table[i].order)
	old, ok := generations[name]
	given := call.Positional
	if !ok || len(given) <= old.same || len(given) > old.same+len(old.behind) {
		return "", nil
	}
	if _, is := given[old.same].(bool); is { // the first of their others is a number
		return "", nil
	}
	var taken []string
	for i := old.same; i < len(given); i++ {
		v, was := given[i], old.behind[i-old.same]
		if onlyBefore(order[i], v) {
			return "", fmt.Errorf("optimizer %s: argument %d is %s, found %v; Keras 2.0 to 2.3 have %s in its place: write %s=%v, and the names of what comes behind it",
				name, i+1, order[i], v, was, was, v)
		}
		if v != nil {
			taken = append(taken, fmt.Sprintf("%s=%v", order[i], v))
		}
	}
	if taken == nil {
		return "", nil
	}
	return fmt.Sprintf("arguments of %s without names are taken as %s; Keras 2.0 to 2.3 have %s in these places: names tell them apart",
		name, strings.Join(taken, ", "), strings.Join(old.behind, ", ")), nil
}

// onlyBefore says whether a value cannot be meant for an argument, but for that which Keras 2.0 to 2.3 have in its place: a switch that is a number, a
// momentum or first sum of squares that is as small as an epsilon, and an epsilon of 0, which is a decay.
func onlyBefore(argument string, v params.Value) bool {
	var number float64
	switch v := v.(type) {
	case int64:
		number = float64(v)
	case float64:
		number = v
	default:
		return false
	}
	switch argument {
	case "amsgrad", "nesterov":
		return true
	case "momentum", "initial_accumulator_value":
		return number > 0 && number < 1e-4
	case "epsilon":
		return number == 0
	}
	return false
}
