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

// Partitions have about partRows rows, and there are at most maxParts. Of each that is read, as many as there are cores, at most
// partBatches batches wait for those before.
const (
	partRows    = 32 << 10
	maxParts    = 1024
	partBatches = 2
)

// A stream is a partition that is being read.
type stream struct {
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
	free := make(chan *table.Batch, 2*partBatches*runtime.GOMAXPROCS(0))
	for len(parts) > 0 || len(begun) > 0 {
		for len(parts) > 0 && len(begun) < runtime.GOMAXPROCS(0) {
			s, part := &stream{batches: make(chan *table.Batch, partBatches)}, parts[0]
			readers.Go(func() {
				defer close(s.batches)
				s.err = s.read(ctx, store, part, free)
			})
			begun, parts = append(begun, s), parts[1:]
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

// read reads a partition into batches of its own.
func (s *stream) read(ctx context.Context, store table.Store, p table.Partition, free <-chan *table.Batch) (err error) {
	r, err := store.Read(ctx, p, table.ReadOptions{})
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
