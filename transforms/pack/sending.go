package pack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
)

// A sending is a partition that is being read to be sent, one record batch after the other. Between two portions it lies in the memory of the worker,
// where the next one goes on with it; who does not find it there, as a worker that takes the place of another one, reads the partition again up to its place.
type sending struct {
	run  *bundle.Run
	key  string
	at   int64 // record batches so far
	kept bool

	mu     sync.Mutex // who stops it may be another goroutine than who reads
	pull   func() (travelling, error, bool)
	stop   func()
	ctx    context.Context
	cancel context.CancelFunc
}

// errStopped ends a reading of which no more is wanted.
var errStopped = errors.New("no more rows are wanted")

// sendingFrom is the sending of a partition from a record batch on.
func (p *Plan) sendingFrom(ctx context.Context, run *bundle.Run, part table.Partition, at int64) (*sending, error) {
	key := fmt.Sprintf("rows to be sent of %s from row %d on, for %s", part.Table, part.FirstRow, p.Output)
	if v, ok := run.Take(key); ok {
		s := v.(*sending)
		s.kept = false
		if s.at == at {
			return s, nil
		}
		s.end() // of a bundle that is repeated
	}
	s := &sending{run: run, key: key}
	s.ctx, s.cancel = context.WithCancel(run.Context())
	s.pull, s.stop = iter.Pull2(func(yield func(travelling, error) bool) {
		to := p.newSender(func(t travelling) error {
			if !yield(t, nil) {
				return errStopped
			}
			return nil
		})
		err := p.read(s.ctx, run, part, to, func(n int64) { run.Advance(Reading, "rows", n) })
		if err != nil && !errors.Is(err, errStopped) {
			yield(travelling{}, err)
		}
	})
	context.AfterFunc(s.ctx, s.close) // as at the end of the run
	for s.at < at {
		if r, err := s.next(ctx); err != nil {
			s.end()
			return nil, err
		} else if r == nil {
			break
		}
	}
	return s, nil
}

// next is the next record batch; nil: there is none.
func (s *sending) next(ctx context.Context) (*travelling, error) {
	defer context.AfterFunc(ctx, s.cancel)()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil, cmp.Or(context.Cause(ctx), s.run.Err(), s.ctx.Err())
	}
	t, err, ok := s.pull()
	if err != nil || !ok {
		return nil, err
	}
	s.at++
	return &t, nil
}

// keep leaves it to the next portion, which end does not stop then.
func (s *sending) keep() {
	s.kept = true
	s.run.Put(s.key, s)
}

// end stops the reading, unless it is kept.
func (s *sending) end() {
	if !s.kept {
		s.cancel()
		s.close()
	}
}

// close frees what the reading holds. Closing again does nothing.
func (s *sending) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}
