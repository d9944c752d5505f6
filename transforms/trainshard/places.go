package trainshard

import (
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// Places say where the schedules of learning rates are, from the numbers of rows alone.
type Places struct {
	// Rows are those of every shard.
	Rows []int
	// WarmUp is the number of iterations that begin the fit as one worker's (WarmUp).
	WarmUp int
	// Global counts the steps of all shards; else each shard counts its own, and those of the warm-up.
	Global bool
}

// of is the place in the first step that a shard makes of a part of an iteration behind the warm-up; nil: that of the state.
func (p *Places) of(fit params.Fit, shard, iteration int, part trainer.Part) *trainer.Schedule {
	if p == nil {
		return nil
	}
	s := p.At(fit, shard, iteration, part)
	return &s
}

// At is the place in the first step that a shard makes of a part of an iteration behind the warm-up. Where all steps count, each step of
// the shard stands for one of every shard.
func (p *Places) At(fit params.Fit, shard, iteration int, part trainer.Part) trainer.Schedule {
	own, all, shards := int64(0), int64(0), int64(0)
	warm := int64(0)
	for i, rows := range p.Rows {
		steps := trainer.StepsOf(fit, rows)
		warm += int64(p.WarmUp) * int64(steps)
		before := int64(iteration-1-p.WarmUp)*int64(steps) + int64(part.First(steps))
		if steps > 0 {
			shards++
		}
		if i == shard {
			own = before
		}
		all += before
	}
	if p.Global {
		return trainer.Schedule{Place: warm + all, Stride: shards}
	}
	return trainer.Schedule{Place: warm + own, Stride: 1}
}
