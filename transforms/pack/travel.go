package pack

import (
	"context"
	"encoding/binary"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/transforms/bundle"
)

// travelBytes is about the most bytes of rows that travel as one element, but one row at least: what fits into the memory that engines
// sort in.
const travelBytes = 256 << 10

// sendFn reads partitions and gives their rows on while it reads, so that a worker holds no more than a group.
type sendFn struct {
	Run  bundle.Ref
	Plan Plan
}

func (f *sendFn) ProcessElement(ctx context.Context, part table.Partition, emit func(int64, []byte)) error {
	return bundle.Do(ctx, f.Run, func(ctx context.Context) error {
		run := bundle.Of(f.Run)
		to := f.Plan.newSender(func(t travelling) error {
			emit(t.group, t.rows)
			return nil
		})
		return f.Plan.read(ctx, run, part, to, func(n int64) { run.Advance(Reading, "rows", n) })
	})
}

// receiveFn makes and writes the buffers of a group from its rows.
type receiveFn struct {
	Run  bundle.Ref
	Plan Plan
}

func (f *receiveFn) ProcessElement(ctx context.Context, group int64, next func(*[]byte) bool, emit func(written)) error {
	g := f.Plan.newGroup(group)
	defer g.release()
	err := bundle.Do(ctx, f.Run, func(ctx context.Context) error {
		for rows := []byte(nil); next(&rows); {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := g.receive(rows); err != nil {
				return err
			}
		}
		run := bundle.Of(f.Run)
		return g.write(ctx, run, func(n int64) { run.Advance(Packing, "buffers", n) })
	})
	if err != nil {
		return err
	}
	emit(written{int64(len(g.buffers))})
	return nil
}

// travelling are rows of a group as a record batch, with the place of each (buffer.Encode).
type travelling struct {
	group int64
	rows  []byte
}

// A sender is a sink that makes record batches of records.
type sender struct {
	layout buffer.Layout
	most   int // rows of a batch
	emit   func(travelling) error
}

func (p *Plan) newSender(emit func(travelling) error) *sender {
	return &sender{layout: p.Layout(), most: max(1, travelBytes/p.recordBytes()), emit: emit}
}

func (s *sender) put(group int64, rows int, record func(i int) []byte) error {
	for from := 0; from < rows; from += s.most {
		n := min(s.most, rows-from)
		b := buffer.New(nil, s.layout, n)
		places := make([]uint32, n)
		for i := range n {
			r := record(from + i)
			places[i] = binary.NativeEndian.Uint32(r)
			b.SetRow(i, r[4:])
		}
		data, err := b.Encode(places)
		b.Release()
		if err == nil {
			err = s.emit(travelling{group, data})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (*sender) flush() error { return nil }

// receive puts rows that came as a record batch into their places.
func (g *filling) receive(data []byte) error {
	b, places, err := buffer.Decode(g.plan.Layout(), data)
	if err != nil {
		return err
	}
	defer b.Release()
	for i, at := range places {
		g.row = b.AppendRow(g.row[:0], i)
		if err := g.place(int(at), g.row); err != nil {
			return err
		}
	}
	return nil
}
