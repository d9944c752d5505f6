package pgio

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// spooledRows are the rows of the parts of one table, in a spool. Their staging table is empty until they are placed.
type spooledRows struct {
	in     table.Name
	spec   table.TableSpec
	cols   []column
	spool  *spool
	parts  map[string]*spooled // by key
	freeze bool                // see spooler
}

func (r spooledRows) staging() table.Name { return r.in }

func (r spooledRows) become(ctx context.Context, conn *pgx.Conn) error {
	var options []string
	if r.freeze {
		options = append(options, "FREEZE")
	}
	if _, err := r.send(ctx, conn, r.in, options...); err != nil {
		return err
	}
	return exec(ctx, conn, renameSQL(r.in, r.spec))
}

// fill copies into the table itself where the rows have an order: COPY fills page after page of a table that was emptied in the same
// transaction, where INSERT does not. Else they are inserted, for COPY takes no table with row-level security.
func (r spooledRows) fill(ctx context.Context, conn *pgx.Conn) (put, error) {
	if r.spec.Ordered {
		return r.send(ctx, conn, r.spec.Name)
	}
	n, err := r.send(ctx, conn, r.in)
	if err == nil {
		n.kept, err = insertRows(ctx, conn, r.in, r.spec)
	}
	return n, err
}

// send copies the parts, in the order of their keys.
func (r spooledRows) send(ctx context.Context, conn *pgx.Conn, into table.Name, options ...string) (n put, err error) {
	enc, err := newEncoder(r.cols, "")
	if err != nil {
		return n, err
	}
	readers := []io.Reader{bytes.NewReader(enc.begin(nil))}
	for _, key := range slices.Sorted(maps.Keys(r.parts)) {
		readers = append(readers, r.spool.read(r.parts[key]))
		n.rows += r.parts[key].rows
	}
	readers = append(readers, bytes.NewReader(enc.end(nil)))
	if err := exec(ctx, conn, usersPath(conn)); err != nil {
		return n, err
	}
	tag, err := copyFrom(ctx, conn, &untilEnd{ctx, io.MultiReader(readers...)}, enc.sql(into, options...))
	if err != nil {
		return n, err
	}
	n.kept = tag.RowsAffected()
	return n, exec(ctx, conn, setPath(safePath))
}

// untilEnd reads until its context ends.
type untilEnd struct {
	ctx  context.Context
	from io.Reader
}

func (r *untilEnd) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(b)
}
