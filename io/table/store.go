package table

import (
	"context"
	"fmt"
	"time"
)

// A Store is a place where tables live. It is safe for concurrent use.
type Store interface {
	// Ref is the store's address without secrets.
	Ref() string
	// Options are those that the store was opened with. Workers of other processes connect with them too (Connect).
	Options() OpenOptions
	// Connections is how many readers and writers a command should have open at once in all its processes, each of which holds a connection
	// or files, where it holds so many connections besides: a claim, a snapshot and an output hold one each. It may be too few for any, even below
	// 0, where whoever opened the store allows it little.
	Connections(held int) int
	// CheckElsewhere reports that processes on other machines cannot reach the store, as far as its address tells.
	CheckElsewhere() error
	// Lookup describes a table or view. A table that is not there is ErrNotExist (errors.Is).
	Lookup(ctx context.Context, name Name) (*Info, error)
	// List names the tables of the store's default schema, sorted.
	List(ctx context.Context) ([]Name, error)
	// Snapshot freezes the view of one table. Close it when all partitions are read.
	Snapshot(ctx context.Context, name Name) (Snapshot, error)
	// Read opens a partition of a snapshot, in any process connected to the store while the snapshot is open.
	Read(ctx context.Context, p Partition, opt ReadOptions) (Reader, error)
	// Create starts an output of one or several tables. Nothing is visible until Commit.
	Create(ctx context.Context, opt CreateOptions) (Output, error)
	// Append opens a part of an output started by Create, in any process connected to the store.
	Append(ctx context.Context, part Part) (Writer, error)
	// Fetch reads a part of an output's ordered table that is written and closed, in any process connected to the store, while the
	// output is neither committed nor aborted. It is for small parts: all rows are in memory. A part that is not there is
	// ErrNotExist.
	Fetch(ctx context.Context, part Part) (*Batch, error)
	// Owned reports, in any process connected to the store, whether the process that started an output lives and has neither
	// committed nor aborted it.
	Owned(ctx context.Context, output string) (bool, error)
	// Mutate changes the rows of one small table under a lock, in one transaction. When fn fails nothing has changed.
	Mutate(ctx context.Context, name Name, fn func(Tx) error) error
	// Drop removes tables, all in one change or, where one cannot be removed, none. A table that is not there is ErrNotExist
	// unless ifExists. It returns those that were there, in no order.
	Drop(ctx context.Context, names []Name, ifExists bool) ([]Name, error)
	// Claim keeps names, all or none, for one who is going to make tables of them, so that a second one learns so before the work and not
	// at Commit. It holds among all that use the store, from any machine, until Release, Close or the end of the process, and keeps
	// nobody from reading or writing but other claims. A name that is claimed is ErrClaimed, with the note of the one who has it (ClaimNote).
	Claim(ctx context.Context, note string, names ...Name) (Claim, error)
	// Now is what the clock of the store reads, without a time zone: on a server its own, in the time zone that it has for the user.
	Now(ctx context.Context) (time.Time, error)
	// Record keeps a row for a run that begins, and holds it as one whose process lives until its End, Close or the end of the
	// process. The row is no table of the store's, and not to have it hinders no other call. An ID that is taken is ErrExist.
	Record(ctx context.Context, run Run) (RunRecord, error)
	// Runs are the runs that the user may see, those that began last first.
	Runs(ctx context.Context) ([]Run, error)
	// CancelRun asks a run of the user's to stop, which its Beat tells it. One that is not there is ErrNotExist; one that has ended is
	// an error too.
	CancelRun(ctx context.Context, id string) error
	// Close frees the connection or files. Outputs that are neither committed nor aborted are aborted, claims released. Closing
	// again does nothing.
	Close() error
}

// CheckConnections reports that a store allows fewer connections than a command must have at a time, which would wait for one in vain.
func CheckConnections(s Store, command string, needs int) error {
	if has := s.Connections(0); has < needs {
		return fmt.Errorf("%w: %s needs %d connections at a time, and the store has %d: pool_max_conns must be greater by %d", ErrURL, command, needs, has, needs-has)
	}
	return nil
}

// Info describes a table or view.
type Info struct {
	Name   Name // with the schema filled in where the store has schemas
	Schema Schema
	// Rows is the exact number of rows when Exact, else the store's estimate, -1 when it has none.
	Rows  int64
	Exact bool
}

