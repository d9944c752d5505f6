package trainer

import "github.com/beamfit/beamfit/model/plan"

// TrainingStep is what Train does for a batch of so many rows.
func (m *Model) TrainingStep(batch int) (*plan.Split, error) {
	if m.optimizer == nil {
		return nil, errPredictOnly
	}
	return m.split(batch)
}

// EvaluationStep is what Evaluate does for a batch of so many rows; 0: as many as it takes at a time.
func (m *Model) EvaluationStep(batch int) (*plan.Plan, error) {
	if m.optimizer == nil {
		return nil, errPredictOnly
	}
	return m.inferStep(scoring, batch)
}

// PredictionStep is what Predict does for a batch of so many rows; 0: as many as it takes at a time.
func (m *Model) PredictionStep(batch int) (*plan.Plan, error) { return m.inferStep(predicting, batch) }

func (m *Model) inferStep(mode mode, batch int) (_ *plan.Plan, err error) {
	if batch == 0 {
		if batch, err = m.inferBatch(mode); err != nil {
			return nil, err
		}
	}
	return m.plan(planKey{mode: mode, batch: batch})
}
