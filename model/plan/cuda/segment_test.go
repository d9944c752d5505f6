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

// TestShare is MADlib's rule: 0.9 of the memory, divided by the shards of the busiest GPU, or by the processes where more have taken it.
func TestShare(t *testing.T) {
	for _, c := range []struct {
		shards, gpus, processes, per int
		want                         int64
		sharers                      string
	}{
		{0, 1, 0, 1, 900, ""},
		{1, 1, 1, 1, 900, ""},
		{3, 2, 0, 2, 450, "2 shards"},
		{4, 2, 0, 2, 450, "2 shards"},
		{5, 2, 0, 3, 300, "3 shards"},
		{2, 4, 0, 1, 900, ""},
		{2, 1, 2, 2, 450, "2 shards"},
		{0, 1, 2, 1, 450, "2 processes"},
		{2, 1, 3, 2, 300, "3 processes"},
	} {
		g := GPU{Memory: 1000, Processes: c.processes}
		g.divide(c.shards, c.gpus)
		if g.Share != c.want || g.Shards != c.per || g.Sharers() != c.sharers {
			t.Errorf("%+v: %d bytes for each of %q", c, g.Share, g.Sharers())
		}
	}
}
