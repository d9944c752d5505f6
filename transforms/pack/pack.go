package pack

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
	"github.com/beamfit/beamfit/transforms/portions"
)

func init() {
	beam.RegisterType(reflect.TypeFor[Spilled]())
	beam.RegisterType(reflect.TypeFor[written]())
	beam.RegisterType(reflect.TypeFor[spillFn]())
	beam.RegisterType(reflect.TypeFor[assembleFn]())
	beam.RegisterType(reflect.TypeFor[sendFn]())
	beam.RegisterType(reflect.TypeFor[receiveFn]())
	beam.RegisterType(reflect.TypeFor[sendPortionsFn]())
	beam.RegisterType(reflect.TypeFor[receiveOneByOneFn]())
	beam.RegisterType(reflect.TypeFor[sumFn]())
	beam.RegisterType(reflect.TypeFor[checkFn]())
}

// Reading and Packing are the stages of Pack in progress reports; their units are "rows" and "buffers".
const (
	Reading = "reading"
	Packing = "packing"
)

// Pack reads the partitions of the plan's source and writes its buffers to the plan's output.
//
//	PCollection<table.Partition> -> nothing
func Pack(s beam.Scope, run bundle.Ref, plan Plan, partitions beam.PCollection) {
	s = s.Scope("pack.Pack")
	var buffers beam.PCollection
	writing := plan.withoutKeys()
	switch {
	case plan.Scratch != "":
		spilled := beam.ParDo(s, &spillFn{Run: run, Plan: plan}, partitions)
		buffers = beam.ParDo(s, &assembleFn{Run: run, Plan: writing}, beam.GroupByKey(s, spilled))
	case plan.Portions:
		rows := beam.ParDo(s, &sendPortionsFn{Run: run, Plan: plan}, partitions)
		buffers = beam.ParDo(s, newReceiveOneByOneFn(run, writing), rows)
	default:
		rows := beam.ParDo(s, &sendFn{Run: run, Plan: plan}, partitions)
		buffers = beam.ParDo(s, &receiveFn{Run: run, Plan: writing}, beam.GroupByKey(s, rows))
	}
	if plan.Done != nil {
		portions.Watch(s, *plan.Done, doneKey, partitions)
	}
	beam.ParDo0(s, &checkFn{Run: run, Buffers: plan.Buffers(), Done: plan.Done}, beam.Combine(s, &sumFn{}, buffers))
}

// withoutKeys drops what only the reader needs: it may be large, and every DoFn carries its plan.
func (p Plan) withoutKeys() Plan {
	p.Labels = slices.Clone(p.Labels)
	for i := range p.Labels {
		p.Labels[i].Keys = nil
	}
	p.Inputs = slices.Clone(p.Inputs)
	for i := range p.Inputs {
		p.Inputs[i].Variable = nil
	}
	return p
}

// spillFn reads partitions and tells, by group, where the rows wait.
type spillFn struct {
	Run   bundle.Ref
	Plan  Plan
	tasks bundle.Tasks[[]Spilled]
}

func (f *spillFn) ProcessElement(ctx context.Context, part table.Partition, _ func(int64, Spilled)) error {
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) ([]Spilled, error) {
		return f.Plan.spill(ctx, bundle.Of(f.Run), part, func(n int64) { bundle.Of(f.Run).Advance(Reading, "rows", n) })
	})
}

func (f *spillFn) FinishBundle(_ context.Context, emit func(int64, Spilled)) error {
	return f.tasks.Finish(func(spilled []Spilled) {
		for _, s := range spilled {
			emit(s.Group, s)
		}
	})
}

// written counts buffers.
type written struct{ Buffers int64 }

// assembleFn makes and writes the buffers of groups.
type assembleFn struct {
	Run   bundle.Ref
	Plan  Plan
	tasks bundle.Tasks[written]
}

func (f *assembleFn) ProcessElement(ctx context.Context, group int64, next func(*Spilled) bool, _ func(written)) error {
	var spilled []Spilled
	for s := (Spilled{}); next(&s); {
		spilled = append(spilled, s)
	}
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) (written, error) {
		g := f.Plan.newGroup(group)
		defer g.release()
		if err := g.readAll(ctx, spilled); err != nil {
			return written{}, err
		}
		return written{int64(len(g.buffers))}, g.write(ctx, bundle.Of(f.Run), func(n int64) { bundle.Of(f.Run).Advance(Packing, "buffers", n) })
	})
}

func (f *assembleFn) FinishBundle(_ context.Context, emit func(written)) error {
	return f.tasks.Finish(emit)
}

// sumFn adds counts.
type sumFn struct{}

func (*sumFn) MergeAccumulators(a, b written) written { return written{a.Buffers + b.Buffers} }

// doneKey is the key of what is in Plan.Done.
const doneKey = "packed"

// MarshalBinary writes the number.
func (w written) MarshalBinary() ([]byte, error) { return strconv.AppendInt(nil, w.Buffers, 10), nil }

// checkFn fails unless all buffers were written.
type checkFn struct {
	Run     bundle.Ref
	Buffers int64
	Done    *collect.Box
}

func (f *checkFn) ProcessElement(ctx context.Context, w written) error {
	if w.Buffers != f.Buffers {
		return bundle.Of(f.Run).Fail(fmt.Errorf("internal error: %d of %d buffers were written", w.Buffers, f.Buffers))
	}
	if f.Done == nil {
		return nil
	}
	return bundle.Of(f.Run).Fail(f.Done.Put(ctx, doneKey, w))
}
