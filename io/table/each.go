package table

import (
	"context"
	"fmt"
	"io"
)

// EachBatch reads a partition to its end and calls fn with every batch, which is valid during the call. An error of fn ends
// it. A partition that gives more or fewer rows than it says is ErrCorrupt.
func EachBatch(ctx context.Context, s Store, p Partition, opt ReadOptions, fn func(*Batch) error) error {
	r, err := s.Read(ctx, p, opt)
	if err != nil {
		return err
	}
	defer r.Close()
	want := opt.Count(p)
	for left := want; ; {
		b, err := r.Next(ctx)
		if err == io.EOF && left == 0 {
			return nil
		}
		if err != nil && err != io.EOF {
			return err
		}
		if err == nil {
			left -= int64(b.Rows)
		}
		if err == io.EOF || left < 0 {
			return &TableError{Table: p.Table, Err: fmt.Errorf("%w: a part of %d rows gave %d", ErrCorrupt, want, want-left)}
		}
		if err := fn(b); err != nil {
			return err
		}
	}
}
