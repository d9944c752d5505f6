package pgio

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/beamfit/beamfit/io/table"
)

// exec runs statements that return nothing, in one round trip. Several of them are separated by semicolons.
func exec(ctx context.Context, conn *pgx.Conn, statements ...string) error {
	defer waiting(conn)()
	return orStall(conn, conn.PgConn().Exec(ctx, strings.Join(statements, ";\n")).Close())
}

// copyTo runs a COPY whose rows go to w. While w waits for somebody it says so by resting.
func copyTo(ctx context.Context, conn *pgx.Conn, w io.Writer, sql string) (pgconn.CommandTag, error) {
	defer waiting(conn)()
	tag, err := conn.PgConn().CopyTo(ctx, w, sql)
	return tag, orStall(conn, err)
}

// copyFrom runs a COPY whose rows come from r. While r waits for somebody it says so by resting.
func copyFrom(ctx context.Context, conn *pgx.Conn, r io.Reader, sql string) (pgconn.CommandTag, error) {
	defer waiting(conn)()
	tag, err := conn.PgConn().CopyFrom(ctx, r, sql)
	return tag, orStall(conn, err)
}

// beginWrite begins every transaction that changes something. Whoever waited for a lock must see what the holder did,
// whatever level the user has made the default.
const beginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED"

// once is for statements that hold the name of a table: they are not worth preparing.
const once = pgx.QueryExecModeExec

// endSession rolls back what is open on a connection and gives it back to the pool, which drops it when it is broken.
func endSession(conn *pgxpool.Conn) {
	if raw := conn.Conn(); !raw.IsClosed() && raw.PgConn().TxStatus() != 'I' && !raw.PgConn().IsBusy() {
		ctx, cancel := context.WithTimeout(context.Background(), cancelDeadline)
		defer cancel()
		_ = exec(ctx, raw, "ROLLBACK") // a connection that cannot do this is dropped
	}
	conn.Release()
}

// quote writes an identifier.
func quote(ident string) string { return pgx.Identifier{ident}.Sanitize() }

// quoteName writes a table's name, with its schema where it has one.
func quoteName(n table.Name) string {
	if n.Schema == "" {
		return quote(n.Table)
	}
	return pgx.Identifier{n.Schema, n.Table}.Sanitize()
}

func quoteNames(names []table.Name) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quoteName(n)
	}
	return strings.Join(out, ", ")
}

func quoteColumns(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quote(n)
	}
	return strings.Join(out, ", ")
}

// maxIdent is the longest identifier in bytes; PostgreSQL cuts longer ones silently.
const maxIdent = 63

// literal writes a string constant.
func literal(s string) string {
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
}

const lockNotAvailable = "55P03"

// lockAlone takes the locks that dropping tables needs, all or none. It never waits in the server's queue, nor with some of the
// locks: there it would keep out the readers of a snapshot that is open already, which it waits for.
func lockAlone(ctx context.Context, conn *pgx.Conn, names ...table.Name) error {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 250*time.Millisecond) {
		err := exec(ctx, conn, "SAVEPOINT lock_alone", "LOCK TABLE "+quoteNames(names)+" IN ACCESS EXCLUSIVE MODE NOWAIT")
		if err == nil {
			return exec(ctx, conn, "RELEASE SAVEPOINT lock_alone")
		}
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != lockNotAvailable {
			return err
		}
		if err := exec(ctx, conn, "ROLLBACK TO SAVEPOINT lock_alone", "RELEASE SAVEPOINT lock_alone"); err != nil {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
