package pack

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"os"
	"path/filepath"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/scratch"
)

// A Segment is where rows of one group wait: Rows records from Offset on in a file of the scratch folder.
type Segment struct {
	Group  int64
	File   string
	Offset int64
	Rows   int64
}

// A spiller collects records in memory and writes them to a file of its own, sorted by group, whenever it has as many bytes as
// a group.
type spiller struct {
	plan    *Plan
	limit   int
	records []byte
	groups  []int64 // per record
	file    *os.File
	offset  int64
	out     []Segment
}

// newSpiller makes a spiller for that many rows, with room for all that it will have in memory: records that grew would be copied
// again and again, and leave several times their size behind.
func newSpiller(p *Plan, rows int64) *spiller {
	size := int64(p.recordBytes())
	most := min(rows, (p.groupBytes()+size-1)/size)
	return &spiller{plan: p, limit: int(p.groupBytes()), records: make([]byte, 0, most*size), groups: make([]int64, 0, most)}
}

// spill reads a partition and returns where its rows wait.
func (p *Plan) spill(ctx context.Context, run *bundle.Run, part table.Partition, advance func(n int64)) (out []Segment, err error) {
	store, err := run.Connect(ctx, p.Ref)
	if err != nil {
		return nil, err
	}
	s := newSpiller(p, part.Rows)
	defer s.close()
	position, enc := p.positions(), newEncoder(p)
	groupRows, row := p.groupRows(), part.FirstRow
	err = table.EachBatch(ctx, store, part, p.readOptions(), func(b *table.Batch) error {
		for i := range b.Rows {
			at := position(row)
			record := binary.NativeEndian.AppendUint32(s.records, uint32(at%groupRows))
			if record, err = enc.append(record, b, i, row); err != nil {
				return err
			}
			s.records, s.groups = record, append(s.groups, at/groupRows)
			if len(s.records) >= s.limit {
				if err := s.flush(ctx); err != nil {
					return err
				}
			}
			row++
		}
		advance(int64(b.Rows))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.flush(ctx); err != nil {
		return nil, err
	}
	if s.file != nil {
		if err := s.file.Close(); err != nil {
			return nil, scratch.Error(err)
		}
		s.file = nil
	}
	return s.out, nil
}

// close closes the file of a spiller that has failed.
func (s *spiller) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
}

// flush writes the records, group by group.
func (s *spiller) flush(ctx context.Context) error {
	if len(s.groups) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.file == nil {
		var err error
		if s.file, err = os.OpenFile(filepath.Join(s.plan.Scratch, rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return scratch.Error(err)
		}
	}
	// A counting sort: starts[g] is where the records of group g begin in order.
	starts := make([]int, s.plan.groups()+1)
	for _, g := range s.groups {
		starts[g+1]++
	}
	for g := range len(starts) - 1 {
		starts[g+1] += starts[g]
	}
	order, next := make([]int, len(s.groups)), append([]int(nil), starts...)
	for i, g := range s.groups {
		order[next[g]] = i
		next[g]++
	}
	size := len(s.records) / len(s.groups)
	w := bufio.NewWriterSize(s.file, 1<<18)
	for _, i := range order {
		_, _ = w.Write(s.records[i*size : (i+1)*size]) // Flush reports the error
	}
	if err := w.Flush(); err != nil {
		return scratch.Error(err)
	}
	name := filepath.Base(s.file.Name())
	for g := range len(starts) - 1 {
		if n := starts[g+1] - starts[g]; n > 0 {
			s.out = append(s.out, Segment{int64(g), name, s.offset, int64(n)})
			s.offset += int64(n * size)
		}
	}
	s.records, s.groups = s.records[:0], s.groups[:0]
	return nil
}
