package pgio

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// Mutate runs fn in one transaction. An advisory lock on the name lets one Mutate at a time create, change or drop the
// table, and a SHARE ROW EXCLUSIVE lock keeps other writers out; readers go on.
func (s *store) Mutate(ctx context.Context, name table.Name, fn func(table.Tx) error) (err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer endSession(conn) // it rolls back what is not committed, also in a panic
	t := &tx{ctx: ctx, conn: conn.Conn(), name: name}
	if err := t.begin(); err != nil {
		return tableError(ctx, name, err)
	}
	if err := fn(t); err != nil {
		return err
	}
	if t.failed != nil {
		return t.failed // fn hides it, but the server has given the transaction up
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return tableError(ctx, name, s.commit(ctx, t.conn))
}

// tx implements table.Tx.
type tx struct {
	ctx  context.Context
	conn *pgx.Conn
	// name has its schema once the transaction has begun.
	name   table.Name
	cols   []column // nil: there is no table
	failed error    // the first error of the server
}

func (t *tx) begin() error {
	var err error
	if t.name, err = newTableName(t.ctx, t.conn, t.name, true); err != nil {
		return err
	}
	if err := exec(t.ctx, t.conn, beginWrite); err != nil {
		return err
	}
	return t.lock()
}

// lock takes the locks, in a transaction that has begun, and looks at the table.
func (t *tx) lock() error {
	if _, err := t.conn.Exec(t.ctx, "SELECT pg_advisory_xact_lock($1)", nameLock(t.name)); err != nil {
		return err
	}
	rel, err := find(t.ctx, t.conn, t.name)
	if errors.Is(err, table.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if rel.kind != "r" && rel.kind != "p" {
		return fmt.Errorf("is not a table but %s", article(relkinds[rel.kind]))
	}
	if err := exec(t.ctx, t.conn, "LOCK TABLE "+quoteName(t.name)+" IN SHARE ROW EXCLUSIVE MODE"); err != nil {
		return err
	}
	t.cols, err = describe(t.ctx, t.conn, rel.oid)
	return err
}

// fail keeps an error of the server, after which the transaction can only be rolled back.
func (t *tx) fail(err error) error {
	if err == nil {
		return nil
	}
	err = tableError(t.ctx, t.name, err)
	if t.failed == nil && t.conn.PgConn().TxStatus() != 'T' {
		t.failed = err
	}
	return err
}

// missing is the error of a table that is not there.
func (t *tx) missing() error { return &table.TableError{Table: t.name, Err: table.ErrNotExist} }

func (t *tx) Schema() table.Schema {
	if t.cols == nil {
		return nil
	}
	return schemaOf(t.cols)
}

func (t *tx) Create(s table.Schema) error {
	if t.cols != nil {
		return &table.TableError{Table: t.name, Err: table.ErrExist}
	}
	if err := checkNew(t.name, s, isLent(t.conn)); err != nil {
		return &table.TableError{Table: t.name, Err: err}
	}
	list, err := columnDefinitions(t.ctx, t.conn, s)
	if err != nil {
		return t.fail(err)
	}
	if err := exec(t.ctx, t.conn, "CREATE TABLE "+quoteName(t.name)+" ("+list+")"); err != nil {
		return t.fail(err)
	}
	rel, err := find(t.ctx, t.conn, t.name)
	if err != nil {
		return t.fail(err)
	}
	t.cols, err = describe(t.ctx, t.conn, rel.oid)
	return t.fail(err)
}

func (t *tx) Rows(columns []string) (*table.Batch, error) {
	if t.cols == nil {
		return nil, t.missing()
	}
	plan, err := planRead(t.cols, columns, nil)
	if err != nil {
		return nil, t.withTable(err)
	}
	all := table.NewBatch(plan.schema)
	dec := &copyDecoder{plan: plan, next: func(b *table.Batch) (*table.Batch, error) {
		if b != nil && b.Rows >= maxMutateRows {
			return nil, fmt.Errorf("has more than %d rows, too many to change at once", maxMutateRows)
		}
		return all, nil
	}}
	sql := fmt.Sprintf("COPY (SELECT %s FROM %s) TO STDOUT (FORMAT binary)", plan.selectList, quoteName(t.name))
	if err := exec(t.ctx, t.conn, snapshotSettings); err != nil {
		return nil, t.fail(err)
	}
	if _, err := copyTo(t.ctx, t.conn, dec, inUsersPath(t.conn, sql)); err != nil {
		return nil, t.fail(err)
	}
	if err := dec.finish(); err != nil {
		return nil, t.fail(err)
	}
	return all, nil
}

// maxMutateRows bounds the tables that are read whole: those are small by definition.
const maxMutateRows = 1 << 24

func (t *tx) withTable(err error) error {
	var ce *table.ColumnError
	if errors.As(err, &ce) {
		ce.Table = t.name
		return err
	}
	return &table.TableError{Table: t.name, Err: err}
}

func (t *tx) Insert(b *table.Batch) error {
	if t.cols == nil {
		return t.missing()
	}
	if err := checkBatch(schemaOf(t.cols), b); err != nil {
		return t.withTable(err)
	}
	enc, err := newEncoder(t.cols, "")
	if err != nil {
		return t.withTable(err)
	}
	c := startCopy(t.ctx, t.conn, t.name, enc)
	defer c.abort()
	err = c.write(t.ctx, b)
	if err == nil {
		err = c.finish(t.ctx)
	}
	var bad *rowError
	if errors.As(err, &bad) {
		err = &table.ValueError{Table: t.name, Column: bad.column, Row: bad.row + 1, Err: bad.err}
	}
	c.abort()
	return t.fail(err)
}

func (t *tx) Delete(column string, value int64) (int64, error) {
	if t.cols == nil {
		return 0, t.missing()
	}
	i := t.Schema().Index(column)
	if i < 0 {
		return 0, &table.ColumnError{Table: t.name, Column: column, Columns: t.Schema().Names()}
	}
	switch typ := t.cols[i].Type; {
	case typ.Array || typ.Kind != table.Int16 && typ.Kind != table.Int32 && typ.Kind != table.Int64:
		return 0, &table.TableError{Table: t.name, Err: fmt.Errorf("column %q has type %s, expected an integer", column, typ)}
	}
	r, err := queryInUsersPath(t.ctx, t.conn, fmt.Sprintf("DELETE FROM %s WHERE %s OPERATOR(pg_catalog.=) '%d'::pg_catalog.int8",
		quoteName(t.name), quote(column), value))
	if err != nil {
		return 0, t.fail(err)
	}
	return r.CommandTag.RowsAffected(), nil
}

func (t *tx) Drop() error {
	if t.cols == nil {
		return t.missing()
	}
	if err := lockAlone(t.ctx, t.conn, t.name); err != nil {
		return t.fail(err)
	}
	if err := exec(t.ctx, t.conn, "DROP TABLE "+quoteName(t.name)); err != nil {
		return t.fail(err)
	}
	t.cols = nil
	return nil
}
