package trainer

import (
	"errors"

	"github.com/beamfit/beamfit/model/plan"
)

// A trainStep is the training step for one batch size in a worker's memory.
type trainStep struct {
	batch  int
	slices []*bound         // their first stages
	stages [][]plan.Program // the later ones
	finish [][]plan.Program

	// What run is given, for its jobs.
	pass  *pass
	stage []plan.Program // the set of stages or finish that is being run
	back  bool           // whether the stage takes the slices from the last to the first
	seeds []plan.Step    // per slice
	errs  []error        // per job

	slice, later, part func(job, jobs int) // doSlice, doStage and doPart, made once since a method value allocates
}

// trainStep is the step for a batch, bound to the worker's memory.
func (w *worker) trainStep(batch int) (*trainStep, error) {
	if s := w.steps[batch]; s != nil {
		return s, nil
	}
	split, err := w.model.split(batch)
	if err != nil {
		return nil, err
	}
	first := split.Stages[0]
	s := &trainStep{batch: batch, seeds: make([]plan.Step, len(first))}
	s.slice, s.later, s.part = s.doSlice, s.doStage, s.doPart
	for _, p := range first {
		b, err := w.bind(p)
		if err != nil {
			return nil, err
		}
		s.slices = append(s.slices, b)
	}
	if s.stages, err = w.programs(split.Stages[1:]); err != nil {
		return nil, err
	}
	if s.finish, err = w.programs(split.Finish); err != nil {
		return nil, err
	}
	jobs := len(first)
	for _, set := range s.finish {
		jobs = max(jobs, len(set))
	}
	s.errs = make([]error, jobs)
	w.steps[batch] = s
	return s, nil
}

// programs are sets of plans, bound to the worker's memory.
func (w *worker) programs(sets [][]*plan.Plan) ([][]plan.Program, error) {
	programs := make([][]plan.Program, len(sets))
	for k, set := range sets {
		for _, p := range set {
			program, err := w.model.device.Bind(p, w.memory)
			if err != nil {
				return nil, err
			}
			programs[k] = append(programs[k], program)
		}
	}
	return programs, nil
}

// run trains on the rows of the pass's batch.
func (s *trainStep) run(p *pass) error {
	s.pass = p
	p.count()
	defer func() { s.pass, s.stage = nil, nil }() // the worker outlives the pass
	p.crew.run(len(s.slices), s.slice)
	if err := s.failed(); err != nil {
		return err
	}
	if err := s.runSets(s.stages, s.later); err != nil {
		return err
	}
	return s.runSets(s.finish, s.part)
}

// runSets runs sets of programs one after the other.
func (s *trainStep) runSets(sets [][]plan.Program, do func(job, jobs int)) error {
	s.back = false
	for _, set := range sets {
		s.stage, s.back = set, !s.back
		s.pass.crew.run(len(set), do)
		if err := s.failed(); err != nil {
			return err
		}
	}
	return nil
}

// doSlice fills in the rows of a slice and runs its first stage. Slices draw different random numbers, but for those that a batch has one of; a batch of
// one slice draws those of its step.
func (s *trainStep) doSlice(i, _ int) {
	p, b := s.pass, s.slices[i]
	from, to := sliceRows(s.batch, len(s.slices), i)
	b.gather(p.model, p.index, p.numbers[from:to])
	b.scale(p.model, p.classWeight, p.counted)
	s.seeds[i] = p.step
	if len(s.slices) == 1 { // else the slices have the cores
		s.seeds[i].Crew = p.crew
	}
	if i > 0 {
		s.seeds[i].Seed = mix(p.step.Seed, uint64(i))
		s.seeds[i].Apart = s.seeds[i].Seed ^ p.step.Seed
	}
	s.errs[i] = b.run(&s.seeds[i])
}

// doStage runs a later stage of a slice. Every other stage begins with the last slice, since a core still has its values in the
// cache, from the stage before.
func (s *trainStep) doStage(i, slices int) {
	if s.back {
		i = slices - 1 - i
	}
	s.errs[i] = s.stage[i].Run(&s.seeds[i])
}

// doPart sums and updates a part of the weights.
func (s *trainStep) doPart(i, _ int) { s.errs[i] = s.stage[i].Run(&s.pass.step) }

func (s *trainStep) failed() error {
	for _, err := range s.errs {
		if err != nil {
			return errors.Join(s.errs...)
		}
	}
	return nil
}
