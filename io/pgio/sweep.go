package pgio

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// sweep drops the staging tables of outputs whose session has ended, as far as the user may. Its error is that of a server
// that does not answer; a table that cannot be dropped now is left for another time.
func (s *store) sweep(ctx context.Context) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer endSession(conn)
	left, err := leftovers(ctx, conn.Conn())
	if err != nil {
		return explain(ctx, err)
	}
	for id, tables := range left {
		if err := dropIfDead(ctx, conn.Conn(), id, tables); ctx.Err() != nil || conn.Conn().IsClosed() {
			return explain(ctx, err)
		}
	}
	return nil
}

// sessionEnd bounds how long awaitEnd waits.
const sessionEnd = 2 * time.Second

// awaitEnd waits until the server has noticed that a lost session is gone: until then its locks are held.
func (s *store) awaitEnd(ctx context.Context, pid uint32) {
	ctx, cancel := context.WithTimeout(ctx, sessionEnd)
	defer cancel()
	for alive := true; alive; {
		err := s.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", int32(pid)).Scan(&alive)
		if err != nil {
			return // the sweep will say why
		}
		if alive {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// leftovers are the staging tables that the user may drop, by output.
func leftovers(ctx context.Context, conn *pgx.Conn) (map[string][]table.Name, error) {
	rows, err := conn.Query(ctx, `
		SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND c.relname LIKE 'beamfit\_staging\_%' AND pg_has_role(c.relowner, 'USAGE')
			AND NOT pg_is_in_recovery()`)
	if err != nil {
		return nil, err
	}
	left := map[string][]table.Name{}
	var n table.Name
	_, err = pgx.ForEachRow(rows, []any{&n.Schema, &n.Table}, func() error {
		if m := stagingOf.FindStringSubmatch(n.Table); m != nil {
			left[m[1]] = append(left[m[1]], n)
		}
		return nil
	})
	return left, err
}

// dropIfDead drops the staging tables of an output unless a living session holds its lock, or someone writes to them.
func dropIfDead(ctx context.Context, conn *pgx.Conn, random string, tables []table.Name) error {
	lock := outputID{random: random}.lock()
	if err := exec(ctx, conn, beginWrite, "SET LOCAL lock_timeout = '200ms'"); err != nil {
		return err
	}
	var dead bool
	err := conn.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", lock).Scan(&dead)
	if err == nil && dead {
		// The table of parts first: it is what writers lock first.
		slices.SortFunc(tables, func(a, b table.Name) int { return len(b.Table) - len(a.Table) })
		for _, t := range tables {
			if err = exec(ctx, conn, "DROP TABLE IF EXISTS "+quoteName(t)); err != nil {
				break
			}
		}
	}
	if err != nil || !dead {
		if rollback := exec(ctx, conn, "ROLLBACK"); rollback != nil {
			return rollback
		}
		return err
	}
	return exec(ctx, conn, "COMMIT")
}
