package trainer

import (
	"errors"

	"github.com/beamfit/beamfit/model/plan"
)

// A trainStep is the training step for one batch size in a worker's memory.
type trainStep struct {
	batch  int
	slices []*bound
	finish [][]plan.Program

	// What run is given, for its jobs.
	pass  *pass
	order []int32
	stage []plan.Program // the set of finish that is being run
	seeds []plan.Step    // per slice
	errs  []error        // per job

	slice, part func(job, jobs int) // doSlice and doPart, made once since a method value allocates
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
	s := &trainStep{batch: batch, errs: make([]error, len(split.Slices)), seeds: make([]plan.Step, len(split.Slices))}
	s.slice, s.part = s.doSlice, s.doPart
	for _, p := range split.Slices {
		b, err := w.bind(p)
		if err != nil {
			return nil, err
		}
		s.slices = append(s.slices, b)
	}
	for _, set := range split.Finish {
		var programs []plan.Program
		for _, p := range set {
			program, err := w.model.device.Bind(p, w.memory)
			if err != nil {
				return nil, err
			}
			programs = append(programs, program)
		}
		s.finish = append(s.finish, programs)
	}
	w.steps[batch] = s
	return s, nil
}

// run trains on the rows of a batch.
func (s *trainStep) run(p *pass, order []int32) error {
	s.pass, s.order = p, order
	p.count(order)
	defer func() { s.pass, s.order, s.stage = nil, nil, nil }() // the worker outlives the pass
	p.crew.run(len(s.slices), s.slice)
	if err := s.failed(); err != nil {
		return err
	}
	for _, set := range s.finish {
		s.stage = set
		p.crew.run(len(set), s.part)
		if err := s.failed(); err != nil {
			return err
		}
	}
	return nil
}

// doSlice computes the gradients of a slice. Slices draw different random numbers; a batch of one slice draws those of its
// step.
func (s *trainStep) doSlice(i, _ int) {
	p, b := s.pass, s.slices[i]
	from, to := sliceRows(s.batch, len(s.slices), i)
	b.gather(p.model, p.index, s.order[from:to])
	b.scale(p.model, p.classWeight, p.counted)
	s.seeds[i] = p.step
	if len(s.slices) == 1 { // else the slices have the cores
		s.seeds[i].Crew = p.crew
	}
	if i > 0 {
		s.seeds[i].Seed = mix(p.step.Seed, uint64(i))
	}
	s.errs[i] = b.run(&s.seeds[i])
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
