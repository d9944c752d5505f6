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

// send reads a partition and emits its rows by group, as record batches with the place of each row in its group (buffer.Encode).
func (p *Plan) send(ctx context.Context, run *bundle.Run, part table.Partition, emit func(group int64, rows []byte), advance func(n int64)) error {
	return p.read(ctx, run, part, &sender{layout: p.Layout(), most: max(1, travelBytes/p.recordBytes()), emit: emit}, advance)
}

// A sender is a sink that makes record batches of records.
type sender struct {
	layout buffer.Layout
	most   int // rows of a batch
	emit   func(group int64, rows []byte)
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
		if err != nil {
			return err
		}
		s.emit(group, data)
	}
	return nil
}

func (*sender) flush() error { return nil }

// receiveAll puts rows into their places as they come.
func (g *groupBuffers) receiveAll(ctx context.Context, next func(*[]byte) bool) error {
	for data := []byte(nil); next(&data); {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.receive(data); err != nil {
			return err
		}
	}
	return nil
}

// receive puts rows that came as a record batch into their places.
func (g *groupBuffers) receive(data []byte) error {
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
