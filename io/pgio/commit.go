package pgio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// abortTimeout bounds the clean-up that goes on after its caller's context has ended.
const abortTimeout = 5 * time.Second

// Commit makes the tables visible in one transaction, which removes those that are to go. It waits for open parts, and for open snapshots of the tables that
// it replaces or removes. When it fails nothing is visible, and the output can still be aborted. Once the server is asked to commit, the end of ctx
// changes nothing.
func (o *output) Commit(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.owner == nil {
		return fmt.Errorf("output %s is %s", o.id, o.state)
	}
	if o.transient {
		return fmt.Errorf("output %s is transient: it is never committed", o.id)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	conn := o.owner.Conn()
	if err := rolledBack(conn, o.publish(ctx, conn)); err != nil {
		return err
	}
	o.state = "committed"
	o.release()
	return nil
}

// rolledBack ends a transaction that has failed with err, where it has.
func rolledBack(conn *pgx.Conn, err error) error {
	if err == nil || conn.IsClosed() {
		return err
	}
	cleanup, cancel := context.WithTimeout(context.Background(), cancelDeadline)
	defer cancel()
	return errors.Join(err, explain(cleanup, exec(cleanup, conn, "ROLLBACK")))
}

// publish runs the transaction. Locks are taken in the same order by everyone: names in alphabetical order, the parts, then
// tables.
func (o *output) publish(ctx context.Context, conn *pgx.Conn) error {
	if err := exec(ctx, conn, beginWrite, "SET LOCAL max_parallel_workers_per_gather = 0"); err != nil {
		return explain(ctx, err)
	}
	if err := lockNames(ctx, conn, o.manifest.Tables, o.removes); err != nil {
		return err
	}
	if err := exec(ctx, conn, "LOCK TABLE "+quoteName(o.id.parts())+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		return fmt.Errorf("output %s: %w", o.id, explain(ctx, err))
	}
	err := placeAll(ctx, conn, o.manifest.Tables, o.removes, func(i int) (rowSource, error) {
		spec := o.manifest.Tables[i]
		return stagedRows{o.store, o.id.rows(i, spec.Name), spec}, nil
	})
	if err != nil {
		return err
	}
	if err := exec(ctx, conn, "DROP TABLE "+quoteName(o.id.parts())); err != nil {
		return fmt.Errorf("output %s: %w", o.id, explain(ctx, err))
	}
	if err := o.store.commit(ctx, conn); err != nil {
		return fmt.Errorf("output %s: %w", o.id, err)
	}
	return nil
}

// inOrder are the tables that an output makes and removes, in the order in which everybody takes their locks.
func inOrder(specs []table.TableSpec, removes []table.Name) []table.TableSpec {
	all := slices.Concat(specs, removed(removes))
	slices.SortFunc(all, func(a, b table.TableSpec) int { return compareNames(a.Name, b.Name) })
	return all
}

// lockNames takes the locks of the names.
func lockNames(ctx context.Context, conn *pgx.Conn, specs []table.TableSpec, removes []table.Name) error {
	for _, spec := range inOrder(specs, removes) {
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", nameLock(spec.Name)); err != nil {
			return explain(ctx, err)
		}
	}
	return nil
}

// lockReplaced locks those of the tables that are there already, all at once.
func lockReplaced(ctx context.Context, conn *pgx.Conn, specs []table.TableSpec, removes []table.Name) error {
	var there []table.Name
	for _, spec := range inOrder(specs, removes) {
		old, err := find(ctx, conn, spec.Name)
		if err == nil {
			err = checkReplace(old, spec.Replace)
			there = append(there, spec.Name)
		}
		if err != nil && !errors.Is(err, table.ErrNotExist) {
			return tableError(ctx, spec.Name, err)
		}
	}
	if len(there) == 0 {
		return nil
	}
	return explain(ctx, lockAlone(ctx, conn, there...))
}

// transact runs fn in a transaction of its own.
func (s *store) transact(ctx context.Context, fn func(conn *pgx.Conn) error) error {
	c, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer endSession(c) // it rolls back what is not committed
	conn := c.Conn()
	if err := exec(ctx, conn, beginWrite); err != nil {
		return explain(ctx, err)
	}
	if err := fn(conn); err != nil {
		return explain(ctx, err)
	}
	return s.commit(ctx, conn)
}

// commitTimeout bounds a COMMIT, which does not heed the caller's context.
const commitTimeout = time.Minute

// commit ends a transaction, whose changes are visible exactly if it returns nil. A COMMIT that is broken off may have happened or not,
// so that it runs to its end also when ctx ends meanwhile. When the answer is lost another connection is asked.
func (s *store) commit(ctx context.Context, conn *pgx.Conn) error {
	var xid int64
	if err := conn.QueryRow(ctx, "SELECT txid_current()").Scan(&xid); err != nil {
		return explain(ctx, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	err := exec(ctx, conn, usersPath(conn), "COMMIT") // constraints and triggers may be deferred
	if err == nil || !conn.IsClosed() {
		return explain(ctx, err)
	}
	committed, askErr := s.committed(context.WithoutCancel(ctx), xid)
	switch {
	case askErr != nil:
		return fmt.Errorf("whether the changes were committed is not known: %w", explain(ctx, err))
	case committed:
		return nil
	}
	return explain(ctx, err)
}

// committed says how a transaction ended. The server may take a moment to notice that its connection is lost.
func (s *store) committed(ctx context.Context, xid int64) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, abortTimeout)
	defer cancel()
	for {
		var status *string
		err := s.pool.QueryRow(ctx, "SELECT txid_status($1)", xid).Scan(&status)
		switch {
		case err != nil: // a server that has just stopped may be starting again
		case status == nil:
			return false, errors.New("the server has forgotten the transaction")
		case *status != "in progress":
			return *status == "committed", nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return false, cmp.Or(err, ctx.Err())
		}
	}
}
