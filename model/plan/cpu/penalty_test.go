package cpu

import (
	"math"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/plan"
	"gorgonia.org/gorgonia"
)

func penaltyModels() []testModel {
	l2 := `{"class_name":"L2","config":{"l2":0.05}}`
	both := `{"class_name":"L1L2","config":{"l1":0.02,"l2":0.01}}`
	return []testModel{
		{"weight penalties", sequential(60, `Reshape {"target_shape":[5,6,2]}`,
			`Conv2D {"filters":3,"kernel_size":2,"activation":"tanh","kernel_regularizer":`+both+`}`,
			`BatchNormalization {"gamma_regularizer":`+l2+`,"beta_regularizer":"l1"}`, `Flatten {}`,
			`Dense {"units":4,"activation":"tanh","trainable":false,"kernel_regularizer":`+both+`}`,
			`Dense {"units":3,"activation":"softmax","kernel_regularizer":`+l2+`,"bias_regularizer":`+both+`}`), []string{cce}},
		{"activity penalties", sequential(4, `Dense {"units":6,"activation":"tanh","activity_regularizer":`+both+`}`,
			`ActivityRegularization {"l1":0.03,"l2":0.1}`,
			`Dense {"units":3,"activation":"softmax","activity_regularizer":`+l2+`}`), []string{cce}},
	}
}

// penaltyOf is l1·Σ|x| + l2·Σx².
func penaltyOf(l1, l2 float64, x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += l1*math.Abs(v) + l2*v*v
	}
	return sum
}

// weightPenalty is what the regularizers of trained weights add to the loss.
func (r *rig) weightPenalty(values map[*gorgonia.Node][]float64) float64 {
	var sum float64
	for _, wn := range r.graph.Grads {
		reg := wn.Weight.Regularizer
		if reg != (keras.Regularizer{}) {
			sum += penaltyOf(reg.L1, reg.L2, values[r.graph.Weights[index(r, wn)]])
		}
	}
	return sum
}

func penaltyReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.PenaltyAttr)
	out := make([]float64, a.Rows)
	for r := range out {
		out[r] = penaltyOf(float64(a.L1), float64(a.L2), in[0][r*a.N:(r+1)*a.N])
	}
	return out
}
