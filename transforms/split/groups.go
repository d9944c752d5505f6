package split

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/sqlkey"
)

func init() {
	beam.RegisterType(reflect.TypeFor[part]())
	beam.RegisterCoder(reflect.TypeFor[groups](), encodeGroups, decodeGroups)
	beam.RegisterType(reflect.TypeFor[countFn]())
	beam.RegisterType(reflect.TypeFor[mergeFn]())
}

// A part is partition number Index of the source.
type part struct {
	Index     int
	Partition table.Partition
}

// groups are the sizes of the groups in each partition, by the key of the group.
type groups struct{ Parts map[int]map[string]int64 }

// encodeGroups writes the number of partitions, then per partition its index, its number of groups, and per group the length
// of the key, the key and the size; all numbers as uvarint.
func encodeGroups(g groups) []byte {
	b := binary.AppendUvarint(nil, uint64(len(g.Parts)))
	for i, sizes := range g.Parts {
		b = binary.AppendUvarint(b, uint64(i))
		b = binary.AppendUvarint(b, uint64(len(sizes)))
		for key, n := range sizes {
			b = binary.AppendUvarint(b, uint64(len(key)))
			b = append(b, key...)
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	return b
}

func decodeGroups(b []byte) (groups, error) {
	bad := false
	next := func() int {
		x, n := binary.Uvarint(b)
		if n <= 0 || x > math.MaxInt {
			bad = true
			return 0
		}
		b = b[n:]
		return int(x)
	}
	g := groups{map[int]map[string]int64{}}
	for parts := next(); parts > 0 && !bad; parts-- {
		i, count := next(), next()
		sizes := make(map[string]int64, min(count, len(b)))
		for ; count > 0 && !bad; count-- {
			length := next()
			if length > len(b) {
				bad = true
				break
			}
			key := string(b[:length])
			b = b[length:]
			sizes[key] = int64(next())
		}
		g.Parts[i] = sizes
	}
	if bad || len(b) > 0 {
		return groups{}, errors.New("split: bytes that are no groups")
	}
	return g, nil
}

// sizes are those of the groups over all partitions.
func (g groups) sizes() map[string]int64 {
	out := map[string]int64{}
	for _, p := range g.Parts {
		for key, n := range p {
			out[key] += n
		}
	}
	return out
}

// first is the ordinal of the first row of a group in a partition.
func (g groups) first(part int, key string) int64 {
	n := int64(0)
	for i, p := range g.Parts {
		if i < part {
			n += p[key]
		}
	}
	return n
}

// countFn counts the rows of the groups in a partition.
type countFn struct {
	Run    bundle.Ref
	Ref    string
	Strata []string
	tasks  bundle.Tasks[groups]
}

func (f *countFn) ProcessElement(ctx context.Context, p part, _ func(groups)) error {
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) (groups, error) {
		counts := map[string]*int64{}
		err := eachRow(ctx, bundle.Of(f.Run), f.Ref, p.Partition, f.Strata, f.Strata, func(_ *table.Batch, _ int, key []byte) error {
			n := counts[string(key)]
			if n == nil {
				n = new(int64)
				counts[string(key)] = n
			}
			*n++
			return nil
		}, func(b *table.Batch) error {
			bundle.Of(f.Run).Advance(Counting, "rows", int64(b.Rows))
			return nil
		})
		sizes := make(map[string]int64, len(counts))
		for key, n := range counts {
			sizes[key] = *n
		}
		return groups{map[int]map[string]int64{p.Index: sizes}}, err
	})
}

func (f *countFn) FinishBundle(_ context.Context, emit func(groups)) error {
	return f.tasks.Finish(emit)
}

// mergeFn puts the counts of partitions together.
type mergeFn struct{}

func (*mergeFn) MergeAccumulators(a, b groups) groups {
	out := groups{map[int]map[string]int64{}}
	maps.Copy(out.Parts, a.Parts)
	maps.Copy(out.Parts, b.Parts)
	return out
}

// eachRow calls row for every row of a partition, with the key of its group, and batch behind the rows of each batch.
func eachRow(
	ctx context.Context, run *bundle.Run, ref string, p table.Partition, columns, strata []string,
	row func(b *table.Batch, i int, key []byte) error, batch func(b *table.Batch) error,
) error {
	store, err := run.Connect(ctx, ref)
	if err != nil {
		return err
	}
	var key []byte
	var keys []*table.Vector
	return table.EachBatch(ctx, store, p, table.ReadOptions{Columns: columns}, func(b *table.Batch) error {
		keys = keys[:0]
		for _, name := range strata {
			keys = append(keys, b.Col(name))
		}
		for i := range b.Rows {
			key = sqlkey.AppendRow(key[:0], keys, i)
			if err := row(b, i, key); err != nil {
				return err
			}
		}
		return batch(b)
	})
}
