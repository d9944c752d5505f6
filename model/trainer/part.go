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
	walk := stepsOfWalk(fit, rows)
	walks, rest := passes(fit, walk)
	return walks*walk + rest
}

// RowsOf is the number of rows that an iteration over a shard of so many rows trains on, all passes together.
func RowsOf(fit params.Fit, rows int) int64 {
	walks, rest := passes(fit, stepsOfWalk(fit, rows))
	return int64(walks)*int64(rows) + int64(min(rest*fit.BatchSize, rows))
}

// stepsOfWalk is the number of batches that all rows are.
func stepsOfWalk(fit params.Fit, rows int) int {
	if rows == 0 {
		return 0
	}
	batch := min(fit.BatchSize, rows)
	return (rows + batch - 1) / batch
}

// passes is how many whole walks over the rows the passes of an iteration are, and how many steps they make of the next one. With steps_per_epoch a pass
// goes on where the one before has ended; where the rows are used up it ends, however few steps it has made, and the next one begins anew.
//
// Source: keras/src/trainers/epoch_iterator.py, _enumerate_iterator.
func passes(fit params.Fit, walk int) (walks, rest int) {
	n := max(0, fit.Epochs-fit.InitialEpoch)
	if fit.StepsPerEpoch == 0 || fit.StepsPerEpoch >= walk {
		return n, 0
	}
	perWalk := (walk + fit.StepsPerEpoch - 1) / fit.StepsPerEpoch
	return n / perWalk, n % perWalk * fit.StepsPerEpoch
}
