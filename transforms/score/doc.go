// Package score computes the loss and the metrics of a model over packed tables.
//
//	pieces of one or several tables ---+--> scoreFn --> Scores (partial) --> sum --> Scores, one element
//	weights --------------------------'  (side input)
//
// Words: Scores are the score of each table of a run, by the name that its dataset.Table.Role has there.
//
// Guarantees: values are those of the whole table, bit for bit the same however its rows are cut and in whatever order partial
// scores arrive (trainer.Score); for a loss that looks at all rows of a batch, however its shards are cut, since a piece holds whole
// batches of evaluation. Pieces are scored side by side on the run's workers, those of a single shard as well.
//
// Failure: a value that the model cannot take, weights of which a piece is missing, or an error of the store is the error of the run, from whatever worker, and
// there are no scores then. A loss that is NaN or infinite is a score like others.
package score
