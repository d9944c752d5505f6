package pgio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// A relation is a table, view or the like as the catalog knows it.
type relation struct {
	oid      uint32
	name     table.Name
	kind     string // pg_class.relkind
	estimate int64  // rows, -1 unknown
	heap     bool   // a plain heap without children: it can be cut by ctid
	owned    bool   // the user may drop it
}

// relkinds are the kinds of relations and what they are called.
var relkinds = map[string]string{
	"r": "table", "p": "partitioned table", "v": "view", "m": "materialized view", "f": "foreign table",
	"i": "index", "I": "partitioned index", "S": "sequence", "c": "composite type", "t": "TOAST table",
}

// readable relkinds can be selected from.
const readable = "rpvmf"

// find looks a relation of any kind up: in the schema, or where none is given along the search path. The error of a name
// that means nothing is table.ErrNotExist.
func find(ctx context.Context, conn *pgx.Conn, name table.Name) (relation, error) {
	r := relation{}
	err := name.Check()
	if err != nil {
		return r, err
	}
	if isTemporary(name.Schema) && !isLent(conn) {
		return r, errTemporary
	}
	visible := uint32(0)
	if name.Schema == "" {
		if visible, err = meaning(ctx, conn, "to_regclass", quote(name.Table)); err != nil {
			return r, err
		}
	}
	err = conn.QueryRow(ctx, `
		SELECT c.oid, CASE n.oid WHEN pg_my_temp_schema() THEN 'pg_temp' ELSE n.nspname::text END, c.relname::text, c.relkind::text, c.reltuples::float8::int8,
			c.relkind IN ('r', 'm') AND NOT c.relhassubclass AND coalesce(am.amname = 'heap', false),
			pg_has_role(c.relowner, 'USAGE')
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am am ON am.oid = c.relam
		WHERE c.relname = $1::text AND CASE $2::text WHEN '' THEN c.oid = $3::oid
			WHEN 'pg_temp' THEN n.oid = pg_my_temp_schema() ELSE n.nspname = $2::text END`,
		name.Table, name.Schema, visible).Scan(&r.oid, &r.name.Schema, &r.name.Table, &r.kind, &r.estimate, &r.heap, &r.owned)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, table.ErrNotExist
	}
	return r, err
}

// errTemporary: a temporary table is seen in the session that made it only, and beamfit's commands have sessions of their own.
var errTemporary = errors.New("is in a schema of temporary tables, which only the session that made a table can use; " +
	"make an ordinary one, such as CREATE TABLE name AS TABLE pg_temp.name")

// lentKey is where a connection that OpenSession was given says so.
const lentKey = "beamfit lent"

// isLent tells the session of somebody else, whose temporary tables are in sight, from one of a pool.
func isLent(conn *pgx.Conn) bool { return conn.PgConn().CustomData()[lentKey] != nil }

// isTemporary reports whether a schema is one of temporary tables.
func isTemporary(schema string) bool {
	return schema == "pg_temp" || strings.HasPrefix(schema, "pg_temp_")
}

// findReadable is find for a relation that rows can be read from.
func findReadable(ctx context.Context, conn *pgx.Conn, name table.Name) (relation, error) {
	r, err := find(ctx, conn, name)
	if err == nil && !strings.Contains(readable, r.kind) {
		return r, fmt.Errorf("is not a table but %s", article(relkinds[r.kind]))
	}
	return r, err
}

func article(noun string) string {
	if noun == "" {
		return "something else"
	}
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// Lookup describes a table, view, materialized view, foreign or partitioned table.
func (s *store) Lookup(ctx context.Context, name table.Name) (*table.Info, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	return lookup(ctx, conn.Conn(), name)
}

func lookup(ctx context.Context, conn *pgx.Conn, name table.Name) (*table.Info, error) {
	rel, err := findReadable(ctx, conn, name)
	if err != nil {
		return nil, tableError(ctx, name, err)
	}
	cols, err := describe(ctx, conn, rel.oid)
	if err != nil {
		return nil, tableError(ctx, name, err)
	}
	info := &table.Info{Name: rel.name, Schema: schemaOf(cols), Rows: rel.estimate}
	if rel.kind == "v" || rel.kind == "f" {
		info.Rows = -1
	}
	return info, nil
}

// List names what can be read in the first schema of the search path, but for what is beamfit's own.
func (s *store) List(ctx context.Context) ([]table.Name, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	return list(ctx, conn.Conn())
}

func list(ctx context.Context, conn *pgx.Conn) ([]table.Name, error) {
	schema, err := firstSchema(ctx, conn)
	if err != nil {
		return nil, explain(ctx, err)
	}
	rows, err := conn.Query(ctx, `
		SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $2::text AND c.relkind = ANY(string_to_array($1, NULL)::"char"[])`, readable, schema)
	if err != nil {
		return nil, explain(ctx, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, explain(ctx, err)
	}
	slices.Sort(found)
	var names []table.Name
	for _, n := range found {
		if !isStaging(n) && !isRunsTable(n) {
			names = append(names, table.Name{Table: n})
		}
	}
	return names, nil
}
