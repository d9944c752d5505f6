// Package tfevents writes the event files that TensorBoard reads.
//
// # Vocabulary
//
// A tag names a series of values, a step is the place of a value in it. A run is a folder of event files.
//
// # Format
//
// A file is records, one per event: the length of the data (uint64, little-endian), its checksum (uint32), the data, their checksum. A
// checksum is CRC-32C, turned by 15 bits, plus a constant. The data are a protocol buffer of type Event, of which few fields are
// written; they are put together here by their numbers.
//
// Sources: tensorflow/core/lib/io/record_writer.cc (records); tensorflow/core/util/event.proto and
// tensorflow/core/framework/summary.proto, tensor.proto (fields); tensorboard/plugins/histogram/summary_v2.py (buckets).
//
// # Guarantees
//
// Events are written when Flush is called, in one piece, so that a reader sees whole events. A Writer is for one goroutine.
//
// # Failure
//
// An error of the file is the error of Flush, and what was to be written is given up with it. NaN and infinite scalars are written as they are; a histogram
// leaves them out.
package tfevents
