// Package dataset holds packed tables, in memory or in a scratch file, while a run trains or scores on them.
//
// Words: a Set is one packed table; a shard is the part of it that one worker trains on: all buffers with the same
// __dist_key__, one after the other in the order of buffer_id, and in that of the table's rows where several have the same, as where
// two tables were put together. A table without that column is one shard. Shards are numbered from 0 in the order of their keys. A piece
// is some thousand rows of a shard.
//
// Open reads only the columns that describe the buffers (their keys, numbers and shapes), checks all shapes against the model and
// says what the shards are. A Shard is a value that any worker can load from: store, table, layout and the partitions with its
// buffers. Where the buffers of a shard follow each other in the table, as preprocess writes them, those partitions hold no others,
// so that a worker reads its shards and nothing else. Where they do not, or the store cannot cut the table (a view), Load reads each partition
// once for all shards of its bundle, which are all that there are where one process works; a worker that gets one of them later reads
// all of its partitions for that one. Nobody keeps a buffer of a shard that was not asked for.
//
// Rows are read into Arrow buffers when a process first needs them, and stay for the run (bundle.Once). A shard for which the run has no memory
// left (bundle.Run.Reserve) is written to a scratch file of the process instead, row by row, and each batch of every walk is read from there,
// some batches ahead: the same rows in the same order. Load is the stage that needs them
// first: training begins when all tables are read, so that bad rows are found before any work. A worker that takes the place of another
// one, or gets its shard, reads it again. What travels through the pipeline are descriptions of shards and pieces.
//
// Failure: NULL values, shapes that differ from the model's, columns that disagree on their rows, values whose length is not
// that of their shape and labels that the model's loss cannot have are errors that name table, column and row. A shard that was read
// before, and has other values when it is read again, is a *table.TableError that is table.ErrChanged (Shard.Digest).
package dataset
