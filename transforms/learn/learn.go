// Package learn finds, in one pass over the rows of a table, what must be known of all of them before they can be packed: the classes of
// labels, and what the steps of feature columns learn from (package features).
//
// Words: Found is what some rows have.
//
// Guarantees: what is found depends on the rows only: not on partitions, workers, the runner or the order in which parts are joined. Memory
// is bounded by the distinct values of the columns that are asked for them.
//
// Failure: a label column with more than classes.Max distinct values, or a feature column beyond the limit of its function, is a
// *table.TableError; a value that cannot be learned from is a *table.ValueError.
package learn

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/classes"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/holdout"
)

func init() {
	beam.RegisterType(reflect.TypeFor[table.Partition]())
	beam.RegisterCoder(reflect.TypeFor[Found](), Found.MarshalBinary, decodeFound)
	collect.Register[Found]()
	beam.RegisterType(reflect.TypeFor[readFn]())
	beam.RegisterType(reflect.TypeFor[joinFn]())
}

// Stage is the name of the stage in progress reports; its unit is "rows".
const Stage = "learning"

// A Plan says what is to be found. It can be encoded as JSON, and holds no secret.
type Plan struct {
	// Ref addresses the store, Source is the table that is read, for errors.
	Ref    string
	Source table.Name
	// Labels are the columns whose distinct values are found, NULL included; of arrays, those of all elements that are not NULL.
	Labels []table.Column
	// Features are the variables whose steps learn.
	Features []features.Variable
	// Held are the rows that nothing is learned from; nil: there are none.
	Held *holdout.Choice
}

// Find takes a PCollection<table.Partition> and returns the PCollection<Found> of what all rows have, of one element.
func Find(s beam.Scope, run bundle.Ref, plan Plan, partitions beam.PCollection) beam.PCollection {
	s = s.Scope("learn.Find")
	parts := beam.ParDo(s, &readFn{Run: run, Plan: plan}, partitions)
	return beam.Combine(s, &joinFn{Run: run, Plan: plan}, parts)
}

// Found is what some rows have: the distinct values of each label column, and the statistics of all columns of the features. The zero
// Found is of no rows.
type Found struct {
	Labels   []classes.Set
	Features features.Stats
	// Held are the distinct values of the label columns in the held rows.
	Held []classes.Set
}

// MarshalBinary writes gob.
func (f Found) MarshalBinary() ([]byte, error) {
	type plain Found
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(plain(f))
	return b.Bytes(), err
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (f *Found) UnmarshalBinary(b []byte) error {
	type plain Found
	return gob.NewDecoder(bytes.NewReader(b)).Decode((*plain)(f))
}

func decodeFound(b []byte) (Found, error) { return bundle.FromBytes[Found](b) }

// readFn finds what partitions have.
type readFn struct {
	Run   bundle.Ref
	Plan  Plan
	tasks bundle.Tasks[Found]
}

func (f *readFn) ProcessElement(ctx context.Context, p table.Partition, _ func(Found)) error {
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) (Found, error) { return f.Plan.read(ctx, bundle.Of(f.Run), p) })
}

func (f *readFn) FinishBundle(_ context.Context, emit func(Found)) error {
	return f.tasks.Finish(emit)
}

// columns are those that are read, each once.
func (p *Plan) columns() []string {
	var names []string
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, c := range p.Labels {
		add(c.Name)
	}
	for i := range p.Features {
		for _, name := range p.Features[i].Reads() {
			add(name)
		}
	}
	return names
}

// read finds what a partition has.
func (p *Plan) read(ctx context.Context, run *bundle.Run, part table.Partition) (Found, error) {
	store, err := run.Connect(ctx, p.Ref)
	if err != nil {
		return Found{}, err
	}
	found := p.none()
	collector := features.NewCollector(p.Features)
	row := part.FirstRow
	var key []byte
	mark := p.heldMarks()
	err = table.EachBatch(ctx, store, part, table.ReadOptions{Columns: p.columns()}, func(b *table.Batch) error {
		held := mark(row, b.Rows)
		for k, c := range p.Labels {
			v := b.Col(c.Name)
			for i := range b.Rows {
				to := found.Labels[k]
				if held != nil && held[i] {
					to = found.Held[k]
				}
				if !v.Type.Array {
					key = to.Add(v, i, row+int64(i), key)
					continue
				}
				for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
					if v.ElemNull == nil || !v.ElemNull[j] {
						key = to.Add(v, j, row+int64(i), key)
					}
				}
			}
		}
		if err := p.checkCounts(found); err != nil {
			return err
		}
		if err := collector.Add(b, held, p.Source, row); err != nil {
			return err
		}
		row += int64(b.Rows)
		run.Advance(Stage, "rows", int64(b.Rows))
		return nil
	})
	found.Features = collector.Stats()
	return found, err
}

// heldMarks is the function that marks the held ones of n rows from row on; it returns nil where none ever are. The marks are valid until
// the next call.
func (p *Plan) heldMarks() func(row int64, n int) []bool {
	if p.Held == nil {
		return func(int64, int) []bool { return nil }
	}
	held := p.Held.Held()
	var marks []bool
	return func(row int64, n int) []bool {
		marks = marks[:0]
		for i := range n {
			marks = append(marks, held(row+int64(i)))
		}
		return marks
	}
}

// none is what no rows have, to add to.
func (p *Plan) none() Found {
	f := Found{Labels: make([]classes.Set, len(p.Labels)), Held: make([]classes.Set, len(p.Labels))}
	for k := range f.Labels {
		f.Labels[k], f.Held[k] = classes.Set{}, classes.Set{}
	}
	return f
}

// checkCounts reports a label column with too many values.
func (p *Plan) checkCounts(f Found) error {
	for k, c := range p.Labels {
		if max(len(f.Labels[k]), len(f.Held[k])) > classes.Max {
			return &table.TableError{Table: p.Source, Err: fmt.Errorf("column %q has more than %d distinct values; "+
				"a dependent variable is either few classes or an array of numbers", c.Name, classes.Max)}
		}
	}
	return nil
}

// joinFn is the CombineFn over Found.
type joinFn struct {
	Run  bundle.Ref
	Plan Plan
}

func (*joinFn) CreateAccumulator() Found { return Found{} }

func (f *joinFn) AddInput(a, b Found) (Found, error) { return f.MergeAccumulators(a, b) }

// MergeAccumulators uses the memory of a and keeps none of b's.
func (f *joinFn) MergeAccumulators(a, b Found) (Found, error) {
	if a.Labels == nil {
		a = f.Plan.none()
	}
	for k := range b.Labels {
		a.Labels[k].Merge(b.Labels[k])
		a.Held[k].Merge(b.Held[k])
	}
	if err := f.Plan.checkCounts(a); err != nil {
		return a, bundle.Of(f.Run).Fail(err)
	}
	if err := a.Features.Merge(b.Features, f.Plan.Features); err != nil {
		return a, bundle.Of(f.Run).Fail(&table.TableError{Table: f.Plan.Source, Err: err})
	}
	return a, nil
}

func (*joinFn) ExtractOutput(a Found) Found { return a }
