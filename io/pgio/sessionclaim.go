package pgio

import (
	"context"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
)

// A sessionClaim is an advisory lock made from each table's name, as the claim of a pool is: of the session's transaction, or where the
// store begins transactions itself, of the session. While a session has a claim, its note is the application_name.
type sessionClaim struct {
	store       *sessionStore
	names       []table.Name // with their schemas
	application string       // application_name before
	released    bool         // guarded by the turn
}

func (s *sessionStore) Claim(ctx context.Context, note string, names ...table.Name) (table.Claim, error) {
	if err := table.CheckNames(names); err != nil {
		return nil, err
	}
	c := &sessionClaim{store: s}
	if err := s.open.hold(c); err != nil {
		return nil, err
	}
	err := s.step(ctx, latest, func() error {
		if err := s.conn.QueryRow(ctx, "SELECT current_setting('application_name')").Scan(&c.application); err != nil {
			return err
		}
		if err := exec(ctx, s.conn, c.rename(note)); err != nil {
			return err
		}
		for _, name := range names {
			if err := c.take(ctx, name, note); err != nil {
				return tableError(ctx, name, err)
			}
		}
		return nil
	})
	if err != nil {
		c.Release() // locks of the session are not undone with the step
		return nil, err
	}
	return c, nil
}

// take takes the lock of a name.
func (c *sessionClaim) take(ctx context.Context, name table.Name, note string) (err error) {
	s := c.store
	if name, err = newTableName(ctx, s.conn, name, true); err != nil {
		return err
	}
	if other, has := s.claims[name]; has {
		return fmt.Errorf("%w: %s", table.ErrClaimed, other)
	}
	lock := "pg_try_advisory_lock"
	if s.mode == InsideTransaction {
		lock = "pg_try_advisory_xact_lock"
	}
	var taken bool
	key := claimLock(name)
	if err := s.conn.QueryRow(ctx, "SELECT "+lock+"($1)", key).Scan(&taken); err != nil {
		return err
	}
	if !taken {
		other, err := holderOf(ctx, s.conn, key)
		if err != nil {
			return err
		}
		return fmt.Errorf("%w: %s", table.ErrClaimed, other)
	}
	s.claims[name] = note
	c.names = append(c.names, name)
	return nil
}

// rename is the statement that changes the application_name.
func (c *sessionClaim) rename(to string) string {
	return fmt.Sprintf("SELECT pg_catalog.set_config('application_name', %s, %v)", literal(to), c.store.mode == InsideTransaction)
}

// Held reports a claim that is released, or whose session has ended.
func (c *sessionClaim) Held(ctx context.Context) error {
	return c.store.step(ctx, latest, func() error {
		if c.released {
			return &table.TableError{Table: c.names[0], Err: errors.New("the claim on it is released")}
		}
		return nil
	})
}

// Release frees the names: at once for other stores of the session, and for other sessions when the transaction or the session's lock ends.
func (c *sessionClaim) Release() {
	ctx, cancel := context.WithTimeout(context.Background(), sessionCloseTimeout)
	defer cancel()
	c.end(ctx)
}

func (c *sessionClaim) end(ctx context.Context) {
	s := c.store
	s.open.forget(c)
	if s.take(ctx) != nil {
		return
	}
	defer s.giveBack()
	if c.released || len(c.names) == 0 {
		return
	}
	c.released = true
	for _, name := range c.names {
		delete(s.claims, name)
	}
	if s.conn.IsClosed() || s.conn.PgConn().TxStatus() == 'E' {
		return
	}
	undo := c.rename(c.application)
	if s.mode == OwnTransactions {
		for _, name := range c.names {
			undo += fmt.Sprintf("; SELECT pg_catalog.pg_advisory_unlock(%d)", claimLock(name))
		}
	}
	_ = s.clean(undo) // what it leaves goes with the transaction or the session
}
