package pack

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
)

func init() {
	beam.RegisterType(reflect.TypeFor[Spilled]())
	beam.RegisterType(reflect.TypeFor[written]())
	beam.RegisterType(reflect.TypeFor[spillFn]())
	beam.RegisterType(reflect.TypeFor[assembleFn]())
	beam.RegisterType(reflect.TypeFor[sendFn]())
	beam.RegisterType(reflect.TypeFor[receiveFn]())
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
	var read, write any = &spillFn{Run: run, Plan: plan}, &assembleFn{Run: run, Plan: plan.withoutKeys()}
	if plan.Scratch == "" {
		read, write = &sendFn{Run: run, Plan: plan}, &receiveFn{Run: run, Plan: plan.withoutKeys()}
	}
	buffers := beam.ParDo(s, write, beam.GroupByKey(s, beam.ParDo(s, read, partitions)))
	beam.ParDo0(s, &checkFn{Run: run, Buffers: plan.Buffers()}, beam.Combine(s, &sumFn{}, buffers))
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
		var w written
		fill := func(g *groupBuffers) error { return g.readAll(ctx, spilled) }
		err := f.Plan.assemble(ctx, bundle.Of(f.Run), group, fill, func(n int64) {
			w.Buffers += n
			bundle.Of(f.Run).Advance(Packing, "buffers", n)
		})
		return w, err
	})
}

func (f *assembleFn) FinishBundle(_ context.Context, emit func(written)) error {
	return f.tasks.Finish(emit)
}

// sendFn reads partitions and sends their rows to their groups. It emits while it reads, so that a worker holds no more than a group: the
// engine has several of it at work.
type sendFn struct {
	Run  bundle.Ref
	Plan Plan
}

func (f *sendFn) ProcessElement(ctx context.Context, part table.Partition, emit func(int64, []byte)) error {
	return bundle.Do(ctx, f.Run, func(ctx context.Context) error {
		run := bundle.Of(f.Run)
		return f.Plan.send(ctx, run, part, emit, func(n int64) { run.Advance(Reading, "rows", n) })
	})
}

// receiveFn makes and writes the buffers of groups from rows as they come.
type receiveFn struct {
	Run  bundle.Ref
	Plan Plan
}

func (f *receiveFn) ProcessElement(ctx context.Context, group int64, next func(*[]byte) bool, emit func(written)) error {
	var w written
	err := bundle.Do(ctx, f.Run, func(ctx context.Context) error {
		run := bundle.Of(f.Run)
		return f.Plan.assemble(ctx, run, group, func(g *groupBuffers) error { return g.receiveAll(ctx, next) }, func(n int64) {
			w.Buffers += n
			run.Advance(Packing, "buffers", n)
		})
	})
	if err != nil {
		return err
	}
	emit(w)
	return nil
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
