package fitting

import (
	"fmt"
	"strings"
	"testing"
)

func TestSchedule(t *testing.T) {
	for _, c := range []struct{ weights, asked, want int }{
		{193, 0, 25}, {0, 0, 25}, {83_000, 0, 25}, {670_000, 0, 3}, {1_200_000, 0, 1}, {100_000_000, 0, 1}, {100_000_000, 40, 40},
	} {
		s := Schedule{Iterations: 100, PerPipeline: c.asked}.Complete(c.weights, 0)
		if s.PerPipeline != c.want || s.ScoreEvery != 100 {
			t.Errorf("%d weights, %d asked for: %+v, want %d per pipeline", c.weights, c.asked, s, c.want)
		}
	}
	if s := (Schedule{Iterations: 100, PerPipeline: 40}).Complete(10, 10); s.PerPipeline != 10 {
		t.Errorf("%+v on a runner of 10 iterations per pipeline", s)
	}
	if s := (Schedule{Iterations: 100, EndAtScores: true}).Complete(10, 0); s.ScoreEvery != 1 {
		t.Errorf("with callbacks: %+v", s)
	}
	if _, more := (Schedule{Iterations: 7, ScoreEvery: 1, PerPipeline: 1}).next(3, true); more {
		t.Error("a fit that was stopped goes on")
	}
	if (Schedule{Iterations: 7, CheckpointEvery: 3}).checkpointDue(3, true) {
		t.Error("a fit that was stopped gets a checkpoint")
	}
	for _, c := range []struct {
		s    Schedule
		want string
	}{
		{Schedule{Iterations: 7, ScoreEvery: 7, PerPipeline: 25}, "1-7s"},
		{Schedule{Iterations: 7, ScoreEvery: 3, PerPipeline: 3}, "1-3s 4-6s 7-7s"},
		{Schedule{Iterations: 7, ScoreEvery: 7, PerPipeline: 25, CheckpointEvery: 2}, "1-2c 3-4c 5-6c 7-7s"},
		{Schedule{Iterations: 6, ScoreEvery: 2, PerPipeline: 2, CheckpointEvery: 3}, "1-2s 3-3c 4-5 6-6s"},
		{Schedule{Iterations: 1, ScoreEvery: 1, PerPipeline: 1, CheckpointEvery: 1}, "1-1s"},
		{Schedule{Iterations: 7, ScoreEvery: 3, PerPipeline: 25, EndAtScores: true}, "1-3s 4-6s 7-7s"},
		{Schedule{Iterations: 7, ScoreEvery: 3, PerPipeline: 2, CheckpointEvery: 5, EndAtScores: true}, "1-2 3-3s 4-5c 6-6s 7-7s"},
	} {
		var got []string
		for done := 0; ; {
			last, more := c.s.next(done, false)
			if !more {
				break
			}
			text := fmt.Sprint(done+1, "-", last)
			if c.s.scored(last) {
				text += "s"
			}
			if c.s.checkpointDue(last, false) {
				text += "c"
			}
			got, done = append(got, text), last
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %q, want %q", c.s, got, c.want)
		}
	}
}
