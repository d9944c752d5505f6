package split

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[Counts](), Counts.MarshalBinary, decodeCounts)
	collect.Register[Counts]()
	beam.RegisterType(reflect.TypeFor[splitFn]())
	beam.RegisterType(reflect.TypeFor[sumFn]())
}

// Counting and Splitting are the stages in progress reports; their unit is "rows". Only strata are counted.
const (
	Counting  = "counting"
	Splitting = "splitting"
)

// SplitColumn is the column that tells training rows, 1, from test rows, 0, where both are in one table.
const SplitColumn = "split"

// Options say what is split. They can be encoded as JSON, and hold no secret.
type Options struct {
	// Ref addresses the store.
	Ref string
	// Source is the table, for errors, and Rows its number of rows.
	Source table.Name
	Rows   int64

	Proportions Proportions
	Seed        uint64
	// Strata are the columns that make groups, Columns those of the output, in their order.
	Strata  []string
	Columns table.Schema
	// Output is the table.Output. With Separate its table 0 gets the training rows and table 1 the test rows, else table 0
	// gets both and has SplitColumn at its end.
	Output   string
	Separate bool
	// Spread hands the partitions out to all workers, where a runner would leave them with the one that made them.
	Spread bool
}

// Schema is that of the output tables.
func (o *Options) Schema() table.Schema {
	if o.Separate {
		return o.Columns
	}
	return append(append(table.Schema{}, o.Columns...), table.Column{Name: SplitColumn, Type: table.Int32Type})
}

// Counts are the rows written.
type Counts struct{ Train, Test int64 }

// MarshalBinary writes JSON.
func (c Counts) MarshalBinary() ([]byte, error) { return json.Marshal(c) }

// UnmarshalBinary reads what MarshalBinary wrote.
func (c *Counts) UnmarshalBinary(b []byte) error { return json.Unmarshal(b, c) }

func decodeCounts(b []byte) (Counts, error) { return bundle.FromBytes[Counts](b) }

// Split writes the rows of the two sets to the output and returns the PCollection<Counts> of their one sum.
func Split(s beam.Scope, run bundle.Ref, opt Options, partitions []table.Partition) beam.PCollection {
	s = s.Scope("split.Split")
	parts := make([]part, len(partitions))
	for i, p := range partitions {
		parts[i] = part{i, p}
	}
	in := beam.CreateList(s, parts)
	if opt.Spread {
		in = beam.Reshuffle(s, in)
	}
	sizes := beam.Combine(s, &mergeFn{}, opt.groups(s, run, in, parts))
	written := beam.ParDo(s, &splitFn{Run: run, Options: opt}, in, beam.SideInput{Input: sizes})
	return beam.Combine(s, &sumFn{}, written)
}

// groups are the groups of each partition: counted, or without strata the partition itself.
func (o *Options) groups(s beam.Scope, run bundle.Ref, in beam.PCollection, parts []part) beam.PCollection {
	if len(o.Strata) > 0 {
		return beam.ParDo(s, &countFn{Run: run, Ref: o.Ref, Strata: o.Strata}, in)
	}
	all := groups{map[int]map[string]int64{}}
	for _, p := range parts {
		all.Parts[p.Index] = map[string]int64{"": p.Partition.Rows}
	}
	return beam.CreateList(s, []groups{all})
}

// splitFn writes the chosen rows of partitions.
type splitFn struct {
	Run     bundle.Ref
	Options Options
	tasks   bundle.Tasks[Counts]
	sizes   map[string]int64
}

// begin prepares for the elements of a bundle.
func (f *splitFn) begin(g groups) error {
	f.sizes = g.sizes()
	for _, n := range f.sizes {
		if drawn, _ := f.Options.Proportions.Count(n); drawn > 0 {
			return nil
		}
	}
	return bundle.Of(f.Run).Fail(&table.TableError{Table: f.Options.Source, Err: errEmpty(f.Options)})
}

func errEmpty(o Options) error {
	of := fmt.Sprintf("%d rows", o.Rows)
	if len(o.Strata) > 0 {
		of = "every group"
	}
	return fmt.Errorf("a sample of %v of %s has no rows; raise the proportions", o.Proportions.Train+o.Proportions.Test, of)
}

func (f *splitFn) ProcessElement(ctx context.Context, p part, g groups, _ func(Counts)) error {
	if f.sizes == nil {
		if err := f.begin(g); err != nil {
			return err
		}
	}
	sizes := f.sizes
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) (Counts, error) {
		return f.Options.split(ctx, bundle.Of(f.Run), p, g, sizes, func(n int64) { bundle.Of(f.Run).Advance(Splitting, "rows", n) })
	})
}

func (f *splitFn) FinishBundle(_ context.Context, _ groups, emit func(Counts)) error {
	f.sizes = nil
	return f.tasks.Finish(emit)
}

// split writes the chosen rows of a partition.
func (o *Options) split(ctx context.Context, run *bundle.Run, p part, g groups, sizes map[string]int64, advance func(n int64)) (counts Counts, err error) {
	w := newWriter(o, run, p.Index)
	defer w.discard()
	type state struct {
		*choice
		next int64 // ordinal
	}
	states := map[string]*state{}
	err = eachRow(ctx, run, o.Ref, p.Partition, o.Columns.Names(), o.Strata, func(b *table.Batch, i int, key []byte) error {
		s := states[string(key)]
		if s == nil {
			k := string(key)
			n, here := sizes[k], g.Parts[p.Index][k]
			if here == 0 {
				return &table.TableError{Table: o.Source, Err: errors.New("internal error: a group has appeared since the groups were counted")}
			}
			first := g.first(p.Index, k)
			c, err := o.Proportions.choose(ctx, o.Seed, k, n, first, first+here)
			if err != nil {
				return err
			}
			s = &state{c, first}
			states[k] = s
		}
		h := s.of(s.next)
		s.next++
		for range h.train {
			w.add(b, i, true)
		}
		for range h.test {
			w.add(b, i, false)
		}
		counts.Train += h.train
		counts.Test += h.test
		return nil
	}, func(b *table.Batch) error {
		advance(int64(b.Rows))
		return w.flush(ctx)
	})
	if err != nil {
		return Counts{}, err
	}
	return counts, w.close(ctx)
}

// sumFn adds counts.
type sumFn struct{}

func (*sumFn) MergeAccumulators(a, b Counts) Counts {
	return Counts{a.Train + b.Train, a.Test + b.Test}
}
