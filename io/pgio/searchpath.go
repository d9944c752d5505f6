package pgio

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// safePath is the search path of every session. Nobody but the server's owner can create anything in pg_catalog, and nothing is
// looked for in pg_temp that pg_catalog has, so no name in a statement can mean what somebody else has planted.
const safePath = "pg_catalog, pg_temp"

// pathKey is where a connection keeps the search path that its session had at first: the user's own.
const pathKey = "beamfit search path"

// usePath sets a new session up: it notes the user's search path and puts the safe one in its place, and other settings in the places of the
// user's. Until then every name must be qualified.
func usePath(ctx context.Context, conn *pgx.Conn, toast *toastRule) error {
	defer waiting(conn)()
	results, err := conn.PgConn().Exec(ctx, "SELECT pg_catalog.current_setting('search_path'), pg_catalog.pg_backend_pid();\n"+
		"SELECT pg_catalog.set_config('search_path', '"+safePath+"', false);\n"+setKnown(textSettings, lastingSettings)+";\n"+toast.statement()).ReadAll()
	if err != nil {
		return err
	}
	toast.learn(len(results[3].Rows) > 0)
	conn.PgConn().CustomData()[pathKey] = string(results[0].Rows[0][0])
	if l := linkOf(conn); l != nil {
		pid, err := strconv.ParseUint(string(results[0].Rows[0][1]), 10, 32)
		if err != nil {
			return err
		}
		l.pid.Store(uint32(pid))
	}
	return nil
}

// setPath is the statement that changes the search path for the rest of the transaction.
func setPath(path string) string {
	return "SELECT pg_catalog.set_config('search_path', " + literal(path) + ", true)"
}

// usersPath is the statement after which functions of users run, until the transaction ends, as in a session of their own.
func usersPath(conn *pgx.Conn) string {
	return setPath(conn.PgConn().CustomData()[pathKey].(string))
}

// inUsersPath makes of a statement three, so that it runs under the user's search path. Two kinds of statements need it: those
// that touch users' rows, for triggers, views, policies and constraints may call functions that look along the path; and those
// that ask what a name means to the user. Every function, operator, type and relation in such a statement is qualified; all
// other statements run under safePath.
func inUsersPath(conn *pgx.Conn, statement string) string {
	return usersPath(conn) + ";\n" + statement + ";\n" + setPath(safePath)
}

// queryInUsersPath runs a statement under the user's search path and returns its rows, in text form. Without a transaction it is one
// of its own.
func queryInUsersPath(ctx context.Context, conn *pgx.Conn, statement string) (*pgconn.Result, error) {
	defer waiting(conn)()
	results, err := conn.PgConn().Exec(ctx, inUsersPath(conn, statement)).ReadAll()
	if err != nil {
		return nil, orStall(conn, err)
	}
	return results[1], nil
}

// scanRows hands the fields of each row to dst, by fmt's rules for words, and calls fn.
func scanRows(r *pgconn.Result, fn func() error, dst ...any) error {
	for _, row := range r.Rows {
		if len(row) != len(dst) {
			return fmt.Errorf("a row of %d fields, expected %d", len(row), len(dst))
		}
		for i, field := range row {
			if _, err := fmt.Sscan(string(field), dst[i]); err != nil {
				return fmt.Errorf("field %q: %w", field, err)
			}
		}
		if err := fn(); err != nil {
			return err
		}
	}
	return nil
}

// meaning is the object id that a function of pg_catalog (to_regclass, to_regtype) finds for a name along the user's search path,
// 0 where there is none.
func meaning(ctx context.Context, conn *pgx.Conn, function, name string) (oid uint32, err error) {
	r, err := queryInUsersPath(ctx, conn, "SELECT pg_catalog."+function+"("+literal(name)+")::pg_catalog.oid")
	if err != nil || r.Rows[0][0] == nil {
		return 0, err
	}
	err = scanRows(r, func() error { return nil }, &oid)
	return oid, err
}

// firstSchema is where tables are made whose names have no schema: the first of the user's search path, "" where there is none.
func firstSchema(ctx context.Context, conn *pgx.Conn) (string, error) {
	r, err := queryInUsersPath(ctx, conn, "SELECT pg_catalog.current_schema()")
	if err != nil {
		return "", err
	}
	return string(r.Rows[0][0]), nil
}
