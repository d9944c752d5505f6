// Package rows walks the rows of a stored table for people and small programs: chosen columns, sorted, at most so many.
//
// A Source can be walked several times and yields the same rows each time, since it reads one snapshot. Only OrderBy holds
// rows in memory.
package rows

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/beamfit/beamfit/io/table"
)

// A Source is a sequence of rows of one schema.
type Source interface {
	Schema() table.Schema
	// Walk calls yield with the rows, in order and batch by batch. A batch is valid during the call only.
	Walk(yield func(*table.Batch) error) error
}

// Open freezes the named columns of a table (nil: all). Call close when done.
func Open(ctx context.Context, store table.Store, name table.Name, columns []string) (src Source, closeSource func() error, err error) {
	if err := table.CheckConnections(store, "reading a table", 2); err != nil { // for the snapshot and a reader
		return nil, nil, err
	}
	snap, err := store.Snapshot(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	s := &stored{ctx: ctx, store: store, snap: snap, schema: snap.Info().Schema, columns: columns}
	if columns != nil {
		if s.schema, err = s.schema.Select(columns); err != nil {
			return nil, nil, errors.Join(table.OfTable(name, err), snap.Close())
		}
	}
	return s, snap.Close, nil
}

// Of is the rows of a batch.
func Of(b *table.Batch) Source { return held{b} }

type held struct{ batch *table.Batch }

func (h held) Schema() table.Schema { return h.batch.Schema }

func (h held) Walk(yield func(*table.Batch) error) error { return yield(h.batch) }

// stored is a snapshot read one partition after the other.
type stored struct {
	ctx     context.Context
	store   table.Store
	snap    table.Snapshot
	schema  table.Schema
	columns []string
}

func (s *stored) Schema() table.Schema { return s.schema }

func (s *stored) Walk(yield func(*table.Batch) error) error {
	parts, err := s.snap.Partitions(s.ctx, 1)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := s.walkPart(p, yield); err != nil {
			return err
		}
	}
	return nil
}

func (s *stored) walkPart(p table.Partition, yield func(*table.Batch) error) (err error) {
	r, err := s.store.Read(s.ctx, p, table.ReadOptions{Columns: s.columns})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		b, err := r.Next(s.ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := yield(b); err != nil {
			return err
		}
	}
}

// Columns is src with the named columns only, in that order.
func Columns(src Source, names []string) (Source, error) {
	schema, err := src.Schema().Select(names)
	if err != nil {
		return nil, err
	}
	p := projected{Source: src, schema: schema}
	for _, name := range names {
		p.from = append(p.from, src.Schema().Index(name))
	}
	return p, nil
}

type projected struct {
	Source
	schema table.Schema
	from   []int // columns of Source
}

func (p projected) Schema() table.Schema { return p.schema }

func (p projected) Walk(yield func(*table.Batch) error) error {
	out := table.Batch{Schema: p.schema, Cols: make([]table.Vector, len(p.from))}
	return p.Source.Walk(func(b *table.Batch) error {
		out.Rows = b.Rows
		for i, j := range p.from {
			out.Cols[i] = b.Cols[j]
		}
		return yield(&out)
	})
}

// errEnough ends a walk early.
var errEnough = errors.New("enough rows")

// Limit is the first n rows of src.
func Limit(src Source, n int64) Source { return limited{src, n} }

type limited struct {
	Source
	n int64
}

func (l limited) Walk(yield func(*table.Batch) error) error {
	if l.n <= 0 {
		return nil
	}
	left := l.n
	err := l.Source.Walk(func(b *table.Batch) error {
		if int64(b.Rows) < left {
			left -= int64(b.Rows)
			return yield(b)
		}
		head, err := first(b, int(left))
		if err != nil {
			return err
		}
		if err := yield(head); err != nil {
			return err
		}
		return errEnough
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// first is a batch of the first n rows of b.
func first(b *table.Batch, n int) (*table.Batch, error) {
	if n == b.Rows {
		return b, nil
	}
	head := table.NewBatch(b.Schema)
	for i := range n {
		if err := appendRow(head, b, i); err != nil {
			return nil, err
		}
	}
	return head, nil
}

// appendRow adds row i of src to dst, which has the same schema.
func appendRow(dst, src *table.Batch, i int) error {
	for j := range src.Cols {
		if err := dst.Cols[j].Append(src.Cols[j].Value(i)); err != nil {
			return fmt.Errorf("column %q: %w", src.Schema[j].Name, err)
		}
	}
	dst.Rows++
	return nil
}
