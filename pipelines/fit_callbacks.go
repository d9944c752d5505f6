package pipelines

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/pipelines/internal/fitlog"
)

// bestKey is the key of the best weights in a checkpoint.
const bestKey = "best"

// makeCallbacks makes the callbacks of fit_params.
func (f *fit) makeCallbacks() (err error) {
	m := callback.Model{Validation: len(f.sets) > 1}
	m.Rate, m.Settable = f.model.LearningRate()
	metrics := f.model.OutputMetrics()
	for i, name := range f.logNames() {
		m.Metrics = append(m.Metrics, callback.Metric{Name: name, Better: metrics[i].Better})
	}
	if f.callbacks, err = callback.New(f.model.Fit.Callbacks, m); err != nil {
		return fmt.Errorf("fit_params: %w", err)
	}
	f.warn(f.model.Compile.Notices)
	f.warn(f.model.Fit.Notices)
	if f.opt.NoFiles && len(f.callbacks.Files()) > 0 {
		return argumentErrorf("fit_params: callbacks that write files, CSVLogger and TensorBoard, are not allowed here")
	}
	f.warn(f.callbacks.Notices)
	return nil
}

// logNames are the names of the metrics in Keras' logs: with the output where there are several, and made different where two are alike.
//
// Source: keras/src/trainers/compile_utils.py, CompileMetrics.result.
func (f *fit) logNames() []string {
	var names []string
	seen := map[string]int{}
	for _, m := range f.model.OutputMetrics() {
		name := m.LogName
		if len(f.model.Spec.Outputs) > 1 {
			name = m.Output + "_" + name
		}
		n := seen[name]
		seen[name]++
		if n > 0 {
			name = fmt.Sprintf("%s_%d", name, n)
		}
		names = append(names, name)
	}
	return names
}

// logs are the scores of an iteration as callbacks see them.
func (f *fit) logs(r scoreReport) callback.Logs {
	var logs callback.Logs
	names := f.logNames()
	add := func(prefix string, s *scores) {
		if s == nil {
			return
		}
		logs = append(logs, callback.Value{Name: prefix + "loss", Value: float64(s.Loss)})
		for i, v := range s.values() {
			logs = append(logs, callback.Value{Name: prefix + names[i], Value: v})
		}
	}
	add("", r.Training)
	add("val_", r.Validation)
	return logs
}

// beginCallbacks is where the callbacks are after so many iterations, which were scored as reports say.
func (f *fit) beginCallbacks(done int, reports []scoreReport) (*callback.Run, error) {
	run := f.callbacks.Begin()
	for i := 1; i <= done; i++ {
		if _, err := run.Before(i); err != nil {
			return nil, err
		}
		if len(reports) > 0 && reports[0].Iteration == i {
			run.After(i, f.logs(reports[0]))
			reports = reports[1:]
		}
	}
	return run, nil
}

// rates are the learning rates of iterations, from first to last; nil: the optimizer's own.
func (c course) rates(first, last int) ([]*float64, error) {
	var rates []*float64
	for i := first; i <= last; i++ {
		rate, err := c.callbacks.Before(i)
		if err != nil {
			return nil, err
		}
		rates = append(rates, rate)
	}
	return rates, nil
}

// openLogs opens the files of callbacks; a dry run has none.
func (f *fit) openLogs() error {
	files := f.callbacks.Files()
	if len(files) == 0 || f.engine.Traits().DryRun {
		return nil
	}
	var weights []fitlog.Weight
	for _, l := range f.model.Spec.Layers {
		for _, w := range l.Weights {
			weights = append(weights, fitlog.Weight{Name: f.model.Spec.Name + "/" + l.Name + "/" + w.Name, Offset: w.Offset, Size: w.Size()})
		}
	}
	for _, file := range files {
		log, err := fitlog.Open(file.Callback, fitlog.Options{
			Below: f.opt.FilesBelow, After: f.resumed, Began: time.Now(), Arch: f.stored.arch, Weights: weights,
		})
		if err != nil {
			return err
		}
		f.files = append(f.files, openLog{file.Index, log})
	}
	return nil
}

// An openLog is the file of a callback, by its place in the list.
type openLog struct {
	index int
	fitlog.Log
}

// closeLogs closes the files of callbacks.
func (f *fit) closeLogs() error {
	var errs []error
	for _, file := range f.files {
		errs = append(errs, file.Close())
	}
	f.files = nil
	return errors.Join(errs...)
}

// decide lets the callbacks act after the last iteration of the course, where it was scored, and puts into the course what they
// decide.
func (f *fit) decide(ctx context.Context, c *course) error {
	if !f.callbacks.NeedsScores() || !f.schedule.scored(c.done) {
		return nil
	}
	report := c.reports[len(c.reports)-1]
	out := c.callbacks.After(c.done, f.logs(report))
	for _, file := range f.files {
		e := fitlog.Entry{Iteration: c.done, At: f.begun.Add(report.Elapsed - f.earlier), Logs: out.Logged[file.index]}
		e.Weights = func() ([]float32, error) { return c.weights(ctx) }
		if err := file.Write(e); err != nil {
			return err
		}
	}
	for _, note := range out.Notes {
		f.report(Event{Stage: "callbacks", Note: note})
	}
	if out.Best {
		best, err := c.weights(ctx)
		if err != nil {
			return err
		}
		c.best = best
	}
	if out.Fail != "" {
		return fmt.Errorf("iteration %d: %s", c.done, out.Fail)
	}
	c.stopped = out.Stop
	return nil
}

// bestOf are the best weights in a checkpoint, where the callbacks of its course have found some.
func (f *fit) bestOf(saved checkpoint, run *callback.Run) ([]float32, error) {
	if run.BestIteration() == 0 {
		return nil, nil
	}
	best, err := saved.vector(bestKey, f.stored.spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", bestKey, err)
	}
	return best, nil
}

// model is what the model gets: the weights of the course, or the best ones, and the report of the iteration that they are of.
func (c course) model(ctx context.Context) (weights []float32, of scoreReport, err error) {
	of = c.reports[len(c.reports)-1] // the last iteration is always scored
	if c.best == nil {
		weights, err = c.weights(ctx)
		return weights, of, err
	}
	for _, r := range c.reports {
		if r.Iteration == c.callbacks.BestIteration() {
			of = r
		}
	}
	return c.best, of, nil
}

// warnOfNaN warns of a training loss that is NaN or infinite at the end.
func (f *fit) warnOfNaN(reports []scoreReport) {
	finite := func(r scoreReport) bool {
		loss := float64(r.Training.Loss)
		return !math.IsNaN(loss) && !math.IsInf(loss, 0)
	}
	first := len(reports)
	for first > 0 && !finite(reports[first-1]) {
		first--
	}
	if first < len(reports) {
		since := "since"
		if f.schedule.ScoreEvery > 1 {
			since = "at the latest since"
		}
		f.warn([]string{fmt.Sprintf("training ended with a loss of %v: it is not a finite number %s iteration %d (callbacks=[TerminateOnNaN()] makes such a fit fail)",
			reports[len(reports)-1].Training.Loss, since, reports[first].Iteration)})
	}
}
