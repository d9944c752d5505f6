package pgio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// A spooledOutput keeps its parts in this process until they are sent, each table's in one COPY and in the order of their keys: no row is
// written twice, and none needs columns that say its place. Whoever has it says on which connection.
type spooledOutput struct {
	id      outputID
	specs   []table.TableSpec // names with their schema, as those of removes
	removes []table.Name
	cols    [][]column
	spool   spool
	// freeze marks rows as old ones when they are written, so that nobody who reads them has to. The transaction must not be in a savepoint.
	freeze bool

	mu    sync.Mutex
	parts []map[string]*spooled // by table and key
	state string                // how it ended, "" while it has not
}

// try makes the tables under other names, to learn whether they can be made and how their columns are written. The caller takes the
// transaction back.
func (o *spooledOutput) try(ctx context.Context, conn *pgx.Conn, opt table.CreateOptions) (err error) {
	if o.specs, o.removes, err = resolveAll(ctx, conn, opt); err != nil {
		return err
	}
	o.id = newOutputID(o.specs[0].Name.Schema)
	for i, spec := range o.specs {
		cols, err := o.tryTable(ctx, conn, o.id.rows(i, spec.Name), spec)
		if err != nil {
			return tableError(ctx, spec.Name, err)
		}
		o.cols, o.parts = append(o.cols, cols), append(o.parts, map[string]*spooled{})
	}
	return nil
}

// tryTable makes a table under another name.
func (o *spooledOutput) tryTable(ctx context.Context, conn *pgx.Conn, staging table.Name, spec table.TableSpec) ([]column, error) {
	if err := createUnordered(ctx, conn, staging, spec); err != nil {
		return nil, err
	}
	cols, err := stagingColumns(ctx, conn, staging)
	if err != nil {
		return nil, err
	}
	return cols, checkKept(ctx, conn, staging, spec)
}

// createUnordered makes a staging table whose rows need no columns that say their place, since parts are sent in their order.
func createUnordered(ctx context.Context, conn *pgx.Conn, staging table.Name, spec table.TableSpec) error {
	spec.Ordered = false
	return createStaging(ctx, conn, staging, spec)
}

// ID addresses the output.
func (o *spooledOutput) ID() string { return o.id.String() }

// commit ends the output with publish, which makes the tables.
func (o *spooledOutput) commit(publish func() error, forget func()) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != "" {
		return fmt.Errorf("output %s is %s", o.id, o.state)
	}
	if err := publish(); err != nil {
		return err
	}
	o.finish("committed", forget)
	return nil
}

func (o *spooledOutput) abort(forget func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == "" {
		o.finish("aborted", forget)
	}
}

func (o *spooledOutput) finish(state string, forget func()) {
	o.state = state
	o.spool.drop()
	forget()
}

// publish makes the tables, sends their rows and removes the tables that are to go, in the transaction of a connection.
func (o *spooledOutput) publish(ctx context.Context, conn *pgx.Conn) error {
	if err := lockNames(ctx, conn, o.specs, o.removes); err != nil {
		return err
	}
	if err := lockReplaced(ctx, conn, o.specs, o.removes); err != nil {
		return err
	}
	for i, spec := range o.specs {
		if err := o.place(ctx, conn, i); err != nil {
			return tableError(ctx, spec.Name, err)
		}
	}
	return removeAll(ctx, conn, o.removes)
}

// place makes table i, or gives the one that it replaces other rows.
func (o *spooledOutput) place(ctx context.Context, conn *pgx.Conn, i int) error {
	spec := o.specs[i]
	staging := o.id.rows(i, spec.Name)
	if err := createUnordered(ctx, conn, staging, spec); err != nil {
		return err
	}
	old, err := find(ctx, conn, spec.Name)
	there := err == nil
	if err != nil && !errors.Is(err, table.ErrNotExist) {
		return err
	}
	var access []string
	if there {
		if err := checkReplace(old, spec.Replace); err != nil {
			return err
		}
		keeps, err := keepsTable(ctx, conn, old, staging, spec)
		if err != nil {
			return err
		}
		if keeps {
			return o.replaceRows(ctx, conn, i, old, staging)
		}
		if access, err = accessOf(ctx, conn, old, spec.Name); err != nil {
			return err
		}
	}
	var options []string
	if o.freeze {
		options = append(options, "FREEZE")
	}
	if err := exec(ctx, conn, usersPath(conn)); err != nil {
		return err
	}
	if _, err := o.send(ctx, conn, i, staging, options...); err != nil {
		return err
	}
	rest := []string{setPath(safePath)}
	if there {
		rest = append(rest, "DROP TABLE "+quoteName(spec.Name))
	}
	rest = append(rest, "ALTER TABLE "+quoteName(staging)+" RENAME TO "+quote(spec.Name.Table))
	return exec(ctx, conn, append(rest, access...)...)
}

// replaceRows puts the rows in the place of those of a table whose lock is held, as those of a pool's output are.
func (o *spooledOutput) replaceRows(ctx context.Context, conn *pgx.Conn, i int, old relation, staging table.Name) error {
	spec := o.specs[i]
	if err := exec(ctx, conn, inUsersPath(conn, emptySQL(old, spec.Name)), usersPath(conn)); err != nil {
		return err
	}
	staged, put := staging, int64(0)
	var err error
	if spec.Ordered {
		staged = spec.Name // row by row into the table itself, which fills page after page
	}
	sent, err := o.send(ctx, conn, i, staged)
	if err != nil {
		return err
	}
	if put = sent.kept; !spec.Ordered {
		if put, err = insertRows(ctx, conn, staging, spec); err != nil {
			return err
		}
	}
	if put != sent.rows {
		return fmt.Errorf("its triggers kept %d of %d rows", put, sent.rows)
	}
	return exec(ctx, conn, setPath(safePath), "DROP TABLE "+quoteName(staging))
}

// A sent counts rows that were sent, and those that the server kept.
type sent struct{ rows, kept int64 }

// send copies the parts of table i, in the order of their keys.
func (o *spooledOutput) send(ctx context.Context, conn *pgx.Conn, i int, into table.Name, options ...string) (sent, error) {
	enc, err := newEncoder(o.cols[i], "")
	if err != nil {
		return sent{}, err
	}
	parts := o.parts[i]
	readers := []io.Reader{bytes.NewReader(enc.begin(nil))}
	n := sent{}
	for _, key := range slices.Sorted(maps.Keys(parts)) {
		readers = append(readers, o.spool.read(parts[key]))
		n.rows += parts[key].rows
	}
	readers = append(readers, bytes.NewReader(enc.end(nil)))
	tag, err := copyFrom(ctx, conn, &untilEnd{ctx, io.MultiReader(readers...)}, enc.sql(into, options...))
	n.kept = tag.RowsAffected()
	return n, err
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
