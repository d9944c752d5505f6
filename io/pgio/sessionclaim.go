package pgio

import (
	"context"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
)

// A sessionClaim is an advisory lock made from a table's name, as the claim of a pool is: of the session's transaction, or where the
// store begins transactions itself, of the session. While a session has a claim, its note is the application_name.
type sessionClaim struct {
	store       *sessionStore
	name        table.Name // with its schema
	application string     // application_name before
	released    bool       // guarded by the turn
}

func (s *sessionStore) Claim(ctx context.Context, name table.Name, note string) (table.Claim, error) {
	if name.Table == "" {
		return nil, &table.TableError{Table: name, Err: errors.New("the name is empty")}
	}
	c := &sessionClaim{store: s, name: name}
	if err := s.open.hold(c); err != nil {
		return nil, err
	}
	if err := s.step(ctx, latest, func() error { return tableError(ctx, name, c.take(ctx, note)) }); err != nil {
		s.open.forget(c)
		return nil, err
	}
	return c, nil
}

func (c *sessionClaim) take(ctx context.Context, note string) (err error) {
	s := c.store
	if c.name, err = newTableName(ctx, s.conn, c.name, true); err != nil {
		return err
	}
	if other, has := s.claims[c.name]; has {
		return fmt.Errorf("%w: %s", table.ErrClaimed, other)
	}
	if err := s.conn.QueryRow(ctx, "SELECT current_setting('application_name')").Scan(&c.application); err != nil {
		return err
	}
	if err := exec(ctx, s.conn, c.rename(note)); err != nil {
		return err
	}
	lock := "pg_try_advisory_lock"
	if s.mode == InsideTransaction {
		lock = "pg_try_advisory_xact_lock"
	}
	var taken bool
	key := claimLock(c.name)
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
	s.claims[c.name] = note
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
			return &table.TableError{Table: c.name, Err: errors.New("the claim on it is released")}
		}
		return nil
	})
}

// Release frees the name: at once for other stores of the session, and for other sessions when the transaction or the session's lock ends.
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
	if c.released {
		return
	}
	c.released = true
	delete(s.claims, c.name)
	if s.conn.IsClosed() || s.conn.PgConn().TxStatus() == 'E' {
		return
	}
	undo := c.rename(c.application)
	if s.mode == OwnTransactions {
		undo += fmt.Sprintf("; SELECT pg_catalog.pg_advisory_unlock(%d)", claimLock(c.name))
	}
	_ = s.clean(undo) // what it leaves goes with the transaction or the session
}
