package params

import (
	"fmt"
	"maps"
	"slices"
)

// Compile is a checked compile_params text.
type Compile struct {
	Optimizer Call
	// Loss, one per model output where given as a list or dict; a single entry serves all outputs.
	Loss []Call
	// LossOutputs names the output layer of each entry of Loss where the text gives a dict; nil: in order of the outputs.
	LossOutputs []string
	// LossText is the loss as the summary table shows it: without its outer quotes.
	LossText string
	// Metrics in the order given, for every output; empty: none, or OutputMetrics.
	Metrics []Call
	// OutputMetrics are used instead where the text gives a dict by output name, or a list with a list for each output.
	OutputMetrics []OutputMetrics
	// WeightedMetrics and OutputWeightedMetrics are the same of weighted_metrics.
	WeightedMetrics       []Call
	OutputWeightedMetrics []OutputMetrics
	// LossWeights per output; nil: all 1. LossWeightsByName is used instead where the text gives a dict.
	LossWeights       []float64
	LossWeightsByName map[string]float64
	// Notices are sentences about arguments that change nothing.
	Notices []string
}

// OutputMetrics are the metrics of one output.
type OutputMetrics struct {
	Output  string // empty: by position
	Metrics []Call
}

// A Call is a Keras object by name with arguments: adam, Adam(learning_rate=0.01).
type Call struct {
	Name string           // as written, without quotes
	Args map[string]Value // keyword arguments
	// Positional are the arguments without a name, which come first; which optimizers, schedules, losses and metrics take.
	Positional []Value
	Pos        int    // byte offset in the text, for errors
	Text       string // as written, with arguments and without quotes; of arguments empty
	Called     bool   // written with brackets
}

// String is the object as written.
func (c Call) String() string {
	if c.Text == "" {
		return c.Name
	}
	return c.Text
}

// Named is the call with names for its arguments without one: those of order.
func (c Call) Named(order []string) (Call, error) {
	named, err := c.underNames(order)
	if err != nil {
		return c, err
	}
	args := maps.Clone(c.Args)
	if args == nil {
		args = map[string]Value{}
	}
	maps.Copy(args, named)
	c.Args, c.Positional = args, nil
	return c, nil
}

// underNames are the arguments without a name under those of order.
func (c Call) underNames(order []string) (map[string]Value, error) {
	named := map[string]Value{}
	for i, v := range c.Positional {
		if i == len(order) {
			return nil, fmt.Errorf("%d arguments, at most %d", len(c.Positional), len(order))
		}
		if _, twice := c.Args[order[i]]; twice {
			return nil, fmt.Errorf("argument %s is given twice, with its name and without", order[i])
		}
		named[order[i]] = v
	}
	return named, nil
}

// Without is the call without some of its arguments.
func (c Call) Without(names ...string) Call {
	args := map[string]Value{}
	for name, v := range c.Args {
		if !slices.Contains(names, name) {
			args[name] = v
		}
	}
	c.Args = args
	return c
}

// A Value is a Python literal: nil (None), bool, int64, float64, string, []Value (list or tuple), Dict, or Call
// (a name, or a call).
type Value any

// A Dict keeps the order of its entries.
type Dict []Entry

// An Entry is one key of a Dict.
type Entry struct{ Key, Value Value }

// Fit is a checked fit_params text with Keras' defaults filled in.
type Fit struct {
	BatchSize    int // default 32
	Epochs       int // passes over the shard per iteration, default 1
	InitialEpoch int // default 0: epochs run from InitialEpoch to Epochs
	Shuffle      bool
	// ShuffleBatches is shuffle='batch': the order of the batches is shuffled, the rows of a batch stay together.
	// Shuffle is true as well.
	ShuffleBatches bool
	StepsPerEpoch  int             // 0: until the rows are used up
	Verbose        int             // 0, 1, 2; default 1
	ClassWeight    map[int]float64 // nil: all 1
	// ClassWeightByValue is used instead where the text names classes by their values; who knows these makes it ClassWeight.
	ClassWeightByValue map[string]float64
	// Callbacks in the order given, without the names of modules. Which there are, and their arguments, is for package callback.
	Callbacks []Call
	// Notices are sentences about arguments that change nothing.
	Notices []string
}
