package tables

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/beamfit/beamfit/io/table"
)

// The distribution rules of packed tables, beside the name of a table.
const (
	// AllSegments: all shards get buffers.
	AllSegments = "all_segments"
	// GPUSegments: shards on hosts that have a GPU do.
	GPUSegments = "gpu_segments"
)

// Segments are the numbers of the shards that get buffers, from 0, sorted; nil: all of them. In MADlib a shard is a primary segment of
// Greenplum, its number the segment's content, and its dbid what a new cluster gives it: the coordinator has 1, and the segments follow.
type Segments []int

const firstDBID = 2

// columns are the values of the summary's columns distribution_rules and __internal_gpu_config__, and their type.
func (s Segments) columns() (rules, config any, t table.Type) {
	if s == nil {
		return AllSegments, AllSegments, table.TextType
	}
	dbids := make([]int, len(s))
	for i, segment := range s {
		dbids[i] = segment + firstDBID
	}
	return dbids, []int(s), table.Int32ArrayType
}

// Keys are the values of __dist_key__ for the shards that get buffers; nil: their numbers.
func (s Segments) Keys() []int32 {
	if s == nil {
		return nil
	}
	keys := make([]int32, len(s))
	for i, segment := range s {
		keys[i] = int32(segment)
	}
	return keys
}

// ReadSegments reads the shards from a table that lists those that get buffers by their dbid, or where it has no such column the hosts
// that they are on. shards is how many there are, 0: as many as the table says; here tells whether a host is the one where all are; nil:
// nobody knows where they will be.
func ReadSegments(ctx context.Context, store table.Store, text string, shards int, here func(host string) bool) (Segments, error) {
	snap, err := OpenInput(ctx, store, "distribution", text)
	if errors.Is(err, table.ErrNotExist) {
		return nil, fmt.Errorf("distribution: expected %s, %s or a table: %w", AllSegments, GPUSegments, err)
	}
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	column, read := "dbid", func(v *table.Vector) (Segments, error) { return segmentsOf(v, shards) }
	if snap.Info().Schema.Index(column) < 0 && snap.Info().Schema.Index("hostname") >= 0 {
		if here == nil {
			err := errors.New(`lists machines, in column "hostname", and nobody knows before the job which machines the shards will be on: expected a column "dbid" that lists the shards`)
			return nil, fmt.Errorf("distribution table: %w", &table.TableError{Table: snap.Info().Name, Err: err})
		}
		column, read = "hostname", func(v *table.Vector) (Segments, error) { return segmentsHere(v, shards, here) }
	}
	b, err := ReadAll(ctx, store, snap, []string{column})
	if err != nil {
		return nil, fmt.Errorf("distribution table: %w", err)
	}
	segments, err := read(&b.Cols[0])
	if err != nil {
		return nil, fmt.Errorf("distribution table: %w", &table.TableError{Table: snap.Info().Name, Err: err})
	}
	return segments, nil
}

func segmentsOf(dbids *table.Vector, shards int) (segments Segments, err error) {
	last := int64(shards) + firstDBID - 1
	if shards == 0 {
		last = math.MaxInt32
	}
	for i := range dbids.Len() {
		dbid, err := dbids.Int(i)
		if err != nil {
			return nil, fmt.Errorf("column %q, row %d: %w", "dbid", i+1, err)
		}
		if dbid < firstDBID || dbid > last {
			return nil, fmt.Errorf("column %q, row %d: no shard has dbid %d; that of the first is %d, that of the last %d", "dbid", i+1, dbid, firstDBID, last)
		}
		segments = append(segments, int(dbid-firstDBID))
	}
	slices.Sort(segments)
	for i := 1; i < len(segments); i++ {
		if segments[i] == segments[i-1] {
			return nil, fmt.Errorf("column %q has %d twice", "dbid", segments[i]+firstDBID)
		}
	}
	return segments, nil
}

func segmentsHere(hosts *table.Vector, shards int, here func(host string) bool) (Segments, error) {
	found := false
	for i := range hosts.Len() {
		host, err := hosts.Text(i)
		if err != nil {
			return nil, fmt.Errorf("column %q, row %d: %w", "hostname", i+1, err)
		}
		found = found || here(host)
	}
	if !found {
		return nil, fmt.Errorf("column %q does not have this machine, which all shards are on", "hostname")
	}
	return AllOf(shards), nil
}

// AllOf are so many shards, by number; 0: one.
func AllOf(shards int) Segments {
	segments := make(Segments, max(1, shards))
	for i := range segments {
		segments[i] = i
	}
	return segments
}
