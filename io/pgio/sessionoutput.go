package pgio

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// Create makes an output that is spooled: it has nothing in the transaction before Commit.
func (s *sessionStore) Create(ctx context.Context, opt table.CreateOptions) (table.Output, error) {
	if err := checkSpecs(opt.Tables, true); err != nil {
		return nil, err
	}
	transact := func(ctx context.Context, fn func(*pgx.Conn) error) error {
		return s.step(ctx, latest, func() error { return fn(s.conn) })
	}
	return spooler{transact: transact, outputs: &s.outputs, open: &s.open}.create(ctx, opt)
}

// output is the output that is being written under an ID.
func (s *session) output(id string) (*spooledOutput, error) {
	if _, err := parseOutputID(id); err != nil {
		return nil, err
	}
	if o := s.outputs.find(id); o != nil {
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
	return o.append(ctx, &s.open, part)
}
