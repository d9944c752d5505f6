package pgio

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// A localOutput is an output of a store on a pool whose parts are all written by this process. Until Commit it has nothing in the database.
type localOutput struct {
	spooledOutput
	store *store
}

// createLocal checks that the tables can be made, by making them and taking them back.
func (s *store) createLocal(ctx context.Context, opt table.CreateOptions) (table.Output, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer endSession(conn) // takes the tables back
	o := &localOutput{store: s}
	o.spool.folder, o.freeze = opt.Scratch, true
	if err := exec(ctx, conn.Conn(), beginWrite); err != nil {
		return nil, explain(ctx, err)
	}
	if err := o.try(ctx, conn.Conn(), opt); err != nil {
		return nil, err
	}
	if err := s.hold(o); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.local[o.ID()] = o
	return o, nil
}

// Commit makes the tables, sends their rows and removes the tables that are to go, in one transaction.
func (o *localOutput) Commit(ctx context.Context) error {
	return o.commit(func() error {
		conn, err := o.store.acquire(ctx)
		if err != nil {
			return err
		}
		defer endSession(conn)
		return rolledBack(conn.Conn(), o.transact(ctx, conn.Conn()))
	}, o.forget)
}

func (o *localOutput) transact(ctx context.Context, conn *pgx.Conn) error {
	if err := exec(ctx, conn, beginWrite); err != nil {
		return explain(ctx, err)
	}
	if err := o.publish(ctx, conn); err != nil {
		return explain(ctx, err)
	}
	if err := o.store.commit(ctx, conn); err != nil {
		return fmt.Errorf("output %s: %w", o.id, err)
	}
	return nil
}

// Abort forgets the parts.
func (o *localOutput) Abort(context.Context) error {
	o.abort(o.forget)
	return nil
}

func (o *localOutput) shut() { _ = o.Abort(context.Background()) } // it never fails

func (o *localOutput) forget() {
	o.store.forget(o)
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	delete(o.store.local, o.ID())
}

// localOf is the output under an ID whose parts this process writes; nil: there is none.
func (s *store) localOf(id string) *localOutput {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.local[id]
}

// appendLocal opens a part of such an output.
func (s *store) appendLocal(ctx context.Context, o *localOutput, part table.Part) (table.Writer, error) {
	w, err := o.append(ctx, part)
	if err != nil {
		return nil, err
	}
	w.forget = func() { s.forget(w) }
	if err := s.hold(w); err != nil {
		return nil, err
	}
	return w, ctx.Err()
}

// errNotFetched: the parts of such an output are in memory and files of the process that writes them.
var errNotFetched = fmt.Errorf("the parts of an output with a scratch folder are not read before Commit: %w", errors.ErrUnsupported)