// A Snapshot is a frozen view of one table. While it is open, replacing or dropping the table may wait for Close.
type Snapshot interface {
	// Info describes the table; Rows is exact.
	Info() Info
	// Partitions cuts the snapshot into at most n parts of about equal size, in row order, none empty. A table without
	// rows has none.
	Partitions(ctx context.Context, n int) ([]Partition, error)
	// Cut is Partitions with places given: one partition ends and the next begins before each of these rows, ascending numbers above
	// 0 and below Rows. A view or another table that its store cannot cut at single rows is one partition.
	Cut(ctx context.Context, before []int64) ([]Partition, error)
	// Close ends the snapshot; its partitions can no longer be opened.
	Close() error
}

// A Partition is a part of a snapshot. It is small, holds no secret and can be encoded as JSON.
type Partition struct {
	Table Name
	// Token is the store's own address of the part.
	Token string
	// FirstRow is the number of the part's first row in the snapshot, counted from 0, and Rows the number of its rows.
	FirstRow, Rows int64
}

// ReadOptions choose what a Reader returns.
type ReadOptions struct {
	// Columns in the order wanted; nil: all.
	Columns []string
	// Float32 names those of the columns, arrays of numbers, whose elements are wanted as float32, rounded as SQL's cast
	// to real[] does. Their type in the batches is real[]. An element out of float32's range is a *ValueError.
	Float32 []string
	// BatchRows is the most rows per batch; 0: those that the store chooses, a few MB, which it gives at most in any case.
	BatchRows int
	// Only are the rows of the partition that are wanted; nil: all. What others hold is not looked at where the store can tell rows apart
	// without.
	Only *Selection
}

// A Reader returns the rows of a partition, in row order.
type Reader interface {
	// Schema is that of the batches.
	Schema() Schema
	// Next returns the next batch, which is valid until the call after it, or io.EOF. Values of type bytea may be kept: the
	// reader never writes to their memory again.
	Next(ctx context.Context) (*Batch, error)
	Close() error
}

// CreateOptions describe the tables of an Output.
type CreateOptions struct {
	Tables []TableSpec
	// Removes are tables that Commit takes away, in the same change. One that is not there is no error; one that something else in the
	// store needs, as a view does, stays without rows.
	Removes []Name
	// Scratch, where it is not "", says that all parts are written by this process and through this store, and names a folder where a store
	// may keep what they hold until Commit. The parts of such an output cannot be fetched, and nobody else is told that it is Owned.
	Scratch string
	// Transient says that the output is never committed: Commit is an error. Its parts serve a job at work, and its tables are never seen.
	Transient bool
}

// A TableSpec describes one table of an Output.
type TableSpec struct {
	Name   Name
	Schema Schema
	// Replace lets Commit put the table in the place of an existing one; else an existing table is ErrExist, at Create and
	// again at Commit. What else the store keeps of the table (grants, policies, indexes, ...) is kept; where that is not
	// possible the table is ErrExist too, and the error names what would be lost.
	Replace bool
	// Ordered keeps the rows in the order of their parts' keys (compared as text). Else their order is not defined.
	Ordered bool
}

// An Output is a set of tables being written.
type Output interface {
	// ID addresses the output in Part; it is safe in logs and pipeline graphs.
	ID() string
	// Commit makes all tables visible at once with the rows of all parts. When it fails nothing is visible, and Abort is
	// still to be called.
	Commit(ctx context.Context) error
	// Abort drops what was written, also when its context has ended already. After Commit it does nothing.
	Abort(ctx context.Context) error
}

// A Part addresses the rows one worker writes.
type Part struct {
	Output string // Output.ID
	Table  int    // index into CreateOptions.Tables
	Key    string // letters, digits, - and _; a key that is already written is skipped as a whole
}

// A Writer writes the rows of a part.
type Writer interface {
	// Write adds rows. The batch's schema must equal the table's. A value that cannot be stored is a *ValueError whose row
	// is counted within the part.
	Write(ctx context.Context, b *Batch) error
	// Close makes the part durable. Without Close, or after an error, the part does not exist.
	Close(ctx context.Context) error
	// Discard gives the part up; after Close it does nothing.
	Discard() error
}

// A Tx changes one small table.
type Tx interface {
	// Schema is the table's, nil when it does not exist.
	Schema() Schema
	// Create makes the table, which must not exist.
	Create(s Schema) error
	// Rows reads all rows of the named columns (nil: all).
	Rows(columns []string) (*Batch, error)
	// Insert adds rows. Values of type bytea may be large and are not copied: they must stay as they are until Mutate returns.
	Insert(b *Batch) error
	// Delete removes the rows in which the integer column has the value and counts them.
	Delete(column string, value int64) (int64, error)
	// Drop removes the table, with the other changes.
	Drop() error
}
