package callback

import (
	"fmt"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
)

// newLearningRateScheduler sets the learning rate before every iteration. schedule is a formula of epoch and lr, the rate of the iteration before,
// as a text: 'lr * 0.9', or as Python's 'lambda epoch, lr: lr * 0.9'; or one of keras.optimizers.schedules, as
// ExponentialDecay(0.01, 10, 0.9), whose steps are epochs here. Epochs are iterations, from 0.
//
// Arguments: schedule, verbose 0.
//
// Source: keras/src/callbacks/learning_rate_scheduler.py.
func newLearningRateScheduler(a *reader) item {
	a.settable()
	verbose := a.verbose()
	schedule := a.schedule()
	return item{quiet: !verbose, begin: func() callback { return &learningRateScheduler{schedule, verbose} }}
}

// A schedule is the learning rate of an epoch, from that of the one before.
type schedule func(epoch int, rate float64) (float64, error)

// schedule reads the argument of that name.
func (a *reader) schedule() schedule {
	switch v := a.Value("schedule").(type) {
	case string:
		f, err := expr.ParseFormula("schedule", v, "epoch", "lr")
		at := func(epoch int, rate float64) (float64, error) { return f.At(float64(epoch), rate) }
		if err == nil {
			_, err = at(0, 1)
		}
		if err != nil {
			a.Failf("argument schedule: %w", err)
		}
		return at
	case params.Call:
		s, err := optimizer.NewSchedule(v)
		if err != nil {
			a.Failf("argument schedule: %w", err)
		}
		return func(epoch int, _ float64) (float64, error) { return s(int64(epoch)), nil }
	default:
		a.Failf("argument schedule must be a formula in quotes, such as 'lr * 0.9 ** epoch', or one of keras.optimizers.schedules, found %v", v)
		return nil
	}
}

type learningRateScheduler struct {
	schedule schedule
	verbose  bool
}

func (s *learningRateScheduler) before(epoch int, rate float64) (float64, error) {
	return s.schedule(epoch, rate)
}

func (s *learningRateScheduler) after(m *moment) {
	m.logs.set(learningRate, m.run.rate)
	if s.verbose {
		m.Notes = append(m.Notes, fmt.Sprintf("iteration %d: the learning rate was %s", m.iteration, text(m.run.rate)))
	}
}
