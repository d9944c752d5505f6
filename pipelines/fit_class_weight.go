package pipelines

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/params"
)

// classWeights are the class weights by class index, where fit_params name classes by their values; else nil. Values are written as tables
// show them: '7' is the value 7, and 7 without quotes the class of index 7.
func (f *fit) classWeights(source *packedTable) (map[int]float64, error) {
	fit, err := params.ParseFit(f.opt.Fit)
	if err != nil || fit.ClassWeightByValue == nil {
		return nil, err
	}
	if n := len(source.variables.dependents); n != 1 {
		return nil, fmt.Errorf("class_weight needs one dependent variable, the %s table has %d", source.what, n)
	}
	v := source.variables.dependents[0]
	texts := v.classTexts()
	if texts == nil {
		return nil, fmt.Errorf("class_weight names classes by their values, and the summary of the %s table has none for column %q: name them by their numbers, from 0",
			source.what, v.column)
	}
	var values []string
	index := map[string]int{}
	for i, t := range texts {
		if t != nil {
			values, index[*t] = append(values, *t), i
		}
	}
	weights := map[int]float64{}
	for value, weight := range fit.ClassWeightByValue {
		i, ok := index[value]
		if !ok {
			slices.Sort(values)
			return nil, fmt.Errorf("class_weight: column %q has no class %q; %s", v.column, value, nearest.Known(value, values))
		}
		weights[i] = weight
	}
	return weights, nil
}
