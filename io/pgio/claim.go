package pgio

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/beamfit/beamfit/io/table"
)

// claimPatience is for the session of a process that was killed: the server may need a moment to notice.
const claimPatience = 500 * time.Millisecond

// A claim is an advisory lock made from each table's name, held by a session of its own whose application_name is the note.
type claim struct {
	store *store
	names []table.Name // with their schemas

	mu   sync.Mutex
	conn *pgxpool.Conn // nil when it is released
}

// Claim keeps names.
func (s *store) Claim(ctx context.Context, note string, names ...table.Name) (table.Claim, error) {
	if err := table.CheckNames(names); err != nil {
		return nil, err
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	c := &claim{store: s, conn: conn}
	// The note is set first, so that who finds a lock taken can read it.
	err = explain(ctx, exec(ctx, conn.Conn(), "SET application_name = "+literal(note)))
	for _, name := range names {
		if err == nil {
			err = tableError(ctx, name, c.take(ctx, name))
		}
	}
	if err != nil {
		c.Release()
		return nil, err
	}
	if err := s.open.hold(c); err != nil {
		c.Release()
		return nil, err
	}
	return c, nil
}

// take takes the lock of a name. A name that the claim has already, with its schema and without, is taken once more.
func (c *claim) take(ctx context.Context, name table.Name) (err error) {
	conn := c.conn.Conn()
	if name, err = newTableName(ctx, conn, name, true); err != nil {
		return err
	}
	c.names = append(c.names, name)
	key := claimLock(name)
	for began := time.Now(); ; {
		var taken bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&taken); err != nil || taken {
			return err
		}
		if time.Since(began) > claimPatience {
			break
		}
		select {
		case <-time.After(claimPatience / 20):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	other, err := holderOf(ctx, conn, key)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", table.ErrClaimed, other)
}

// holderOf is the note of the session that holds the advisory lock of a claim.
func holderOf(ctx context.Context, conn *pgx.Conn, key int64) (note string, err error) {
	err = conn.QueryRow(ctx, `
		SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND l.classid = $1::int8::oid AND l.objid = $2::int8::oid AND l.objsubid = 1`,
		int64(uint32(key>>32)), int64(uint32(key))).Scan(&note)
	if errors.Is(err, pgx.ErrNoRows) {
		return "it has just ended", nil
	}
	return note, err
}

// Held reports a claim that is released, or whose session has ended.
func (c *claim) Held(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return &table.TableError{Table: c.names[0], Err: errors.New("the claim on it is released")}
	}
	err := exec(ctx, c.conn.Conn(), "SELECT 1")
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	err = fmt.Errorf("the claim on it is lost, so that another command may be making it: %w", explain(ctx, err))
	return &table.TableError{Table: c.names[0], Err: err}
}

// Release frees the names.
func (c *claim) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cancelDeadline)
	defer cancel()
	conn := c.conn.Conn()
	if !conn.IsClosed() && exec(ctx, conn, "SELECT pg_advisory_unlock_all()", "RESET application_name") != nil {
		_ = conn.Close(ctx)
	}
	c.conn.Release()
	c.conn = nil
	c.store.open.forget(c)
}

func (c *claim) end(context.Context) { c.Release() }
