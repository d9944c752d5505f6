// Package trainer trains, evaluates and runs Keras models on one shard of data.
//
//	m, err := trainer.New(trainer.Config{Spec: spec, Compile: compile})
//	r, err := m.Train(ctx, trainer.TrainInput{Data: shard, Weights: w, State: m.NewState(), Fit: fit, ...})
//	s, err := m.Evaluate(ctx, shard, r.Weights)
//	err = m.Predict(ctx, inputs, rows, r.Weights, outputs)
//
// # Vocabulary
//
// A buffer is many packed rows, a shard the buffers that one worker trains on (a Dataset). A walk goes over all
// rows of a shard once; a pass, an epoch of fit_params, is a walk, or with steps_per_epoch a stretch of one; an iteration is what one Train call does, or several do, each a Part of it: the passes that fit_params ask for, from given weights. A
// step is one batch: its gradients and one update by the optimizer. Weights are the flat vector of P float32 in Keras
// get_weights order. State is what the optimizer remembers; it stays with its shard from one iteration to the next.
//
// # How it follows Keras
//
// A walk draws batches of batch_size rows without gaps across buffers; the last batch of a walk may be short and is
// trained on as it is. Constraints act on the weights after every step; with use_ema the averages of the weights become
// the weights where Train ends, as where a Keras fit ends. With shuffle, every walk has its own permutation of the
// whole shard. The loss of a batch is Σ_outputs loss_weight·mean over the rows of class_weight·loss, or of the row's weight times the loss where rows have
// weights: Keras' sample_weight. Frozen layers
// (trainable: false) keep their weights; a frozen batch normalisation uses its moving statistics. A loss or weight that
// becomes NaN or infinite does not stop training. With steps_per_epoch a pass goes on where the one before has ended, and ends where
// the rows are used up; the next one then begins a new walk. A score has no class weights and no dropout; its loss is a mean over rows, each times its weight where rows have weights, its metrics are those of
// all rows at once. Of a loss that looks at all rows of a batch (circle) it is the mean over batches of EvaluationBatch rows, weighted
// by their rows, which are taken one after the other from the first row of a dataset on.
//
// # Labels
//
// Labels are one-hot, or numbers (Buffer.Numbers) for regression. Two classes are the numbers 0 and 1 of an output of one unit. One number per row for a wider output whose loss is one of
// class numbers (sparse_categorical_crossentropy) is a class number and becomes one-hot. A class that the loss ignores
// (ignore_class) counts neither in the mean of a batch nor in that of a score. What else a loss may take says loss.Labels: class
// numbers, or classes, that have nothing to do with the output (circle), and sequences of class numbers (ctc).
//
// An output of several dimensions is compared step by step, a step being what its last dimension holds: its labels are numbers, as many as the output's
// or a class number per step. The loss of a row is the mean of its steps.
//
// # Guarantees
//
// A Model is safe for concurrent use and allocates nothing in a step. It never changes or keeps a slice that it was
// given. Memory of the host that it keeps between calls is the collector's to take; that of a device stays, until others need it there or Close. Train's result depends on its input only, bit by bit: not on the number of cores or on other calls. Scores merge
// in any order to the same bits; where a loss looks at all rows of a batch, those of parts that begin at multiples of EvaluationBatch.
//
// Between two parts of an iteration that cut a pass a Model keeps the order of the pass of every shard, 4 bytes a row, since to make it takes as long as
// there are rows, however few steps a part has.
//
// # Cores
//
// A batch with work enough is cut into slices, whose gradients are computed apart and summed in a fixed order (plan.Split).
// Into how many depends on the network and the batch alone, so the bits of the result do not depend on how many cores take
// part: a lone core does one slice after the other. While a step runs, Train borrows cores that TrainInput.Cores finds idle.
// Slices wait for each other where a layer looks at the whole batch (batch normalisation), and tell each other their sums. A batch
// whose loss looks at all its rows is never cut. The step of a batch that is one slice lends the cores to its instructions
// (plan.Step.Crew).
//
// # Failure
//
// New checks everything that does not need data: layers, optimizer, loss, metrics, widths. CheckFit and CheckBuffer check
// the rest before any work. A cancelled context ends Train, Evaluate and Predict within a step, with the context's error.
package trainer
