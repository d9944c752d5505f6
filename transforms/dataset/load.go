package dataset

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/bundle"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[Shard](), encodeShard, decodeShard)
	beam.RegisterType(reflect.TypeFor[loadFn]())
	beam.RegisterType(reflect.TypeFor[shardsFn]())
	beam.RegisterType(reflect.TypeFor[loadedFn]())
	beam.RegisterType(reflect.TypeFor[sumFn]())
}

// Sets are the tables of a run by name, which bundle.Share gives to the stages.
type Sets map[string]*Set

// Of is the set of that name of a run.
func Of(run, name string) (*Set, error) {
	sets, err := bundle.Shared[Sets](run)
	if err != nil {
		return nil, err
	}
	return sets[name], nil
}

// A Shard is the element that stands for a shard.
type Shard struct{ Index int }

func encodeShard(s Shard) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(s.Index)) }

func decodeShard(b []byte) (Shard, error) {
	if len(b) != 4 {
		return Shard{}, fmt.Errorf("dataset: %d bytes are no shard", len(b))
	}
	return Shard{int(binary.LittleEndian.Uint32(b))}, nil
}

// Load reads the set of that name and returns the PCollection<Shard> of its shards, once all are in memory.
func Load(s beam.Scope, run, name string, set *Set) beam.PCollection {
	s = s.Scope("dataset.Load " + name)
	numbers := make([]int, len(set.parts))
	for i := range numbers {
		numbers[i] = i
	}
	loaded := beam.ParDo(s, &loadFn{Run: run, Set: name}, beam.CreateList(s, numbers))
	sum := beam.Combine(s, &sumFn{}, loaded)
	return beam.ParDo(s, &shardsFn{Run: run, Set: name}, beam.Impulse(s), beam.SideInput{Input: sum})
}

// Loaded is the PCollection<Shard> of a set that an earlier run of this process has read by Load.
func Loaded(s beam.Scope, run, name string) beam.PCollection {
	return beam.ParDo(s.Scope("dataset.Loaded "+name), &loadedFn{Run: run, Set: name}, beam.Impulse(s))
}

// loadedFn emits the shards.
type loadedFn struct{ Run, Set string }

func (f *loadedFn) ProcessElement(_ context.Context, _ []byte, emit func(Shard)) error {
	set, err := Of(f.Run, f.Set)
	if err == nil {
		set.eachShard(emit)
	}
	return err
}

func (s *Set) eachShard(emit func(Shard)) {
	for i := range s.shards {
		emit(Shard{i})
	}
}

// Stage is the name of Load in progress reports, which count the buffers of all sets of a run.
const Stage = "reading"

// loadFn reads partitions side by side and emits the number of their buffers.
type loadFn struct {
	Run, Set string
	tasks    bundle.Tasks[int64]
}

func (f *loadFn) StartBundle(context.Context, func(int64)) { f.tasks.Start(f.Run) }

func (f *loadFn) ProcessElement(ctx context.Context, part int, _ func(int64)) error {
	return f.tasks.Go(ctx, func(ctx context.Context) (int64, error) {
		set, err := Of(f.Run, f.Set)
		if err != nil {
			return 0, err
		}
		return set.load(ctx, set.parts[part], func(n int64) { bundle.Of(f.Run).Advance(Stage, "buffers", n) })
	})
}

func (f *loadFn) FinishBundle(_ context.Context, emit func(int64)) error { return f.tasks.Finish(emit) }

// sumFn counts the buffers that were read.
type sumFn struct{}

func (*sumFn) MergeAccumulators(a, b int64) int64 { return a + b }

// shardsFn turns the news that all buffers are there into the shards.
type shardsFn struct{ Run, Set string }

func (f *shardsFn) ProcessElement(_ context.Context, _ []byte, loaded int64, emit func(Shard)) error {
	set, err := Of(f.Run, f.Set)
	if err != nil {
		return err
	}
	if loaded != int64(len(set.buffers)) {
		return bundle.Of(f.Run).Fail(&table.TableError{Table: set.Name, Err: fmt.Errorf("%d of %d buffers were read", loaded, len(set.buffers))})
	}
	if set.Loaded != nil {
		if err := set.Loaded(); err != nil {
			return bundle.Of(f.Run).Fail(err)
		}
	}
	set.eachShard(emit)
	return nil
}

// load reads a partition.
func (s *Set) load(ctx context.Context, p table.Partition, advance func(n int64)) (int64, error) {
	store, err := table.Connect(ctx, s.ref)
	if err != nil {
		return 0, err
	}
	var names []string
	for i := range s.layout.Len() {
		names = append(names, s.layout.Variable(i).Name)
	}
	row := p.FirstRow
	err = table.EachBatch(ctx, store, p, table.ReadOptions{Columns: names}, func(b *table.Batch) error {
		for i := range b.Rows {
			if err := s.place(b, i, row); err != nil {
				return err
			}
			row++
		}
		advance(int64(b.Rows))
		return nil
	})
	return row - p.FirstRow, err
}

// place makes the values of row i of b a buffer, without copying them.
func (s *Set) place(b *table.Batch, i int, row int64) error {
	at := s.buffers[row]
	p := buffer.Packed{ID: at.id}
	for k := range s.layout.Len() {
		v := s.layout.Variable(k)
		values := b.Col(v.Name)
		if values.IsNull(i) {
			return s.fail(v.Name, row, errNull)
		}
		p.Values = append(p.Values, values.Bytes[i])
		p.Shapes = append(p.Shapes, slices.Concat([]int{at.rows}, v.Shape))
	}
	read, err := buffer.Read(s.layout, p)
	if err != nil {
		var e *buffer.Error
		if errors.As(err, &e) {
			return s.fail(e.Column, row, e.Err)
		}
		return err
	}
	if s.Check != nil {
		var e *trainer.LabelError
		if err := s.Check(rowsOf(read)); errors.As(err, &e) {
			return s.fail(s.layout.Labels[e.Output].Name, row, err)
		} else if err != nil {
			return err
		}
	}
	s.shards[at.shard].buffers[at.at] = read
	return nil
}
