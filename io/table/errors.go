package table

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/beamfit/beamfit/model/nearest"
)

// What callers ask of an error with errors.Is.
var (
	ErrNotExist   = errors.New("does not exist")
	ErrExist      = errors.New("already exists")
	ErrPermission = errors.New("permission denied")
	ErrCorrupt    = errors.New("corrupt")
	// ErrURL: the URL of a store is none, or asks for what its server refuses.
	ErrURL = errors.New("store URL")
	// ErrUnavailable: the store cannot be reached now; later it may.
	ErrUnavailable = errors.New("cannot be reached")
	// ErrChanged: a table that is read again has other rows than before.
	ErrChanged = errors.New("the table has changed since it was first read")
	// ErrFull: no space is left where the store writes.
	ErrFull = errors.New("no space left")
	// ErrClaimed: another has claimed the name (Store.Claim).
	ErrClaimed = errors.New("is being made by another command")
)

// IsFull tells whether an error of the operating system is what ErrFull is for: a disk or a quota without room.
func IsFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// Kinds are the errors above, for those who take errors from one process to another.
func Kinds() []error {
	return []error{ErrNotExist, ErrExist, ErrPermission, ErrCorrupt, ErrURL, ErrUnavailable, ErrChanged, ErrFull, ErrClaimed}
}

// A TableError is an error about one table.
type TableError struct {
	Table Name
	Err   error
}

func (e *TableError) Error() string { return fmt.Sprintf("table %s: %v", e.Table, e.Err) }
func (e *TableError) Unwrap() error { return e.Err }

// OfTable is an error about a table; nil: there is none. A *ColumnError of no table gets the name, other errors that say where they are
// stay as they are, and the rest become a *TableError.
func OfTable(name Name, err error) error {
	var column *ColumnError
	var value *ValueError
	var about *TableError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &column):
		if column.Table == (Name{}) {
			column.Table = name
		}
		return err
	case errors.As(err, &value), errors.As(err, &about):
		return err
	}
	return &TableError{Table: name, Err: err}
}

// mostColumns are listed in an error whole.
const mostColumns = 10

// A ColumnError is a column that a table lacks.
type ColumnError struct {
	Table   Name // zero where not known
	Column  string
	Columns []string // those that exist
}

func (e *ColumnError) Error() string {
	where := ""
	if e.Table != (Name{}) {
		where = fmt.Sprintf("table %s: ", e.Table)
	}
	return fmt.Sprintf("%scolumn %q does not exist; %s", where, e.Column, e.columns())
}

// columns are those that exist: the one that is meant where only the case differs, of many the nearest.
func (e *ColumnError) columns() string {
	for _, c := range e.Columns {
		switch quoted := `"` + strings.ReplaceAll(c, `"`, `""`) + `"`; {
		case !strings.EqualFold(c, e.Column):
		case Quote(c) == c:
			return fmt.Sprintf("column %s does, without capitals", c)
		default:
			return fmt.Sprintf("column %s does: a name with capitals needs double quotes, in a shell '%s'", quoted, quoted)
		}
	}
	if near := nearest.Names(e.Column, e.Columns); len(e.Columns) > mostColumns {
		return fmt.Sprintf("the nearest of its %d columns are %s", len(e.Columns), QuoteAll(near))
	}
	return "the columns are " + QuoteAll(e.Columns)
}

func (e *ColumnError) Unwrap() error { return ErrNotExist }

// A ValueError is a value that cannot be used, with its place. Row is counted from 1; 0: all rows.
type ValueError struct {
	Table  Name
	Column string
	Row    int64
	Err    error
}

func (e *ValueError) Error() string {
	if e.Row == 0 {
		return fmt.Sprintf("table %s, column %q: %v", e.Table, e.Column, e.Err)
	}
	return fmt.Sprintf("table %s, column %q, row %d: %v", e.Table, e.Column, e.Row, e.Err)
}
func (e *ValueError) Unwrap() error { return e.Err }
