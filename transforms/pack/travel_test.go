package pack

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/rtrackers/offsetrange"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/portions"
)

// groupAll does what an engine does where rows travel.
func groupAll(ctx context.Context, s *memoryStore, run *bundle.Run, p Plan, partitions int64) error {
	groups := map[int64][][]byte{}
	send := &sendFn{Run: run.Ref(), Plan: p}
	for _, part := range s.partitions(partitions) {
		if err := send.ProcessElement(ctx, part, func(g int64, rows []byte) { groups[g] = append(groups[g], rows) }); err != nil {
			return err
		}
	}
	receive := &receiveFn{Run: run.Ref(), Plan: p}
	buffers := int64(0)
	for g, all := range groups {
		next := func(rows *[]byte) bool {
			if len(all) == 0 {
				return false
			}
			*rows, all = all[len(all)-1], all[:len(all)-1]
			return true
		}
		if err := receive.ProcessElement(ctx, g, next, func(w written) { buffers += w.Buffers }); err != nil {
			return err
		}
	}
	return checkBuffers(p, buffers)
}

func checkBuffers(p Plan, written int64) error {
	if written != p.Buffers() {
		return fmt.Errorf("%d buffers were written, want %d", written, p.Buffers())
	}
	return nil
}

// travelInPortions does what an engine does where rows travel in portions. Each portion is two record batches; what lies in the worker's memory between two portions is lost
// at times, as when another worker takes over.
func travelInPortions(ctx context.Context, s *memoryStore, run *bundle.Run, p Plan, partitions int64) error {
	groups := map[int64][][]byte{}
	for _, part := range s.partitions(partitions) {
		if err := sendAll(ctx, run, p, part, func(g int64, rows []byte) { groups[g] = append(groups[g], rows) }); err != nil {
			return err
		}
	}
	// All groups in one bundle, their rows in any order: what an engine need not do.
	receive := newReceiveOneByOneFn(run.Ref(), p)
	buffers := int64(0)
	for more := true; more; {
		more = false
		for g, all := range groups {
			if len(all) == 0 {
				continue
			}
			more = true
			groups[g] = all[:len(all)-1]
			if err := receive.ProcessElement(ctx, nil, g, all[len(all)-1], func(w written) { buffers += w.Buffers }); err != nil {
				return err
			}
		}
	}
	if err := receive.FinishBundle(ctx, nil); err != nil {
		return err
	}
	return checkBuffers(p, buffers)
}

// sendAll sends the rows of a partition, bundle after bundle.
func sendAll(ctx context.Context, run *bundle.Run, p Plan, part table.Partition, emit func(int64, []byte)) error {
	send := &sendPortionsFn{Run: run.Ref(), Plan: p}
	rest := send.CreateInitialRestriction(part)
	for n := 0; ; n++ {
		tracker := send.CreateTracker(rest)
		then, err := send.ProcessElement(ctx, tracker, part, func(g int64, rows []byte) {
			send.portion.Add(portions.Bytes/2 + 1)
			emit(g, rows)
		})
		if err != nil {
			return err
		}
		if !then.ShouldResume() {
			if !tracker.IsDone() {
				return fmt.Errorf("partition %v is not done", part)
			}
			return nil
		}
		_, left, err := tracker.TrySplit(0)
		if err != nil || left == nil || !tracker.IsDone() {
			return fmt.Errorf("partition %v: left %v, %v", part, left, err)
		}
		rest = left.(offsetrange.Restriction)
		send.FinishBundle(ctx, nil)
		if n%3 == 2 {
			run.Drop("")
		}
	}
}

// A partition that is sent again from a place where its reading does not stand is read anew, and the reading that was kept ends: nothing would end it
// before the run.
func TestSendAgain(t *testing.T) {
	s := &memoryStore{n: 99, parts: map[string]string{}}
	p := memoryPlan("", 99, 9, 1, 1)
	run := bundle.Begin(t.Context(), bundle.Options{Store: s})
	defer func() { _ = run.End() }()
	part := s.partitions(1)[0]
	sending := func(at int64) *sending {
		t.Helper()
		rows, err := p.sendingFrom(t.Context(), run, part, at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rows.next(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows.keep()
		rows.end()
		return rows
	}
	kept := sending(0)
	if kept.ctx.Err() != nil {
		t.Error("a reading that is kept has ended")
	}
	if again := sending(1); again != kept || kept.at != 2 {
		t.Errorf("the next portion has another reading, at %d", again.at)
	}
	if again := sending(0); again == kept || kept.ctx.Err() == nil {
		t.Error("a reading that stands elsewhere goes on")
	}
}

// Rows that come twice, or not all, are an error and never a wrong buffer.
func TestReceiveFails(t *testing.T) {
	s := &memoryStore{n: 9, parts: map[string]string{}}
	p := memoryPlan("", 9, 9, 1, 1)
	run := bundle.Begin(t.Context(), bundle.Options{Store: s})
	defer func() { _ = run.End() }()
	var all [][]byte
	for _, part := range s.partitions(3) {
		if err := sendAll(t.Context(), run, p, part, func(_ int64, rows []byte) { all = append(all, rows) }); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		rows [][]byte
		want string
	}{
		"the same twice": {append(slices.Clone(all[:2]), all[1]), "came twice"},
		"too few":        {all[1:], "rows of group 0 were found"},
		"foreign bytes":  {[][]byte{{1, 2, 3}}, "buffer"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newReceiveOneByOneFn(bundle.Ref{ID: "elsewhere"}, p)
			var err error
			for _, rows := range c.rows {
				if err = f.ProcessElement(t.Context(), nil, 0, rows, func(written) { t.Error("a group was written") }); err != nil {
					break
				}
			}
			if err == nil {
				err = f.FinishBundle(t.Context(), nil)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	if len(slices.Collect(maps.Keys(s.parts))) != 0 {
		t.Error("a part was written")
	}
}
