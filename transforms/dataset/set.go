package dataset

import (
	"context"
	"errors"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/transforms/packed"
)

// Training is the role of the table that a fit trains on.
const Training = "training"

// A Table is a packed table, as a shard's worker finds it.
type Table struct {
	// Role is what the table is to the run: Training, "validation", "test". Checkpoints have it as Set.
	Role string `json:"Set"`
	// Ref addresses the store, Name is the table's, and Layout that of its buffers in the order of the model's inputs and outputs.
	Ref    string
	Name   table.Name
	Layout buffer.Layout
	// Keyed: the table has the column of keys.
	Keyed bool
}

// A Set is the shards of a packed table.
type Set struct {
	Table
	Shards []Shard
}

// A place is where the buffer of a row of the table belongs.
type place struct {
	packed.Description
	row   int64 // of the table
	shard int
}

// Open reads which buffers a packed table has and checks their shapes. layout has the columns in the order of the model's
// inputs and outputs, with the shapes of the model's inputs and of the labels. The snapshot must stay open as long as shards are
// loaded. The shards are cut into about so many partitions, which workers read side by side.
func Open(ctx context.Context, role string, store table.Store, snap table.Snapshot, layout buffer.Layout, partitions int) (*Set, error) {
	info := snap.Info()
	if err := packed.Check(info, layout); err != nil {
		return nil, err
	}
	keyed := info.Schema.Index(packed.KeyColumn) >= 0
	s := &Set{Table: Table{Role: role, Ref: store.Ref(), Name: info.Name, Layout: layout, Keyed: keyed}}
	places, err := s.index(ctx, store, snap)
	if err != nil {
		return nil, err
	}
	s.arrange(places)
	if s.Rows() == 0 {
		return nil, &table.TableError{Table: s.Name, Err: errors.New("its buffers have no rows")}
	}
	return s, s.cut(ctx, snap, places, partitions)
}

// index reads what describes the buffers, in the order of the table's rows.
func (s *Set) index(ctx context.Context, store table.Store, snap table.Snapshot) ([]place, error) {
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		return nil, err
	}
	places := make([]place, 0, snap.Info().Rows)
	opt := table.ReadOptions{Columns: packed.Columns(s.Layout, s.Keyed)}
	for _, p := range parts {
		err := table.EachBatch(ctx, store, p, opt, func(b *table.Batch) error {
			for i := range b.Rows {
				row := int64(len(places))
				d, err := packed.Describe(s.Name, b, i, row, s.Layout)
				if err != nil {
					return err
				}
				places = append(places, place{Description: d, row: row})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return places, nil
}

// arrange finds the shards, and the shard of every buffer.
func (s *Set) arrange(places []place) {
	var keys []int64
	for _, p := range places {
		keys = append(keys, p.Key)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for i, key := range keys {
		s.Shards = append(s.Shards, Shard{Table: s.Table, Index: i, Key: key})
	}
	for i := range places {
		p := &places[i]
		p.shard, _ = slices.BinarySearch(keys, p.Key)
		s.Shards[p.shard].Rows += p.Rows
		s.Shards[p.shard].Buffers++
	}
}

// cut gives the shards their partitions: of their own where the buffers of each follow each other in the table, else those of
// the whole table in which a shard has buffers.
func (s *Set) cut(ctx context.Context, snap table.Snapshot, places []place, partitions int) error {
	var parts []table.Partition
	var err error
	if before, ok := s.bounds(places, partitions); ok {
		parts, err = snap.Cut(ctx, before)
	} else {
		parts, err = snap.Partitions(ctx, partitions)
	}
	if err != nil {
		return err
	}
	for _, part := range parts {
		in := map[int]bool{}
		for _, p := range places[part.FirstRow:][:part.Rows] {
			in[p.shard] = true
		}
		for shard := range in {
			s.Shards[shard].Parts = append(s.Shards[shard].Parts, part)
		}
	}
	return nil
}

// bounds are the rows at which shards begin, and those that cut the shards into about so many partitions; false: the buffers of a
// shard do not follow each other.
func (s *Set) bounds(places []place, partitions int) (before []int64, contiguous bool) {
	most := (len(places) + partitions - 1) / partitions // buffers of a partition
	seen := map[int]bool{}
	size := 0
	for i, p := range places {
		begins := i == 0 || p.shard != places[i-1].shard
		if begins && seen[p.shard] {
			return nil, false
		}
		seen[p.shard] = true
		if begins || size == most {
			size = 0
			if i > 0 {
				before = append(before, p.row)
			}
		}
		size++
	}
	return before, true
}

// Rows is the number of rows of all shards.
func (s *Set) Rows() int64 {
	n := int64(0)
	for _, sh := range s.Shards {
		n += int64(sh.Rows)
	}
	return n
}

// Buffers is the number of buffers of all shards.
func (s *Set) Buffers() int64 {
	n := int64(0)
	for _, sh := range s.Shards {
		n += int64(sh.Buffers)
	}
	return n
}
