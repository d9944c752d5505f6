package pgio

import (
	"context"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
)

// A sessionOutput has nothing in the database before Commit makes its tables, so that nothing has to be swept and no transaction is
// open while its parts come into being.
type sessionOutput struct {
	spooledOutput
	store *sessionStore
}

// errTried ends a step that has only tried something.
var errTried = errors.New("tried")

// Create checks that the tables can be made, by making them and taking them back.
func (s *sessionStore) Create(ctx context.Context, opt table.CreateOptions) (table.Output, error) {
	if err := checkSpecs(opt.Tables, true); err != nil {
		return nil, err
	}
	o := &sessionOutput{store: s}
	o.spool.folder = opt.Scratch
	err := s.step(ctx, oneView, func() error {
		if err := o.try(ctx, s.conn, opt); err != nil {
			return err
		}
		return errTried
	})
	if !errors.Is(err, errTried) {
		return nil, err
	}
	if err := s.hold(o); err != nil {
		return nil, err
	}
	s.session.mu.Lock()
	defer s.session.mu.Unlock()
	s.outputs[o.ID()] = o
	return o, nil
}

// Commit makes the tables, sends their rows and removes the tables that are to go, in one step.
func (o *sessionOutput) Commit(ctx context.Context) error {
	return o.commit(func() error {
		return o.store.step(ctx, latest, func() error { return o.publish(ctx, o.store.conn) })
	}, o.forget)
}

// Abort forgets the parts.
func (o *sessionOutput) Abort(context.Context) error {
	o.abort(o.forget)
	return nil
}

func (o *sessionOutput) end(ctx context.Context) { _ = o.Abort(ctx) } // it never fails

func (o *sessionOutput) forget() {
	o.store.forget(o)
	o.store.session.mu.Lock()
	defer o.store.session.mu.Unlock()
	delete(o.store.outputs, o.ID())
}

// output is the output that is being written under an ID.
func (s *session) output(id string) (*sessionOutput, error) {
	if _, err := parseOutputID(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.outputs[id]; o != nil {
		return o, nil
	}
	return nil, fmt.Errorf("output %s (it may be committed or aborted): %w", id, table.ErrNotExist)
}

func (s *sessionStore) Owned(ctx context.Context, output string) (bool, error) {
	_, err := s.output(output)
	if errors.Is(err, table.ErrNotExist) {
		return false, nil
	}
	return err == nil, errors.Join(err, ctx.Err())
}

// Fetch is for workers in other processes, which cannot use a session.
func (s *sessionStore) Fetch(context.Context, table.Part) (*table.Batch, error) {
	return nil, fmt.Errorf("the parts of an output in a session are not read before Commit: %w", errors.ErrUnsupported)
}

// errNoRuns: a row that others must see, with a heartbeat, cannot be kept in the transactions of a session.
var errNoRuns = fmt.Errorf("runs are not kept in a session: %w", errors.ErrUnsupported)

func (s *sessionStore) Record(context.Context, table.Run) (table.RunRecord, error) {
	return nil, errNoRuns
}
func (s *sessionStore) Runs(context.Context) ([]table.Run, error) { return nil, errNoRuns }
func (s *sessionStore) CancelRun(context.Context, string) error   { return errNoRuns }

func (s *sessionStore) Append(ctx context.Context, part table.Part) (table.Writer, error) {
	o, err := s.output(part.Output)
	if err != nil {
		return nil, err
	}
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
