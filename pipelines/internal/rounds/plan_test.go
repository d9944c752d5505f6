package rounds

import (
	"fmt"
	"slices"
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
	for i := range p.Stages(2) {
		if open := p.Stage(2, i).Part.Open; open != (i < 15) {
			t.Errorf("turn %d of 16: the iteration goes on behind it: %v", i+1, open)
		}
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
		{Options{Sync: "always"}, nil, `the sync "always" is not known; expected auto`},
		{Options{Outer: "adam"}, nil, `"adam" is not known; expected average or slowmo or nesterov`},
		{Options{InnerState: "x"}, nil, "keep or reset"},
		{Options{Moving: "x"}, nil, "average or pooled or recompute"},
		{Options{AverageTail: "x"}, nil, "ema or swa"},
		{Options{Steps: "x"}, nil, "local or global"},
		{Options{SyncEvery: -1}, nil, "found -1"},
		{Options{WarmUpPasses: -1}, nil, "found -1"},
		{Options{Sync: Auto, SyncEvery: 5}, nil, "expected no steps between averages, warm-up or outer rule beside it"},
		{Options{OuterRate: ptr(1.0)}, nil, "average has neither rate nor momentum"},
		{Options{OuterMomentum: ptr(0.0)}, nil, "average has neither rate nor momentum"},
		{Options{Outer: outer.Average, OuterRate: ptr(0.0)}, nil, "average has neither rate nor momentum"},
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

// even is a fit of so many steps of every shard in an iteration of one pass.
func even(shards, steps, iterations int) Fit {
	f := usual()
	f.Iterations, f.Params.Epochs, f.Rows = iterations, 1, nil
	for range shards {
		f.Rows = append(f.Rows, f.Params.BatchSize*steps)
	}
	return f
}

func TestAuto(t *testing.T) {
	for _, c := range []struct {
		shards, steps, iterations int
		want                      int // iterations of the warm-up
	}{
		// Many steps: a quarter of one worker's in a row.
		{1, 469, 10, 0},
		{2, 235, 10, 0},
		{4, 118, 10, 0},
		{5, 94, 10, 1},
		{8, 59, 10, 2},
		{16, 30, 10, 2},
		{16, 30, 100, 20},
		{100, 100, 50, 13},
		// Few: a half.
		{2, 47, 10, 0},
		{4, 24, 10, 4},
		{8, 12, 10, 5},
		{16, 6, 10, 5},
		{1000, 1, 10, 3},
		{16, 1, 10, 5},
		{3, 1, 10, 3},
		// In between: a thousand.
		{4, 60, 10, 3},
		{8, 30, 10, 4},
		{16, 15, 10, 4},
		{16, 6, 40, 9},
		{16, 6, 20, 10},
		// Few iterations: never more than half of them.
		{16, 6, 1, 0},
		{16, 6, 2, 1},
		{16, 6, 3, 1},
		{16, 6, 5, 2},
		{16, 1000, 2, 1},
		{16, 1000, 3, 1},
	} {
		p, _, err := New(Options{Sync: Auto}, even(c.shards, c.steps, c.iterations))
		if err != nil || p.WarmUp != c.want || p.Every != 0 || p.Rule.HasMomentum() || !strings.HasPrefix(p.Chosen, "sync auto: ") || strings.Contains(p.Chosen, "\n") {
			t.Errorf("%+v: %+v, %v", c, p, err)
		}
		if c.want > 0 && !strings.Contains(p.Chosen, fmt.Sprintf("--warm-up-passes %d,", c.want)) {
			t.Errorf("%+v: %s", c, p.Chosen)
		}
	}
}

// What auto chooses says how many steps in a row there are, and counts passes and steps_per_epoch.
func TestAutoSentence(t *testing.T) {
	f := even(16, 30, 5)
	f.Params.Epochs = 2
	for _, c := range []struct {
		change func(*Fit)
		want   string
	}{
		{func(*Fit) {}, "sync auto: 16 shards, 5 iterations of up to 60 steps: --warm-up-passes 2, then the weights are averaged once per iteration and go 1200 steps in a row, one worker's 4800"},
		{func(f *Fit) { f.Params.StepsPerEpoch = 10 }, "16 shards, 5 iterations of up to 20 steps: --warm-up-passes 4, then the weights are averaged once per iteration and go 700 steps in a row, one worker's 1600"},
		{func(f *Fit) { f.Iterations = 1 }, "go 60 steps in a row, one worker's 960; more iterations would let the first be a warm-up"},
		{func(f *Fit) { f.Rows = f.Rows[:2] }, "2 shards, 5 iterations of up to 60 steps: the weights are averaged once per iteration and go 300 steps in a row, one worker's 600, which is enough"},
		{func(f *Fit) { f.Rows[0] *= 20 }, "go 6000 steps in a row, one worker's 10500, which is enough"}, // one large shard
	} {
		f := f
		f.Rows = slices.Clone(f.Rows)
		c.change(&f)
		p, _, err := New(Options{Sync: Auto}, f)
		if err != nil || !strings.Contains(p.Chosen, c.want) {
			t.Errorf("%q, %v, want %q", p.Chosen, err, c.want)
		}
	}
}
