package metric

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
)

// An entry is one metric of keras.metrics by its names. make builds it for an output of width n; it reads the
// arguments it knows and leaves the name out.
type entry struct {
	names []string
	make  func(a *params.Args, n int) Metric
}

// table is every metric that is not a loss of the same name: a new one is a file and a row here.
var table = []entry{
	{[]string{"accuracy", "acc"}, accuracy},
	{[]string{"binary_accuracy", "BinaryAccuracy"}, binaryAccuracy},
	{[]string{"categorical_accuracy", "CategoricalAccuracy"}, categoricalAccuracy},
	{[]string{"cosine_similarity", "CosineSimilarity", "cosine_proximity"}, cosineSimilarity},
	{[]string{"crossentropy", "ce"}, crossentropy},
	{[]string{"log_cosh_error", "LogCoshError"}, logCoshError},
	{[]string{"top_k_categorical_accuracy", "TopKCategoricalAccuracy"}, topKCategoricalAccuracy},
}

// Names lists the metrics by their first names, the losses included, sorted.
func Names() []string {
	names := loss.Names()
	for _, e := range table {
		names = append(names, e.names[0])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// New finds the metric that compile_params ask for and binds it to an output of width n. It refuses a name that is not
// in the table and arguments that the metric does not have.
func New(call params.Call, n int) (*Metric, error) {
	for _, e := range table {
		if !slices.Contains(e.names, call.Name) {
			continue
		}
		a := params.NewArgs(call)
		m := e.make(a, n)
		if err := a.Check(); err != nil {
			return nil, fmt.Errorf("metric %s: %w", call.Name, err)
		}
		m.Name = call.Name
		return &m, nil
	}
	if !loss.Known(call.Name) {
		return nil, fmt.Errorf("unknown metric %q; known: %s", call.Name, strings.Join(Names(), ", "))
	}
	l, err := loss.New(call)
	if err != nil {
		return nil, err
	}
	return &Metric{Name: call.Name, Loss: l}, nil
}
