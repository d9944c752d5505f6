package pgio

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// A rowSource has the rows of one table of an output. It works in the transaction that makes the table.
type rowSource interface {
	// staging is a table that goes when the rows are placed. It has the columns of the rows, and perhaps more behind them.
	staging() table.Name
	// become makes a table of the rows, whose name is free.
	become(ctx context.Context, conn *pgx.Conn) error
	// fill puts the rows into the table of that name, which is empty and may have triggers, constraints and policies.
	fill(ctx context.Context, conn *pgx.Conn) (put, error)
}

// A put counts rows that were put into a table, and those that the server kept.
type put struct{ rows, kept int64 }

// placeAll makes the tables of an output and removes those that are to go, in a transaction that has the locks of the names.
func placeAll(ctx context.Context, conn *pgx.Conn, specs []table.TableSpec, removes []table.Name, rows func(i int) (rowSource, error)) error {
	if err := lockReplaced(ctx, conn, specs, removes); err != nil {
		return err
	}
	for i, spec := range specs {
		from, err := rows(i)
		if err == nil {
			err = place(ctx, conn, spec, from)
		}
		if err != nil {
			return tableError(ctx, spec.Name, err)
		}
	}
	return removeAll(ctx, conn, removes)
}

// place makes a table of rows, or gives them to the one that it replaces, which is locked.
func place(ctx context.Context, conn *pgx.Conn, spec table.TableSpec, rows rowSource) error {
	old, err := find(ctx, conn, spec.Name)
	if errors.Is(err, table.ErrNotExist) {
		return rows.become(ctx, conn)
	}
	if err == nil {
		err = checkReplace(old, spec.Replace)
	}
	if err != nil {
		return err
	}
	keeps, err := keepsTable(ctx, conn, old, rows.staging(), spec)
	if err != nil {
		return err
	}
	if keeps {
		return replaceRows(ctx, conn, old, spec, rows)
	}
	access, err := accessOf(ctx, conn, old, spec.Name)
	if err != nil {
		return err
	}
	if err := exec(ctx, conn, "DROP TABLE "+quoteName(spec.Name)); err != nil {
		return err
	}
	if err := rows.become(ctx, conn); err != nil {
		return err
	}
	return exec(ctx, conn, access...)
}

// replaceRows puts rows in the place of those of a table. Triggers fire, and constraints and policies are checked, as for anybody's
// TRUNCATE and INSERT; a row that they drop is an error.
func replaceRows(ctx context.Context, conn *pgx.Conn, old relation, spec table.TableSpec, rows rowSource) error {
	if err := exec(ctx, conn, inUsersPath(conn, emptySQL(old, spec.Name))); err != nil {
		return err
	}
	put, err := rows.fill(ctx, conn)
	if err != nil {
		return err
	}
	if put.kept != put.rows {
		return fmt.Errorf("its triggers kept %d of %d rows", put.kept, put.rows)
	}
	return exec(ctx, conn, "DROP TABLE "+quoteName(rows.staging()))
}

// renameSQL makes a staging table the one that is wanted.
func renameSQL(staging table.Name, spec table.TableSpec) string {
	return "ALTER TABLE " + quoteName(staging) + " RENAME TO " + quote(spec.Name.Table)
}

// insertRows copies the rows of a staging table, in any order.
func insertRows(ctx context.Context, conn *pgx.Conn, staging table.Name, spec table.TableSpec) (int64, error) {
	list := quoteColumns(spec.Schema.Names())
	r, err := queryInUsersPath(ctx, conn, fmt.Sprintf("INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %[2]s FROM %[3]s",
		quoteName(spec.Name), list, quoteName(staging)))
	if err != nil {
		return 0, err
	}
	return r.CommandTag.RowsAffected(), nil
}
