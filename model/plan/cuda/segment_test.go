package cuda

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/model/plan"
)

func work(off, n int) plan.Ref { return plan.Ref{Space: plan.Work, Off: off, Len: n} }

// TestSegmentsOfTheCPU: a segment without kernels brings down what it reads and has not written itself, each place once, and takes up
// what it writes; an optimizer reads what it writes.
func TestSegmentsOfTheCPU(t *testing.T) {
	slots := plan.Ref{Space: plan.Slots, Len: 8}
	weights := plan.Ref{Space: plan.Weights, Len: 8}
	s := segment{instrs: []plan.Instr{
		{Code: "a", In: []plan.Ref{work(0, 8), work(8, 8)}, Out: work(16, 8), Side: []plan.Ref{work(64, 4)}},
		{Code: "b", In: []plan.Ref{work(16, 8), work(64, 2), work(4, 4)}, Out: work(16, 8)},
		{Code: plan.CodeUpdate, In: []plan.Ref{work(16, 8)}, Out: weights, Side: []plan.Ref{slots}},
	}}
	if d := cmp.Diff([]plan.Ref{weights, slots, work(0, 16)}, s.down()); d != "" {
		t.Errorf("down: %s", d)
	}
	if d := cmp.Diff([]plan.Ref{weights, slots, work(16, 8), work(64, 4)}, s.up()); d != "" {
		t.Errorf("up: %s", d)
	}
}

// TestShare is MADlib's rule: 0.9 of the memory, divided by the shards of the busiest GPU.
func TestShare(t *testing.T) {
	for _, c := range []struct {
		shards, gpus, per int
		want              int64
	}{{0, 1, 1, 900}, {1, 1, 1, 900}, {3, 2, 2, 450}, {4, 2, 2, 450}, {5, 2, 3, 300}, {2, 4, 1, 900}} {
		if got, per := share(1000, c.shards, c.gpus); got != c.want || per != c.per {
			t.Errorf("%d shards on %d GPUs: %d bytes for each of %d, want %d of %d", c.shards, c.gpus, got, per, c.want, c.per)
		}
	}
}
