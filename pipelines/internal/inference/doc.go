// Package inference predicts the rows of a table: which columns are the model's inputs, what its outputs mean, and the pipeline.
//
//	partitions of the test table --> infer.Predict (read, predict, rank, write) --> rows of the output, counts
//
// What an output means is decided here once, for the jobs and for models in memory: classes and their values, numbers, or sequences, by
// the summary of the training rows (OutputsOf), as the trainer took its labels (trainer.MeaningOf), or by arguments (GivenOutputs).
//
// Checks come in MADlib's order, before any work; the first row is predicted for its shapes before the output is made. The output appears
// whole or not at all.
package inference
