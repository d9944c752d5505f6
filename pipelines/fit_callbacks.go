package pipelines

import (
	"fmt"

	"github.com/beamfit/beamfit/model/callback"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/fitting"
	"github.com/beamfit/beamfit/transforms/recipe"
)

// makeCallbacks makes the callbacks of fit_params, and warns of what in the parameters has no effect.
func (f *fit) makeCallbacks(model *recipe.Loaded, validation bool) (*callback.List, error) {
	m := callback.Model{Validation: validation}
	m.Rate, m.Settable = model.LearningRate()
	metrics := model.OutputMetrics()
	for i, name := range fitting.LogNames(model) {
		m.Metrics = append(m.Metrics, callback.Metric{Name: name, Better: metrics[i].Better})
	}
	for _, name := range fitting.LossNames(model) {
		m.Metrics = append(m.Metrics, callback.Metric{Name: name, Better: metric.Down})
	}
	callbacks, err := callback.New(model.Fit.Callbacks, m)
	if err != nil {
		return nil, fmt.Errorf("fit_params: %w", err)
	}
	f.warn(model.Compile.Notices)
	f.warn(model.Fit.Notices)
	if f.opt.NoFiles && len(callbacks.Files()) > 0 {
		return nil, argument.Errorf("fit_params: callbacks that write files, CSVLogger and TensorBoard, are not allowed here")
	}
	f.warn(callbacks.Notices)
	return callbacks, nil
}
