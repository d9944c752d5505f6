package pack

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/packed"
	"github.com/beamfit/beamfit/transforms/scratch"
)

// check reports rows that have not come.
func (g *filling) check() error {
	if g.placed != g.rows {
		return fmt.Errorf("internal error: %d of %d rows of group %d were found", g.placed, g.rows, g.number)
	}
	return nil
}

// write writes the buffers of a group that is whole as one part of the output.
func (g *filling) write(ctx context.Context, run *bundle.Run, advance func(n int64)) error {
	if err := g.check(); err != nil {
		return err
	}
	p := g.plan
	store, err := run.Connect(ctx, p.Ref)
	if err != nil {
		return err
	}
	w, err := store.Append(ctx, table.Part{Output: p.Output, Table: g.table.table, Key: fmt.Sprintf("%010d", g.number-g.table.firstGroup)})
	if err != nil {
		return err
	}
	batch := table.NewBatch(p.Schema())
	for i, b := range g.buffers {
		batch.Reset()
		id := g.first + int64(i)
		if err = batch.Append(packed.Row(b, g.table.key(id), id)...); err == nil {
			err = w.Write(ctx, batch)
		}
		if err != nil {
			_ = w.Discard()
			return err
		}
		advance(1)
	}
	if err := w.Close(ctx); err != nil {
		_ = w.Discard()
		return err
	}
	return nil
}

// A filling is the buffers of a group while they fill.
type filling struct {
	plan         *Plan
	number       int64
	table        packedTable
	first        int64 // id of the first buffer
	buffers      []*buffer.Buffer
	seen         []bool // per row: it is in its place
	rows, placed int
	chunk        []byte // what read reads into
	row          []byte // room for a row that came with others
}

func (p *Plan) newGroup(n int64) *filling {
	number, t := n, p.tableOf(n)
	n -= t.firstGroup
	from := n * t.groupRows()
	to := min(t.rows, from+t.groupRows())
	g := &filling{plan: p, number: number, table: t, first: n * t.groupBuffers(), rows: int(to - from), seen: make([]bool, to-from)}
	for at := from; at < to; at += t.bufferSize {
		g.buffers = append(g.buffers, buffer.New(nil, p.Layout(), int(min(t.bufferSize, to-at))))
	}
	return g
}

func (g *filling) release() {
	for _, b := range g.buffers {
		b.Release()
	}
}

// readBytes is how much of spilled rows is read at once.
const readBytes = 1 << 20

// readAll puts spilled rows into their places.
func (g *filling) readAll(ctx context.Context, spilled []Spilled) error {
	for _, s := range spilled {
		if err := g.read(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// read puts spilled rows of one place into theirs.
func (g *filling) read(ctx context.Context, s Spilled) error {
	f, err := os.Open(filepath.Join(g.plan.Scratch, s.File))
	if err != nil {
		return scratch.Error(err)
	}
	defer f.Close()
	size := int64(g.plan.recordBytes())
	if g.chunk == nil {
		g.chunk = make([]byte, max(1, readBytes/size)*size)
	}
	chunk := g.chunk
	in := io.NewSectionReader(f, s.Offset, s.Rows*size)
	for left := s.Rows * size; left > 0; left -= int64(len(chunk)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk = chunk[:min(int64(len(chunk)), left)]
		if _, err := io.ReadFull(in, chunk); err != nil {
			return scratch.Error(err)
		}
		for r := chunk; len(r) > 0; r = r[size:] {
			if err := g.place(int(binary.NativeEndian.Uint32(r)), r[4:size]); err != nil {
				return err
			}
		}
	}
	return nil
}

// place puts a row into its place.
func (g *filling) place(at int, row []byte) error {
	if at >= g.rows || g.seen[at] {
		return fmt.Errorf("internal error: row %d of a group of %d rows came twice or is not of the group", at, g.rows)
	}
	g.seen[at] = true
	g.placed++
	size := int(g.table.bufferSize)
	g.buffers[at/size].SetRow(at%size, row)
	return nil
}
