// Package collect brings what a pipeline finds to whoever began it, and from one pipeline of a run to the next: weights,
// optimizer states, scores, counts, classes.
//
// Words: a Box holds values by key. A pipeline fills it (Keep); the process that began the run, or a later pipeline, reads it.
//
// # Where the values are
//
// A box is in the memory of the process that began the run, where the workers of the pipeline are that process too; values are
// passed as they are then, without a copy. Else it is an output of a store, which never becomes a table: every value is a part
// of it, of the rows
//
//	piece  integer  number of the row, from 0
//	value  bytea    up to 32 MB of the value's bytes (MarshalBinary), which are those of all rows one after the other
//
// # Guarantees
//
// A value is in the box whole or not at all. A bundle that a runner repeats puts the same value again: it takes the place of
// the first in memory, and is skipped in a store.
//
// # Failure
//
// A value that is not there is an error that wraps table.ErrNotExist and names its key. So is one that was taken (Take): a
// pipeline that asks for it twice fails, rather than to go on with something else.
package collect
