package params

// Compile is a checked compile_params text.
type Compile struct {
	Optimizer Call
	// Loss, one per model output where given as a list or dict; a single entry serves all outputs.
	Loss []Call
	// LossOutputs names the output layer of each entry of Loss where the text gives a dict; nil: in order of the outputs.
	LossOutputs []string
	// LossText is the loss as the summary table shows it: without its outer quotes.
	LossText string
	// Metrics in the order given; empty: none.
	Metrics []Call
	// LossWeights per output; nil: all 1. LossWeightsByName is used instead where the text gives a dict.
	LossWeights       []float64
	LossWeightsByName map[string]float64
}

// A Call is a Keras object by name with arguments: adam, Adam(learning_rate=0.01).
type Call struct {
	Name string           // as written, without quotes
	Args map[string]Value // keyword arguments
	// Positional are the arguments without a name, which come first; only schedules of learning rates take them.
	Positional []Value
	Pos        int // byte offset in the text, for errors
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
}
