package pack

import (
	"context"
	"encoding/binary"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
)

// read reads a partition, turns its rows into records and hands these to a sink.
func (p *Plan) read(ctx context.Context, run *bundle.Run, part table.Partition, to sink, advance func(n int64)) error {
	store, err := run.Connect(ctx, p.Ref)
	if err != nil {
		return err
	}
	s := newSorter(p, part.Rows, to)
	places, err := p.placer(part.FirstRow)
	if err != nil {
		return err
	}
	first, err := bundle.Once(ctx, run, "encoder of rows", func(context.Context) (*encoder, error) { return newEncoder(p) })
	if err != nil {
		return err
	}
	enc := first.another()
	row := part.FirstRow
	err = table.EachBatch(ctx, store, part, p.readOptions(), func(b *table.Batch) error {
		if err := enc.begin(b, row); err != nil {
			return err
		}
		for i := range b.Rows {
			group, place := places.next()
			record := binary.NativeEndian.AppendUint32(s.records, uint32(place))
			if record, err = enc.append(record, i); err != nil {
				return err
			}
			s.records, s.group = record, append(s.group, group)
			if len(s.records) >= s.limit {
				if err := s.flush(ctx); err != nil {
					return err
				}
			}
		}
		row += int64(b.Rows)
		advance(int64(b.Rows))
		return nil
	})
	if err != nil {
		return err
	}
	return s.flush(ctx)
}
