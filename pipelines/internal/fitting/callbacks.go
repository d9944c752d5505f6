package fitting

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/pipelines/internal/fitlog"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// bestKey is the key of the best weights in a checkpoint.
const bestKey = "best"

// LogNames are the names of the metrics in Keras' logs: with the output where there are several, and made different where two are alike.
//
// Source: keras/src/trainers/compile_utils.py, CompileMetrics.result.
func LogNames(model *recipe.Loaded) []string {
	var names []string
	seen := map[string]int{}
	for _, m := range model.OutputMetrics() {
		name := m.LogName
		if len(model.Spec.Outputs) > 1 {
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

// LossNames are the names of the losses of outputs in Keras' logs, where there are several.
//
// Source: keras/src/trainers/compile_utils.py, CompileLoss.build.
func LossNames(model *recipe.Loaded) []string {
	outputs := model.Spec.OutputNames()
	if len(outputs) < 2 {
		return nil
	}
	names := make([]string, len(outputs))
	for i, o := range outputs {
		names[i] = o + "_loss"
	}
	return names
}

// logs are the scores of an iteration as callbacks see them.
func (f *Fit) logs(r tables.Report) callback.Logs {
	var logs callback.Logs
	names, losses := LogNames(f.Model), LossNames(f.Model)
	add := func(prefix string, s *tables.Scores) {
		if s == nil {
			return
		}
		logs = append(logs, callback.Value{Name: prefix + "loss", Value: float64(s.Loss)})
		for i, v := range s.OutputLosses {
			logs = append(logs, callback.Value{Name: prefix + losses[i], Value: float64(v)})
		}
		for i, v := range s.Values() {
			logs = append(logs, callback.Value{Name: prefix + names[i], Value: v})
		}
	}
	add("", r.Training)
	add("val_", r.Validation)
	return logs
}

// beginCallbacks is where the callbacks are after so many iterations, which were scored as reports say.
func (f *Fit) beginCallbacks(done int, reports []tables.Report) (*callback.Run, error) {
	run := f.Callbacks.Begin()
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

// decide lets the callbacks act after the last iteration of the course, where it was scored, and puts into the course what they
// decide.
func (f *Fit) decide(ctx context.Context, c *Course) error {
	if !f.Callbacks.NeedsScores() || !f.Schedule.scored(c.Done) {
		return nil
	}
	report := c.Reports[len(c.Reports)-1]
	out := c.callbacks.After(c.Done, f.logs(report))
	for _, file := range f.files {
		e := fitlog.Entry{Iteration: c.Done, At: f.Began.Add(report.Elapsed - f.earlier), Logs: out.Logged[file.index]}
		e.Weights = func() ([]float32, error) { return c.weights(ctx) }
		if err := file.Write(e); err != nil {
			return err
		}
	}
	for _, note := range out.Notes {
		f.Listener.Noted(note)
	}
	if out.Best {
		best, err := c.weights(ctx)
		if err != nil {
			return err
		}
		c.best = best
	}
	if out.Fail != "" {
		return fmt.Errorf("iteration %d: %s", c.Done, out.Fail)
	}
	c.Stopped = out.Stop
	return nil
}

// bestOf are the best weights in a checkpoint, where the callbacks of its course have found some.
func (f *Fit) bestOf(saved savedCourse, run *callback.Run) ([]float32, error) {
	if run.BestIteration() == 0 {
		return nil, nil
	}
	best, err := saved.vector(bestKey, f.Model.Spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", bestKey, err)
	}
	return best, nil
}
