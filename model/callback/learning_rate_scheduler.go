package callback

import (
	"fmt"

	"github.com/beamfit/beamfit/model/optimizer"
)

// newLearningRateScheduler sets the learning rate before every iteration: schedule is one of keras.optimizers.schedules, as
// ExponentialDecay(0.01, 10, 0.9), whose steps are epochs here: iterations, from 0.
//
// Arguments: schedule, verbose 0.
//
// Source: keras/src/callbacks/learning_rate_scheduler.py.
func newLearningRateScheduler(a *reader) item {
	a.settable()
	call, ok := a.Call("schedule")
	if !ok {
		a.Failf("argument schedule must be one of keras.optimizers.schedules, such as ExponentialDecay(0.01, 10, 0.9), found %v; "+
			"nothing that is written in Python runs here", a.Value("schedule"))
		return item{}
	}
	schedule, err := optimizer.NewSchedule(call)
	if err != nil {
		a.Failf("argument schedule: %w", err)
	}
	verbose := a.verbose()
	return item{quiet: !verbose, begin: func() callback { return &learningRateScheduler{schedule, verbose} }}
}

type learningRateScheduler struct {
	schedule optimizer.Schedule
	verbose  bool
}

func (s *learningRateScheduler) before(epoch int, _ float64) (float64, error) {
	return s.schedule(int64(epoch)), nil
}

func (s *learningRateScheduler) after(m *moment) {
	m.logs.set(learningRate, m.run.rate)
	if s.verbose {
		m.Notes = append(m.Notes, fmt.Sprintf("iteration %d: the learning rate was %s", m.iteration, text(m.run.rate)))
	}
}
