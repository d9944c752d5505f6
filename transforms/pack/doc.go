// Package pack turns the rows of a table into the buffers of a packed table.
//
// Words: row numbers count the rows of the source from 0. The position of a row is where it goes: position p is row p mod
// BufferSize of buffer p / BufferSize. The buffers of a shard follow each other (packed.ShardOf). A group is a few whole buffers.
//
// # The way of a row
//
//	partition --spill--> rows in scratch files --GroupByKey on the group--> assemble --> buffers --> a part of the output
//
// The rows themselves do not travel through the pipeline, only where they wait does (Spilled), where all workers share a scratch folder: local
// runners keep all elements of a GroupByKey in memory. A reader turns rows into
// records of fixed length, collects as many bytes as a group has, and writes them to its scratch file sorted by group. The
// DoFn behind the GroupByKey puts the records of a group into their places and writes its buffers. So a worker holds one
// group, or one buffer where that is larger, and a batch or two of rows, however large the table is; the scratch folder
// holds the table once.
//
// Workers of engines share no folder, and engines sort and spill by themselves, so on them rows do travel, as Arrow record batches:
//
//	partition --send--> record batches --GroupByKey on the group--> receive --> buffers --> a part of the output
//
// Flink takes little from a bundle, and holds all values of a key in memory. There (Plan.Portions) a reader stops when it has given on a portion (package
// portions), and goes on with the next bundle:
//
//	partition --send, in portions--> record batches --by group, one by one--> receive --> buffers --> a part of the output
//
// # Guarantees
//
// The output depends on the rows, their order, the plan and its seed only: not on partitions, workers or the runner. It
// is written whole or not at all: by the table.Output of the plan, which the caller commits.
//
// # Failure
//
// A value that cannot be packed (a feature or numeric label that is NULL, NaN, infinite or out of range; an array of another shape than the first row's) is a
// *table.ValueError with its column and row. Plan.Check reports buffers that are too large before any work.
package pack
