// Package dataset holds packed tables in memory while a run trains or scores on them.
//
// Words: a Set is one packed table; a shard is the part of it that one worker trains on: all buffers with the same
// __dist_key__, in the order of buffer_id, one after the other. A table without that column is one shard. Shards are
// numbered from 0 in the order of their keys. A piece is some thousand rows of a shard.
//
// Open reads only the columns that describe the buffers (their keys, numbers and shapes) and checks all shapes against
// the model. Load is the composite that reads the values themselves into Arrow buffers, partitions side by side; it emits
// the shards when all of them are there; Loaded emits them again in a later run. The rows stay in this process: what travels
// through the pipeline are shard numbers. All stages of a run find the buffers through bundle.Shared, and they go with the run.
//
// Failure: NULL values, shapes that differ from the model's, columns that disagree on their rows, values whose length is not
// that of their shape and labels that the model's loss cannot have (Set.Check) are errors that name table, column and row.
package dataset
