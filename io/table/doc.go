// Package table is the seam between beamfit and the places where tables live.
//
// A Store holds tables: rows of typed, named columns. io/pgio implements it for PostgreSQL, io/fileio for a folder of
// files; io/iotest is the conformance suite that both pass. Pipelines, transforms and commands know this package only.
//
// # Words
//
//	Name       a table's name as SQL reads it: unquoted parts fold to lower case, quoted parts are exact, schema.table works
//	Type       the SQL type of a column: a Kind (how values are held in memory), its SQL text and whether it is an array
//	Batch      some rows held column by column; the unit of reading and writing
//	Snapshot   one frozen view of a table: all of its partitions, wherever they are read, see the same rows
//	Partition  a part of a snapshot that one worker reads, with the number of its first row
//	Selection  some rows of a partition, by their numbers
//	Output     tables being written: staged out of sight, then made visible together by Commit, or not at all
//	Claim      a name that is kept for the command that is going to make a table of it
//	Run        a command at work, or one that has ended, with the row that the store keeps of it
//	Part       the rows one worker writes to an output under a key; writing a key twice keeps one copy
//	Ref        a store's address without secrets, safe in logs and in pipeline graphs; Connect turns it into a Store
//
// # Guarantees
//
// Rows have a stable order within a snapshot, and Partition.FirstRow numbers them across partitions, so a seeded choice
// over row numbers means the same rows to every worker. Outputs appear whole, all tables of an Output together, or not at
// all, also when the process is killed; what a killed process left behind is invisible and is removed later.
// Every call stops when its context ends, but for the last moment of Commit and Mutate: what has begun to become visible does, and
// the call says so. No error and no Ref holds a password.
//
// # Failure
//
// What a caller may ask of an error is a kind, by errors.Is: ErrNotExist, ErrExist, ErrPermission, ErrCorrupt, ErrURL, ErrUnavailable, ErrChanged, ErrFull,
// ErrClaimed (Kinds). Where it is says a type: *TableError, *ColumnError, *ValueError with the row, *ShapeError. No message has a password.
package table
