package pack

import (
	"context"
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/sdf"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/state"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/portions"
)

// sendPortionsFn reads partitions and gives their rows on, a portion at a time, so that a worker and an engine hold no more than that. The places of a partition
// are the record batches that are made of it.
type sendPortionsFn struct {
	portions.Elements[table.Partition]
	Run     bundle.Ref
	Plan    Plan
	portion portions.Portion
}

func (f *sendPortionsFn) ProcessElement(
	ctx context.Context, rt *sdf.LockRTracker, part table.Partition, emit func(int64, []byte),
) (then sdf.ProcessContinuation, err error) {
	if f.portion.Full() {
		return f.portion.Later(), nil
	}
	err = bundle.Do(ctx, f.Run, func(ctx context.Context) error {
		then, err = f.send(ctx, rt, part, emit)
		return err
	})
	return then, err
}

func (f *sendPortionsFn) send(ctx context.Context, rt *sdf.LockRTracker, part table.Partition, emit func(int64, []byte)) (sdf.ProcessContinuation, error) {
	at := portions.At(rt)
	rows, err := f.Plan.sendingFrom(ctx, bundle.Of(f.Run), part, at)
	if err != nil {
		return nil, err
	}
	defer rows.end()
	for ; ; at++ {
		if f.portion.Full() {
			rows.keep()
			return f.portion.Later(), nil
		}
		r, err := rows.next(ctx)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return portions.Done(rt), nil
		}
		if !rt.TryClaim(at) {
			return nil, fmt.Errorf("internal error: record batch %d of %s is not the worker's: %w", at, part.Table, rt.GetError())
		}
		emit(r.group, r.rows)
		f.portion.Add(len(r.rows))
	}
}

func (f *sendPortionsFn) FinishBundle(context.Context, func(int64, []byte)) {
	f.portion = portions.Portion{}
}

// receiveOneByOneFn makes and writes the buffers of groups from rows as they come, one by one. It is no GroupByKey, since Flink holds all that this has for a
// key in memory: rows of a key come to a DoFn that has a state for each, sorted by Flink, and in one bundle. What they make is in memory until the group
// is whole.
type receiveOneByOneFn struct {
	Run  bundle.Ref
	Plan Plan
	// State makes the engine bring rows of a key together; nothing is in it.
	State  state.Value[bool]
	groups map[int64]*filling // of the bundle, that are not whole
}

func newReceiveOneByOneFn(run bundle.Ref, plan Plan) *receiveOneByOneFn {
	return &receiveOneByOneFn{Run: run, Plan: plan, State: state.MakeValueState[bool]("group")}
}

func (f *receiveOneByOneFn) ProcessElement(ctx context.Context, _ state.Provider, group int64, rows []byte, emit func(written)) error {
	g := f.groups[group]
	if g == nil {
		g = f.Plan.newGroup(group)
		if f.groups == nil {
			f.groups = map[int64]*filling{}
		}
		f.groups[group] = g
	}
	whole := false
	err := bundle.Do(ctx, f.Run, func(ctx context.Context) error {
		if err := g.receive(rows); err != nil || g.placed < g.rows {
			return err
		}
		whole = true
		run := bundle.Of(f.Run)
		return g.write(ctx, run, func(n int64) { run.Advance(Packing, "buffers", n) })
	})
	if err != nil || !whole {
		return err
	}
	emit(written{int64(len(g.buffers))})
	g.release()
	delete(f.groups, group)
	return nil
}

// FinishBundle fails where rows of a group are in another bundle, or nowhere.
func (f *receiveOneByOneFn) FinishBundle(context.Context, func(written)) error {
	var err error
	for _, g := range f.groups {
		err = bundle.Of(f.Run).Fail(g.check())
		g.release()
	}
	f.groups = nil
	return err
}
