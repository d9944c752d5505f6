package madlib

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
)

// An Error is one as PostgreSQL reports it.
type Error struct{ Code, Message, Detail, Hint string }

func (e *Error) Error() string { return e.Message }

// invalid is the error of an argument whose value cannot be used.
func invalid(format string, args ...any) error {
	return &Error{Code: "22023", Message: fmt.Sprintf(format, args...)}
}

// unsupported is the error of what beamfit does not have.
func unsupported(hint, format string, args ...any) error {
	return &Error{Code: "0A000", Message: fmt.Sprintf(format, args...), Hint: hint}
}

// raised is the SQLSTATE of errors that functions raise without one of their own.
const raised = "P0001"

// states are the SQLSTATEs of errors of stores, the most telling first.
var states = []struct {
	kind       error
	code, hint string
}{
	{table.ErrClaimed, "55006", ""},
	{table.ErrChanged, "40001", "Call the function in a transaction that is REPEATABLE READ, or while nobody changes the table."},
	{table.ErrExist, "42P07", ""},
	{table.ErrPermission, "42501", ""},
	{table.ErrFull, "53100", ""},
	{table.ErrCorrupt, "XX001", ""},
	{table.ErrUnavailable, "08006", ""},
	{table.ErrNotExist, "42P01", ""},
}

// quoted are the texts in the message of an error that are not beamfit's: what the server says, and failures of the operating system with their paths.
func quoted(err error) (texts []string) {
	switch e := err.(type) {
	case *pgconn.PgError:
		texts = append(texts, e.Message)
	case *fs.PathError, *os.LinkError:
		texts = append(texts, e.Error())
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		texts = append(texts, quoted(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			texts = append(texts, quoted(err)...)
		}
	}
	return texts
}

// AsError gives an error of a job its form in PostgreSQL, in the words of SQL. An error of the server keeps its own code, message, detail and hint.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	e = &Error{Code: raised, Message: reword(err.Error(), quoted(err)...)}
	var pg *pgconn.PgError
	var column *table.ColumnError
	var value *table.ValueError
	var argument *pipelines.ArgumentError
	switch {
	case errors.Is(err, context.Canceled):
		return &Error{Code: "57014", Message: "canceling statement due to user request"}
	case errors.As(err, &pg):
		e.Code, e.Hint = pg.Code, pg.Hint
		return e
	case errors.As(err, &column):
		e.Code = "42703"
		return e
	case errors.As(err, &value), errors.As(err, &argument):
		e.Code = "22023"
	}
	for _, s := range states {
		if errors.Is(err, s.kind) {
			e.Code, e.Hint = s.code, s.hint
			return e
		}
	}
	if about := (*table.TableError)(nil); e.Code == raised && errors.As(err, &about) {
		e.Code = "55000" // the table is not in the state that it must be in
	}
	return e
}
