package rounds

import (
	"fmt"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/transforms/outer"
)

// usual is a fit of 10 iterations of 2 passes over 8 shards, of 20 and 10 steps; one has no rows.
func usual() Fit {
	return Fit{
		Iterations: 10, Params: params.Fit{BatchSize: 10, Epochs: 2}, Rows: []int{100, 0, 41, 100, 100, 100, 100, 100, 100}, Validation: true,
		Optimizer: "Adam", Adaptive: true, Stateful: true, Scheduled: true, Moving: true,
	}
}

func ptr[T any](v T) *T { return &v }

func TestPlan(t *testing.T) {
	stages := func(p Plan, iteration int) string {
		var s []string
		for i := range p.Stages(iteration) {
			stage := p.Stage(iteration, i)
			s = append(s, fmt.Sprintf("%d:%d/%d", stage.Turn, stage.Part.Index, stage.Part.Of))
		}
		return strings.Join(s, " ")
	}
	p, warnings, err := New(Options{}, usual())
	if err != nil || warnings != nil || !p.Plain() || stages(p, 1) != "0:0/0" {
		t.Errorf("%+v, %v, %v: %s", p, warnings, err, stages(p, 1))
	}
	p, warnings, err = New(Options{SyncEvery: 7, WarmUpPasses: 4, Outer: outer.Nesterov, InnerState: Reset, Moving: Pooled, AverageTail: SWA, Steps: Global}, usual())
	if err != nil || warnings != nil || p.Plain() {
		t.Fatal(p, warnings, err)
	}
	if p.WarmUp != 2 || p.TailFrom != 8 || !p.Fresh || !p.Global || p.Rule != (outer.Rule{Name: outer.Nesterov, Rate: 0.7, Momentum: 0.875}) {
		t.Errorf("%+v", p)
	}
	if got, want := stages(p, 2), "0:0/2 2:0/2 3:0/2 4:0/2 5:0/2 6:0/2 7:0/2 8:0/2 0:1/2 2:1/2 3:1/2 4:1/2 5:1/2 6:1/2 7:1/2 8:1/2"; got != want {
		t.Errorf("warm-up %s, want %s", got, want)
	}
	if got, want := stages(p, 3), "0:0/3 0:1/3 0:2/3"; got != want {
		t.Errorf("rounds %s, want %s", got, want)
	}
	f := usual()
	for i := range p.Stages(3) {
		if n := p.Stage(3, i).Part.Steps(f.Params, 100); n > 7 {
			t.Errorf("round %d has %d steps", i, n)
		}
	}
	if p, _, err = New(Options{SyncEvery: 1000}, usual()); err != nil || p.Stage(1, 0).Part != (trainer.Part{}) || p.Stages(1) != 1 {
		t.Errorf("rounds longer than an iteration: %+v, %v", p, err)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		o      Options
		change func(*Fit)
		want   string
	}{
		{Options{Sync: "always"}, nil, `the sync "always" is unknown; expected auto`},
		{Options{Outer: "adam"}, nil, `"adam" is unknown; expected average or slowmo or nesterov`},
		{Options{InnerState: "x"}, nil, "keep or reset"},
		{Options{Moving: "x"}, nil, "average or pooled or recompute"},
		{Options{AverageTail: "x"}, nil, "ema or swa"},
		{Options{Steps: "x"}, nil, "local or global"},
		{Options{SyncEvery: -1}, nil, "found -1"},
		{Options{WarmUpPasses: -1}, nil, "found -1"},
		{Options{Sync: Auto, SyncEvery: 5}, nil, "expected none of them beside it"},
		{Options{OuterRate: ptr(1.0)}, nil, "average has neither rate nor momentum"},
		{Options{Outer: outer.SlowMo, OuterMomentum: ptr(1.0)}, nil, "below 1, found 1"},
		{Options{WarmUpPasses: 3}, nil, "a multiple of the 2 passes of each, found 3"},
		{Options{WarmUpPasses: 22}, nil, "at most the 20"},
		{Options{Outer: outer.SlowMo}, func(f *Fit) { f.Averaging = true }, "use_ema=True of Adam"},
		{Options{InnerState: Reset}, func(f *Fit) { f.Stateful = false }, "remembers nothing"},
		{Options{Steps: Global}, func(f *Fit) { f.Scheduled = false }, "that of Adam does not"},
		{Options{Moving: Pooled}, func(f *Fit) { f.Moving = false }, "no batch normalisation"},
		{Options{AverageTail: EMA}, func(f *Fit) { f.Validation = false }, "validation table"},
		{Options{AverageTail: EMA}, func(f *Fit) { f.Iterations = 4 }, "at least 5, found 4"},
		{Options{AverageTail: EMA}, func(f *Fit) { f.KeepsBest = true }, "keeps the best weights"},
	} {
		f := usual()
		if c.change != nil {
			c.change(&f)
		}
		if _, _, err := New(c.o, f); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", c.o, err, c.want)
		}
	}
}

func TestWarnings(t *testing.T) {
	f := usual()
	f.Iterations = 5
	if _, w, err := New(Options{Outer: outer.SlowMo}, f); err != nil || len(w) != 1 || !strings.Contains(w[0], "there are 5 for 8 shards") {
		t.Errorf("%v, %v", w, err)
	}
	f.Rows = f.Rows[:1]
	if _, w, err := New(Options{SyncEvery: 4}, f); err != nil || len(w) != 1 || !strings.Contains(w[0], "one shard") {
		t.Errorf("%v, %v", w, err)
	}
}

func TestAuto(t *testing.T) {
	for _, c := range []struct {
		shards, iterations, passes int
		want                       int // iterations of the warm-up
	}{
		{1, 10, 1, 0}, {4, 10, 1, 0}, {7, 100, 1, 0}, {8, 10, 1, 2}, {16, 10, 1, 2}, {16, 3, 2, 1}, {16, 2, 1, 1}, {16, 1, 5, 0}, {100, 50, 1, 10},
	} {
		f := usual()
		f.Iterations, f.Params.Epochs, f.Rows = c.iterations, c.passes, nil
		for range c.shards {
			f.Rows = append(f.Rows, 100)
		}
		p, _, err := New(Options{Sync: Auto}, f)
		if err != nil || p.WarmUp != c.want || p.Every != 0 || p.Rule.HasMomentum() || !strings.HasPrefix(p.Chosen, "sync auto: ") || strings.Contains(p.Chosen, "\n") {
			t.Errorf("%+v: %+v, %v", c, p, err)
		}
		if c.want > 0 && !strings.Contains(p.Chosen, fmt.Sprintf("--warm-up-passes %d,", c.want*c.passes)) {
			t.Errorf("%+v: %s", c, p.Chosen)
		}
	}
}
