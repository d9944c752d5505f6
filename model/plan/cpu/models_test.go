package cpu

import (
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan/plantest"
)

// Words of package plantest that the tests here use all the time.
type (
	testModel = plantest.Model
	args      = map[string]params.Value
)

const cce = "categorical_crossentropy"

// newModel is a network with one output.
func newModel(name, json, loss string) testModel {
	return testModel{Name: name, JSON: json, Losses: []string{loss}}
}

var (
	testModels    = plantest.Models
	sequential    = plantest.Sequential
	randomWeights = plantest.RandomWeights
	normals       = plantest.Normals
	oneHot        = plantest.OneHot
	lossCalls     = plantest.LossCalls
	optimizers    = plantest.Optimizers
)
