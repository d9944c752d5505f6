package fitting

import "github.com/beamfit/beamfit/pipelines/internal/rounds"

// Limits of the iterations of one pipeline. A runner keeps the weights of every iteration, and prism needs the longer for each the
// more there are; between pipelines nothing is kept but the latest weights and states. A pipeline costs a millisecond on the direct runner.
const (
	mostPerPipeline       = 25
	weightBytesInPipeline = 8 << 20
)

// A Place is how far a fit is: so many iterations, and of the next one so many stages (package rounds).
type Place struct{ Done, Stages int }

// A Schedule decides what is done after which iteration. Nobody else knows where the end is.
type Schedule struct {
	// Iterations is the number of all; they are counted from 1.
	Iterations int
	// ScoreEvery is after how many iterations metrics are computed; they are after the last as well. 0: see Complete.
	ScoreEvery int
	// Rounds are the stages of iterations.
	Rounds rounds.Plan
	// StagesPerPipeline is the most stages of one pipeline, which are its iterations where each is one round. 0: see Complete.
	StagesPerPipeline int
	// CheckpointEvery is after how many iterations a checkpoint is due; 0: never. None is due after the last.
	CheckpointEvery int
	// EndAtScores: a pipeline ends with every iteration that is scored, since callbacks decide there how the fit goes on.
	EndAtScores bool
}

// Complete fills in what is 0, for a model of so many weights and a runner that takes at most so many stages in a pipeline (0: any
// number). Where callbacks act on scores all iterations are scored unless something else is asked for.
func (s Schedule) Complete(weights, most int) Schedule {
	switch {
	case s.ScoreEvery > 0:
	case s.EndAtScores:
		s.ScoreEvery = 1
	default:
		s.ScoreEvery = s.Iterations
	}
	if s.StagesPerPipeline == 0 {
		s.StagesPerPipeline = max(1, min(mostPerPipeline, weightBytesInPipeline/max(1, 4*weights)))
	}
	if most > 0 {
		s.StagesPerPipeline = min(s.StagesPerPipeline, most)
	}
	return s
}

// next is where the pipeline ends that begins at a place; false: there is none, as after callbacks have stopped the fit.
func (s Schedule) next(from Place, stopped bool) (to Place, ok bool) {
	last := s.Iterations
	if s.EndAtScores {
		last = min(last, (from.Done/s.ScoreEvery+1)*s.ScoreEvery)
	}
	if every := s.CheckpointEvery; every > 0 {
		last = min(last, (from.Done/every+1)*every)
	}
	if s.Rounds.Tail != "" { // the weights after each iteration of the tail are needed
		last = min(last, max(from.Done+1, s.Rounds.TailFrom))
	}
	to = from
	for range s.StagesPerPipeline {
		if to.Done < last {
			to = s.after(to)
		}
	}
	return to, from.Done < s.Iterations && !stopped
}

// after is the place one stage after another.
func (s Schedule) after(at Place) Place {
	if at.Stages+1 < s.Rounds.Stages(at.Done+1) {
		return Place{at.Done, at.Stages + 1}
	}
	return Place{Done: at.Done + 1}
}

// inWarmUp says whether the stage before a place, or behind it, is one of the warm-up.
func (s Schedule) inWarmUp(at Place) (before, behind bool) {
	before = at != Place{} && (at.Done < s.Rounds.WarmUp || at == Place{Done: s.Rounds.WarmUp})
	return before, s.Rounds.InWarmUp(at.Done + 1)
}

// beginsNew says whether the stage behind a place begins with new states of optimizers, so that nobody asks for those before it.
func (s Schedule) beginsNew(at Place) bool { return s.Rounds.Fresh && !s.Rounds.InWarmUp(at.Done+1) }

// leaves says what the stage before a place leaves for the one behind it besides the weights: the states of all shards, or the one of a warm-up, and
// the momentum.
func (s Schedule) leaves(at Place) (states, turn, momentum bool) {
	warmUp, _ := s.inWarmUp(at)
	asked := !s.beginsNew(at)
	return asked && !warmUp, asked && warmUp, !warmUp && s.Rounds.Rule.HasMomentum()
}

// scored reports whether metrics are computed after an iteration.
func (s Schedule) scored(iteration int) bool {
	return iteration%s.ScoreEvery == 0 || s.last(iteration)
}

// last reports whether an iteration is the last.
func (s Schedule) last(iteration int) bool { return iteration == s.Iterations }

// checkpointDue reports whether a checkpoint is due after an iteration, after which callbacks may have stopped the fit.
func (s Schedule) checkpointDue(iteration int, stopped bool) bool {
	return s.CheckpointEvery > 0 && iteration%s.CheckpointEvery == 0 && !s.last(iteration) && !stopped
}
