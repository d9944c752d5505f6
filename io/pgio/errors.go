package pgio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/beamfit/beamfit/io/table"
)

// sqlStates maps SQLSTATE codes, or their first two characters, to what callers ask for.
var sqlStates = map[string]error{
	"42501": table.ErrPermission, // insufficient_privilege
	"25006": table.ErrPermission, // read_only_sql_transaction
	"28":    table.ErrPermission, // invalid authorization
	"42P01": table.ErrNotExist,   // undefined_table
	"42704": table.ErrNotExist,   // undefined_object
	"3D000": table.ErrNotExist,   // database
	"3F000": table.ErrNotExist,   // schema
	"42P07": table.ErrExist,      // duplicate_table
	"42710": table.ErrExist,      // duplicate_object
	"53100": table.ErrFull,       // disk_full
	"53300": table.ErrUnavailable,
	"57P01": table.ErrUnavailable, // admin_shutdown
	"57P02": table.ErrUnavailable, // crash_shutdown
	"57P03": table.ErrUnavailable, // cannot_connect_now
	"08":    table.ErrUnavailable, // connection exceptions
	"XX001": table.ErrCorrupt,
	"XX002": table.ErrCorrupt,
}

const queryCanceled = "57014"

// A serverError is an error message of the server.
type serverError struct {
	kind error // one of table's sentinels, or nil
	pg   *pgconn.PgError
}

func (e *serverError) Error() string {
	text := e.pg.Message
	if e.pg.Detail != "" {
		text += ": " + e.pg.Detail
	}
	return fmt.Sprintf("%s (SQLSTATE %s)", text, e.pg.Code)
}

func (e *serverError) Unwrap() []error {
	if e.kind == nil {
		return []error{e.pg}
	}
	return []error{e.kind, e.pg}
}

// A wrappedError is a serverError with words around it.
type wrappedError struct {
	text string
	*serverError
}

func (e *wrappedError) Error() string { return e.text }

// explain gives an error of pgx its meaning for callers: the context's error when the context has ended, a serverError
// for what the server said, ErrUnavailable when the connection was lost.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	isPg := errors.As(err, &pg)
	var network net.Error
	lost := errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, pgconn.ErrConnClosed)
	if ended := ctx.Err(); ended != nil && (errors.Is(err, ended) || isPg && pg.Code == queryCanceled || lost) {
		return ended
	}
	var already *serverError
	var wrapped *wrappedError
	var stalled *stallError
	switch {
	case errors.As(err, &already), errors.As(err, &wrapped):
		return err
	case isPg:
		e := &serverError{kind: kindOf(pg), pg: pg}
		return &wrappedError{strings.Replace(err.Error(), pg.Error(), e.Error(), 1), e}
	case errors.As(err, &stalled):
		return fmt.Errorf("the connection to PostgreSQL was lost: %w", stalled)
	case lost:
		return fmt.Errorf("the connection to PostgreSQL was lost: %w: %w", table.ErrUnavailable, err)
	}
	return err
}

func kindOf(pg *pgconn.PgError) error {
	if pg.Code == "23505" && (pg.ConstraintName == "pg_class_relname_nsp_index" || pg.ConstraintName == "pg_type_typname_nsp_index") {
		return table.ErrExist // two sessions created a table of one name at the same time
	}
	if kind := sqlStates[pg.Code]; kind != nil {
		return kind
	}
	if len(pg.Code) == 5 {
		return sqlStates[pg.Code[:2]]
	}
	return nil
}

// tableError is explain for an error about a table.
func tableError(ctx context.Context, name table.Name, err error) error {
	if err == nil {
		return nil
	}
	err = explain(ctx, err)
	var te *table.TableError
	var ce *table.ColumnError
	var ve *table.ValueError
	if errors.As(err, &te) || errors.As(err, &ce) || errors.As(err, &ve) {
		return err
	}
	return &table.TableError{Table: name, Err: err}
}

// connectError is the error of a failed connection: it names the server, and no secret.
func (s *store) connectError(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		e := &serverError{kind: kindOf(pg), pg: pg}
		switch {
		case strings.HasPrefix(pg.Message, "unsupported startup parameter"): // of PgBouncer, and one that the URL or a PG... variable asks for
			e.kind = table.ErrURL
		case e.kind == nil:
			e.kind = table.ErrUnavailable
		}
		return fmt.Errorf("%s: %w", s.where, e)
	}
	var ce *pgconn.ConnectError
	if errors.As(err, &ce) {
		err = ce.Unwrap()
	}
	return fmt.Errorf("%s: %w: %s", s.where, table.ErrUnavailable, onceEach(err.Error()))
}

// isFull reports that the server, or the role or database, has as many connections as it may have.
func isFull(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "53300"
}

// onceEach joins the lines of a message and drops repeated ones: pgx reports each way it tried (TLS, plain).
func onceEach(text string) string {
	var kept []string
	seen := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" && !seen[line] {
			seen[line] = true
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "; ")
}
