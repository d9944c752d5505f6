package fileio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"path/filepath"
	"slices"
	"sync"

	"github.com/beamfit/beamfit/io/table"
)

// A snapshot holds the shared lock of one generation's manifest, which keeps the generation's folder in place, also when
// the table is replaced or dropped.
type snapshot struct {
	store *Store
	id    string
	entry entry
	info  table.Info
	once  sync.Once

	lease *lock
}

// open are the snapshots open in this process, by id. A partition whose snapshot this process has closed is refused; of the
// snapshots of other processes no more is known than whether their generation still exists.
var open sync.Map

// process begins the ids of this process's snapshots.
var process = newID()

// Snapshot freezes the view of one table.
func (s *Store) Snapshot(ctx context.Context, name table.Name) (table.Snapshot, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	n := &snapshot{store: s, id: process + "/" + newID()}
	err := s.locked(ctx, false, func() (err error) {
		if n.entry, n.info, err = s.find(name); err != nil {
			return err
		}
		n.lease, err = s.disk.lease(s.generation(n.entry))
		return err
	})
	if err != nil {
		return nil, about(name, err)
	}
	s.mu.Lock()
	s.snapshots[n] = struct{}{}
	s.mu.Unlock()
	open.Store(n.id, true)
	return n, nil
}

// errGone: a generation is no longer there, or is being removed.
var errGone = errors.New("the snapshot is closed: the table has been replaced or dropped since")

// lease takes the shared lock of a generation.
func (d disk) lease(dir string) (*lock, error) {
	l, err := d.tryTake(filepath.Join(dir, manifestFile), false)
	if err == nil && l == nil {
		err = errGone
	}
	return l, err
}

func (n *snapshot) Info() table.Info { return n.info }

// A token is where a partition's rows are.
type token struct {
	Snapshot   string `json:"snapshot"`
	Folder     string `json:"folder"`
	Generation string `json:"generation"`
	Manifest   uint32 `json:"manifest_crc32c"`
}

// Partitions cuts the rows into ranges that differ by at most one row.
func (n *snapshot) Partitions(ctx context.Context, count int) ([]table.Partition, error) {
	if count < 1 {
		return nil, about(n.info.Name, fmt.Errorf("%d partitions asked for; at least 1 is needed", count))
	}
	count = int(min(int64(count), n.info.Rows))
	var before []int64
	for i := 1; i < count; i++ {
		before = append(before, share(n.info.Rows, i, count))
	}
	return n.Cut(ctx, before)
}

// Cut cuts the rows before the given ones.
func (n *snapshot) Cut(ctx context.Context, before []int64) ([]table.Partition, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, ok := open.Load(n.id); !ok {
		return nil, about(n.info.Name, errors.New("the snapshot is closed"))
	}
	if err := table.CheckCuts(before, n.info.Rows); err != nil {
		return nil, about(n.info.Name, err)
	}
	text, err := json.Marshal(token{n.id, n.entry.Folder, n.entry.Generation, n.entry.Manifest})
	if err != nil || n.info.Rows == 0 {
		return nil, err
	}
	var parts []table.Partition
	first := int64(0)
	for _, end := range append(slices.Clone(before), n.info.Rows) {
		parts = append(parts, table.Partition{Table: n.info.Name, Token: string(text), FirstRow: first, Rows: end - first})
		first = end
	}
	return parts, nil
}

// share is rows*i/n without overflow.
func share(rows int64, i, n int) int64 {
	hi, lo := bits.Mul64(uint64(rows), uint64(i))
	q, _ := bits.Div64(hi, lo, uint64(n))
	return int64(q)
}

// Close gives the generation free; if it no longer counts and nobody else reads it, its files are removed.
func (n *snapshot) Close() error {
	n.once.Do(func() {
		open.Delete(n.id)
		n.lease.release()
		n.store.mu.Lock()
		delete(n.store.snapshots, n)
		n.store.mu.Unlock()
		n.store.sweepIfReplaced(n.entry)
	})
	return nil
}
