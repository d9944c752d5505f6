package pgio

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// A spooler makes outputs whose parts are all written by this process, for the store of a pool and for those of a session.
type spooler struct {
	// transact does something whole or, with an error, not at all.
	transact func(ctx context.Context, fn func(conn *pgx.Conn) error) error
	// freeze marks rows as old ones when they are written, so that nobody who reads them has to. What transact begins must be no savepoint.
	freeze  bool
	outputs *spooledOutputs // where they are found
	open    *openSet        // what the store has to end
}

// spooledOutputs are those that have not ended, by ID.
type spooledOutputs struct {
	mu  sync.Mutex
	all map[string]*spooledOutput
}

func (s *spooledOutputs) add(o *spooledOutput) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*spooledOutput{}
	}
	s.all[o.ID()] = o
}

func (s *spooledOutputs) remove(o *spooledOutput) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, o.ID())
}

// find is the output under an ID; nil: there is none.
func (s *spooledOutputs) find(id string) *spooledOutput {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[id]
}

// A spooledOutput keeps its parts in this process until they are sent, each table's in one COPY and in the order of their keys: no row is
// written twice, and none needs columns that say its place. Until Commit it has nothing in the database, so that nothing has to be swept and
// no transaction is open while its parts come into being.
type spooledOutput struct {
	spooler
	id      outputID
	specs   []table.TableSpec // names with their schema, as those of removes
	removes []table.Name
	cols    [][]column
	spool   spool

	transient bool // it is never committed

	mu    sync.Mutex
	parts []map[string]*spooled // by table and key
	state string                // how it ended, "" while it has not
}

// errTried ends a transaction that has only tried something.
var errTried = errors.New("tried")

// create checks that the tables can be made, by making them and taking them back.
func (s spooler) create(ctx context.Context, opt table.CreateOptions) (table.Output, error) {
	o := &spooledOutput{spooler: s, transient: opt.Transient}
	o.spool.folder = opt.Scratch
	err := s.transact(ctx, func(conn *pgx.Conn) error {
		if err := o.try(ctx, conn, opt); err != nil {
			return err
		}
		return errTried
	})
	if !errors.Is(err, errTried) {
		return nil, err
	}
	if err := s.open.hold(o); err != nil {
		return nil, err
	}
	s.outputs.add(o)
	return o, nil
}

// try makes the tables under other names, to learn whether they can be made and how their columns are written.
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

// Commit makes the tables, sends their rows and removes the tables that are to go, in one transaction.
func (o *spooledOutput) Commit(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != "" {
		return fmt.Errorf("output %s is %s", o.id, o.state)
	}
	if o.transient {
		return fmt.Errorf("output %s is transient: it is never committed", o.id)
	}
	if err := o.transact(ctx, func(conn *pgx.Conn) error { return o.publish(ctx, conn) }); err != nil {
		return err
	}
	o.finish("committed")
	return nil
}

func (o *spooledOutput) publish(ctx context.Context, conn *pgx.Conn) error {
	if err := lockNames(ctx, conn, o.specs, o.removes); err != nil {
		return err
	}
	return placeAll(ctx, conn, o.specs, o.removes, func(i int) (rowSource, error) {
		spec := o.specs[i]
		in := o.id.rows(i, spec.Name)
		return spooledRows{in, spec, o.cols[i], &o.spool, o.parts[i], o.freeze}, createUnordered(ctx, conn, in, spec)
	})
}

// Abort forgets the parts.
func (o *spooledOutput) Abort(ctx context.Context) error {
	o.end(ctx)
	return nil
}

func (o *spooledOutput) end(context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == "" {
		o.finish("aborted")
	}
}

func (o *spooledOutput) finish(state string) {
	o.state = state
	o.spool.drop()
	o.open.forget(o)
	o.outputs.remove(o)
}
