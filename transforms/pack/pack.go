package pack

import (
	"context"
	"fmt"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
)

func init() {
	beam.RegisterType(reflect.TypeFor[Segment]())
	beam.RegisterType(reflect.TypeFor[written]())
	beam.RegisterType(reflect.TypeFor[spillFn]())
	beam.RegisterType(reflect.TypeFor[assembleFn]())
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
	segments := beam.ParDo(s, &spillFn{Run: run, Plan: plan}, partitions)
	plan.Labels = withoutKeys(plan.Labels)
	buffers := beam.ParDo(s, &assembleFn{Run: run, Plan: plan}, beam.GroupByKey(s, segments))
	beam.ParDo0(s, &checkFn{Run: run, Buffers: plan.Buffers()}, beam.Combine(s, &sumFn{}, buffers))
}

// withoutKeys drops what only the reader needs: it may be large, and every DoFn carries its plan.
func withoutKeys(labels []Label) []Label {
	out := make([]Label, len(labels))
	for i, l := range labels {
		l.Keys = nil
		out[i] = l
	}
	return out
}

// spillFn reads partitions and tells, by group, where the rows wait.
type spillFn struct {
	Run   bundle.Ref
	Plan  Plan
	tasks bundle.Tasks[[]Segment]
}

func (f *spillFn) ProcessElement(ctx context.Context, part table.Partition, _ func(int64, Segment)) error {
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) ([]Segment, error) {
		return f.Plan.spill(ctx, bundle.Of(f.Run), part, func(n int64) { bundle.Of(f.Run).Advance(Reading, "rows", n) })
	})
}

func (f *spillFn) FinishBundle(_ context.Context, emit func(int64, Segment)) error {
	return f.tasks.Finish(func(segments []Segment) {
		for _, s := range segments {
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

func (f *assembleFn) ProcessElement(ctx context.Context, group int64, next func(*Segment) bool, _ func(written)) error {
	var segments []Segment
	for s := (Segment{}); next(&s); {
		segments = append(segments, s)
	}
	return f.tasks.Go(ctx, f.Run, func(ctx context.Context) (written, error) {
		var w written
		err := f.Plan.assemble(ctx, bundle.Of(f.Run), group, segments, func(n int64) {
			w.Buffers += n
			bundle.Of(f.Run).Advance(Packing, "buffers", n)
		})
		return w, err
	})
}

func (f *assembleFn) FinishBundle(_ context.Context, emit func(written)) error {
	return f.tasks.Finish(emit)
}

// sumFn adds counts.
type sumFn struct{}

func (*sumFn) MergeAccumulators(a, b written) written { return written{a.Buffers + b.Buffers} }

// checkFn fails unless all buffers were written.
type checkFn struct {
	Run     bundle.Ref
	Buffers int64
}

func (f *checkFn) ProcessElement(_ context.Context, w written) error {
	if w.Buffers != f.Buffers {
		return bundle.Of(f.Run).Fail(fmt.Errorf("internal error: %d of %d buffers were written", w.Buffers, f.Buffers))
	}
	return nil
}
