// Package ipcmeta reads the metadata of Arrow IPC record batches and gives columns of them as Arrow data, one by one and in
// the memory that their bytes were read into. Arrow's own reader takes a batch whole and copies every buffer.
//
// # The message
//
// A record batch is an encapsulated message: a continuation mark and the length of the metadata (Prefix), the metadata, a
// flatbuffer of type Message with a RecordBatch inside (format/Message.fbs and format/Schema.fbs of Apache Arrow), and the
// body. The metadata lists, for all columns one after the other and depth first, a node per array (its length and its number
// of NULLs) and the place of each of its buffers in the body:
//
//	type                        buffers                         children
//	bool, integers, floats      bitmap, values
//	utf8, binary                bitmap, offsets, bytes
//	list                        bitmap, offsets                 elements
//
// A column's part of the body goes from its first buffer to the first one of the next column. The parts of all columns are the
// whole body: the bytes that pad a buffer belong to it.
//
// # Failure
//
// Metadata are foreign bytes. Parse accepts only what Arrow's writers write: version 4 or 5, no compression, the buffers in
// order, without overlap, at multiples of 8, and inside the body; nodes and buffers as many as the schema has. Everything else
// is an error, never a panic, and no more memory is asked for than the metadata themselves take. What is in the buffers is
// not looked at: whoever uses an array's offsets must check them.
package ipcmeta
