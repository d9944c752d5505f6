package exchange

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// Partitions have about partRows rows, and there are at most maxParts. Of each that is read, as many as there are cores and connections, at most
// partBatches batches wait for those before.
const (
	partRows    = 32 << 10
	maxParts    = 1024
	partBatches = 2
)

// A stream is a partition that is being read.
type stream struct {
	opened  chan struct{} // closed when it has its connection, or needs none any more
	batches chan *table.Batch
	err     error // once batches is closed
}

// readRows reads the rows of a snapshot, several partitions at the same time, and gives them to use in their order.
func readRows(ctx context.Context, store table.Store, snap table.Snapshot, use func(b *table.Batch) error) error {
	info := snap.Info()
	parts, err := snap.Partitions(ctx, int(max(1, min(maxParts, info.Rows/partRows))))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()
	var begun []*stream
	most := max(1, min(runtime.GOMAXPROCS(0), store.Connections(exportConnections-1)))
	free := make(chan *table.Batch, 2*partBatches*most)
	opened := make(chan struct{}) // by the stream before; the first waits for none
	close(opened)
	for len(parts) > 0 || len(begun) > 0 {
		for len(parts) > 0 && len(begun) < most {
			s, part, before := &stream{opened: make(chan struct{}), batches: make(chan *table.Batch, partBatches)}, parts[0], opened
			readers.Go(func() {
				defer close(s.batches)
				s.err = s.read(ctx, store, part, before, free)
			})
			begun, parts, opened = append(begun, s), parts[1:], s.opened
		}
		for b := range begun[0].batches {
			if err := use(b); err != nil {
				return err
			}
			select {
			case free <- b:
			default:
			}
		}
		if begun[0].err != nil {
			return begun[0].err
		}
		begun = begun[1:]
	}
	return nil
}

// open opens a partition when those before it are open: where connections are few the rows that are used first must not wait for others.
func (s *stream) open(ctx context.Context, store table.Store, p table.Partition, before <-chan struct{}) (table.Reader, error) {
	defer close(s.opened)
	select {
	case <-before:
		return store.Read(ctx, p, table.ReadOptions{})
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// read reads a partition into batches of its own.
func (s *stream) read(ctx context.Context, store table.Store, p table.Partition, before <-chan struct{}, free <-chan *table.Batch) (err error) {
	r, err := s.open(ctx, store, p, before)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var own *table.Batch
		select {
		case own = <-free:
			own.Reset()
		default:
			own = table.NewBatch(r.Schema())
		}
		for c := range b.Cols {
			arrowvec.AppendRows(&own.Cols[c], &b.Cols[c], 0, b.Rows)
		}
		own.Rows = b.Rows
		select {
		case s.batches <- own:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
