package pgio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/beamfit/beamfit/io/table"
)

// Drop removes tables in one transaction. It waits until nobody uses any of them, and keeps nobody out while it waits.
func (s *store) Drop(ctx context.Context, names []table.Name, ifExists bool) ([]table.Name, error) {
	if err := table.CheckNames(names); err != nil {
		return nil, err
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer endSession(conn) // it rolls back what is not committed
	if err := exec(ctx, conn.Conn(), beginWrite); err != nil {
		return nil, explain(ctx, err)
	}
	return drop(ctx, conn.Conn(), names, ifExists, func() error { return s.commit(ctx, conn.Conn()) })
}

// drop removes tables in a transaction that has begun, which commit ends.
func drop(ctx context.Context, conn *pgx.Conn, names []table.Name, ifExists bool, commit func() error) ([]table.Name, error) {
	targets, err := dropTargets(ctx, conn, names, ifExists)
	if err != nil || len(targets) == 0 {
		return nil, err
	}
	all := make([]table.Name, len(targets))
	dropped := make([]table.Name, len(targets))
	for i, t := range targets {
		all[i], dropped[i] = t.is, t.asked
	}
	err = lockAlone(ctx, conn, all...)
	if err == nil {
		err = exec(ctx, conn, "DROP TABLE "+quoteNames(all))
	}
	if err == nil {
		err = commit()
	}
	switch {
	case err == nil:
		return dropped, nil
	case len(names) == 1:
		return nil, tableError(ctx, names[0], err)
	}
	return nil, fmt.Errorf("tables %s: %w", joinNames(names), explain(ctx, err))
}

func joinNames(names []table.Name) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n.String()
	}
	return strings.Join(out, ", ")
}

// A dropTarget is a table as the caller and as the server names it.
type dropTarget struct{ asked, is table.Name }

// dropTargets finds the tables and takes the locks of their names, in the order that everybody takes them in.
func dropTargets(ctx context.Context, conn *pgx.Conn, names []table.Name, ifExists bool) ([]dropTarget, error) {
	var targets []dropTarget
	for _, name := range names {
		is, err := newTableName(ctx, conn, name, true)
		if err != nil {
			return nil, tableError(ctx, name, err)
		}
		if slices.ContainsFunc(targets, func(t dropTarget) bool { return t.is == is }) {
			return nil, &table.TableError{Table: name, Err: table.ErrTwice}
		}
		targets = append(targets, dropTarget{name, is})
	}
	slices.SortFunc(targets, func(a, b dropTarget) int { return compareNames(a.is, b.is) })
	var there []dropTarget
	for _, t := range targets {
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", nameLock(t.is)); err != nil {
			return nil, tableError(ctx, t.asked, err)
		}
		rel, err := find(ctx, conn, t.is)
		switch {
		case err == nil && rel.kind != "r" && rel.kind != "p":
			err = fmt.Errorf("is not a table but %s", article(relkinds[rel.kind]))
		case errors.Is(err, table.ErrNotExist) && ifExists:
			continue
		}
		if err != nil {
			return nil, tableError(ctx, t.asked, err)
		}
		there = append(there, t)
	}
	return there, nil
}

// compareNames gives names the order in which their locks are taken.
func compareNames(a, b table.Name) int {
	return strings.Compare(a.Schema+"\x00"+a.Table, b.Schema+"\x00"+b.Table)
}

// removeAll takes tables away in a transaction that has begun and that has their locks.
func removeAll(ctx context.Context, conn *pgx.Conn, names []table.Name) error {
	for _, name := range names {
		if err := remove(ctx, conn, name); err != nil {
			return tableError(ctx, name, err)
		}
	}
	return nil
}

// remove drops a table, or empties one that others need.
func remove(ctx context.Context, conn *pgx.Conn, name table.Name) error {
	if err := exec(ctx, conn, "SAVEPOINT remove"); err != nil {
		return err
	}
	err := exec(ctx, conn, "DROP TABLE IF EXISTS "+quoteName(name), "RELEASE SAVEPOINT remove")
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != dependentObjectsStillExist {
		return err
	}
	if err := exec(ctx, conn, "ROLLBACK TO SAVEPOINT remove", "RELEASE SAVEPOINT remove"); err != nil {
		return err
	}
	rel, err := find(ctx, conn, name)
	if err != nil {
		return err
	}
	return exec(ctx, conn, inUsersPath(conn, emptySQL(rel, name)))
}

// emptySQL takes all rows of a table: those of its partitions, which are its own, but not those of tables that inherit from it.
func emptySQL(rel relation, name table.Name) string {
	if rel.kind == "p" {
		return "TRUNCATE " + quoteName(name)
	}
	return "TRUNCATE ONLY " + quoteName(name)
}

// dependentObjectsStillExist is the SQLSTATE of what cannot be dropped alone.
const dependentObjectsStillExist = "2BP01"
