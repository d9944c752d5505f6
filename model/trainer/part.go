package trainer

import "github.com/beamfit/beamfit/model/params"

// A Part is a share of the steps of an iteration, all its passes together: the one with number Index of Of equal ones. Parts are cut by
// steps, so that the batches of all parts together, one after the other, are those of the iteration. The zero value is the whole.
type Part struct {
	Index, Of int
	// Open: the iteration goes on behind the part whatever its number, with the turn of another shard.
	Open bool `json:",omitempty"`
}

// steps are those from the first up to but not including the last that the part has of so many.
func (p Part) steps(total int) (from, to int) {
	if p.Of <= 1 {
		return 0, total
	}
	return total * p.Index / p.Of, total * (p.Index + 1) / p.Of
}

// First is the number of the iteration's steps, of so many, before the part.
func (p Part) First(total int) int {
	from, _ := p.steps(total)
	return from
}

// last says whether the iteration ends with the part.
func (p Part) last() bool { return !p.Open && p.Index >= p.Of-1 }

// Steps is the number of steps of the part of a shard of so many rows.
func (p Part) Steps(fit params.Fit, rows int) int {
	from, to := p.steps(StepsOf(fit, rows))
	return to - from
}

// A Schedule is where the learning rate's schedule, or its decay, is in the first step of a call, and how far it goes with every step.
type Schedule struct{ Place, Stride int64 }

// StepsOf is the number of steps of an iteration over a shard of so many rows.
func StepsOf(fit params.Fit, rows int) int {
	return stepsOfPass(fit, rows) * max(0, fit.Epochs-fit.InitialEpoch)
}

func stepsOfPass(fit params.Fit, rows int) int {
	if rows == 0 {
		return 0
	}
	batch := min(fit.BatchSize, rows)
	steps := (rows + batch - 1) / batch
	if fit.StepsPerEpoch > 0 {
		steps = min(steps, fit.StepsPerEpoch)
	}
	return steps
}
