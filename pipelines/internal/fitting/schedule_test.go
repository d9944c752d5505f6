package fitting

import (
	"fmt"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/rounds"
)

// States are left for the next stage only where it asks for them: not at the end, nor where it begins with new ones.
func TestKeeping(t *testing.T) {
	for state, want := range map[string]string{
		rounds.Keep:  "turn-after-0-1 turn state-after-1-1 state-after-1-2 state-after-2-0 state-after-2-1 state-after-2-2 none",
		rounds.Reset: "turn-after-0-1 none none none none none none none",
	} {
		plan, _, err := rounds.New(rounds.Options{WarmUpPasses: 1, SyncEvery: 2, InnerState: state}, rounds.Fit{
			Iterations: 3, Params: params.Fit{BatchSize: 10, Epochs: 1}, Rows: []int{60, 40}, Stateful: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		s := Schedule{Iterations: 3, Rounds: plan}
		var got []string
		for at := (Place{}); at.Done < 3; at = s.after(at) {
			to := Place{Done: 3}
			if at.Done < 1 {
				to.Done = 1
			}
			b := stages{fit: &Fit{Schedule: s}, to: Course{Place: to, box: &job.Box{}}}
			switch kept := b.keeping(at); {
			case kept == nil:
				got = append(got, "none")
			case kept.Turn:
				got = append(got, "turn"+kept.After)
			default:
				got = append(got, "state"+kept.After)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("inner state %s: %s, want %s", state, strings.Join(got, " "), want)
		}
	}
}

func TestSchedule(t *testing.T) {
	for _, c := range []struct{ weights, asked, want int }{
		{193, 0, 25}, {0, 0, 25}, {83_000, 0, 25}, {670_000, 0, 3}, {1_200_000, 0, 1}, {100_000_000, 0, 1}, {100_000_000, 40, 40},
	} {
		s := Schedule{Iterations: 100, StagesPerPipeline: c.asked}.Complete(c.weights, 0)
		if s.StagesPerPipeline != c.want || s.ScoreEvery != 100 {
			t.Errorf("%d weights, %d asked for: %+v, want %d per pipeline", c.weights, c.asked, s, c.want)
		}
	}
	if s := (Schedule{Iterations: 100, StagesPerPipeline: 40}).Complete(10, 10); s.StagesPerPipeline != 10 {
		t.Errorf("%+v on a runner of 10 stages per pipeline", s)
	}
	if s := (Schedule{Iterations: 100, EndAtScores: true}).Complete(10, 0); s.ScoreEvery != 1 {
		t.Errorf("with callbacks: %+v", s)
	}
	if _, more := (Schedule{Iterations: 7, ScoreEvery: 1, StagesPerPipeline: 1}).next(Place{Done: 3}, true); more {
		t.Error("a fit that was stopped goes on")
	}
	if (Schedule{Iterations: 7, CheckpointEvery: 3}).checkpointDue(3, true) {
		t.Error("a fit that was stopped gets a checkpoint")
	}
	of := func(o rounds.Options, iterations int) rounds.Plan {
		p, _, err := rounds.New(o, rounds.Fit{Iterations: iterations, Params: params.Fit{BatchSize: 10, Epochs: 1}, Rows: []int{60, 0, 40}, Validation: true})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, c := range []struct {
		s    Schedule
		want string
	}{
		// iterations of 3 rounds; of 2 turns, then of 3 rounds; a tail of the last 2
		{Schedule{Iterations: 2, ScoreEvery: 2, StagesPerPipeline: 4, Rounds: of(rounds.Options{SyncEvery: 2}, 2)}, "0.0-1.1 1.1-2.0"},
		{Schedule{Iterations: 3, ScoreEvery: 3, StagesPerPipeline: 25, Rounds: of(rounds.Options{SyncEvery: 2}, 3)}, "1-3s"},
		{Schedule{Iterations: 3, ScoreEvery: 1, StagesPerPipeline: 2, EndAtScores: true, Rounds: of(rounds.Options{SyncEvery: 2}, 3)}, "0.0-0.2 0.2-1.0 1.0-1.2 1.2-2.0 2.0-2.2 2.2-3.0"},
		{Schedule{Iterations: 3, ScoreEvery: 3, StagesPerPipeline: 3, CheckpointEvery: 2, Rounds: of(rounds.Options{SyncEvery: 2, WarmUpPasses: 1}, 3)}, "0.0-1.1 1.1-2.0 3-3s"},
		{Schedule{Iterations: 6, ScoreEvery: 6, StagesPerPipeline: 25, Rounds: of(rounds.Options{AverageTail: rounds.SWA}, 6)}, "1-5 6-6s"},
		{Schedule{Iterations: 7, ScoreEvery: 7, StagesPerPipeline: 25}, "1-7s"},
		{Schedule{Iterations: 7, ScoreEvery: 3, StagesPerPipeline: 3}, "1-3s 4-6s 7-7s"},
		{Schedule{Iterations: 7, ScoreEvery: 7, StagesPerPipeline: 25, CheckpointEvery: 2}, "1-2c 3-4c 5-6c 7-7s"},
		{Schedule{Iterations: 6, ScoreEvery: 2, StagesPerPipeline: 2, CheckpointEvery: 3}, "1-2s 3-3c 4-5 6-6s"},
		{Schedule{Iterations: 1, ScoreEvery: 1, StagesPerPipeline: 1, CheckpointEvery: 1}, "1-1s"},
		{Schedule{Iterations: 7, ScoreEvery: 3, StagesPerPipeline: 25, EndAtScores: true}, "1-3s 4-6s 7-7s"},
		{Schedule{Iterations: 7, ScoreEvery: 3, StagesPerPipeline: 2, CheckpointEvery: 5, EndAtScores: true}, "1-2 3-3s 4-5c 6-6s 7-7s"},
	} {
		var got []string
		for at := (Place{}); ; {
			to, more := c.s.next(at, false)
			if !more {
				break
			}
			text := fmt.Sprint(at.Done+1, "-", to.Done)
			if to.Done > 0 && c.s.scored(to.Done) {
				text += "s"
			}
			if c.s.checkpointDue(to.Done, false) {
				text += "c"
			}
			if at.Stages > 0 || to.Stages > 0 {
				text = fmt.Sprintf("%d.%d-%d.%d", at.Done, at.Stages, to.Done, to.Stages)
			}
			got, at = append(got, text), to
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %q, want %q", c.s, got, c.want)
		}
	}
}

func TestInWarmUp(t *testing.T) {
	s := Schedule{Rounds: rounds.Plan{WarmUp: 2}}
	for _, c := range []struct {
		at             Place
		before, behind bool
	}{
		{Place{}, false, true},
		{Place{0, 3}, true, true},
		{Place{1, 0}, true, true},
		{Place{2, 0}, true, false},
		{Place{2, 1}, false, false},
		{Place{3, 0}, false, false},
	} {
		if before, behind := s.inWarmUp(c.at); before != c.before || behind != c.behind {
			t.Errorf("%+v: %v before, %v behind", c.at, before, behind)
		}
	}
	if before, behind := (Schedule{}).inWarmUp(Place{}); before || behind {
		t.Error("a fit without a warm-up begins with one")
	}
}
