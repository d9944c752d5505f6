package keras

import (
	"reflect"
	"testing"
)

// TestConstraints: every way to write a constraint.
func TestConstraints(t *testing.T) {
	unit := &Constraint{Min: 1, Max: 1, Rate: 1, Axes: []int{0}}
	for text, want := range map[string]*Constraint{
		`null`:        nil,
		`"unit_norm"`: unit,
		`"UnitNorm"`:  unit,
		`"maxnorm"`:   {Max: 2, Rate: 1, Axes: []int{0}},
		`{"class_name": "UnitNorm", "config": {"axis": 0}}`:                                                                    unit,
		`{"class_name": "MaxNorm", "config": {"max_value": 3, "axis": [0, 1]}}`:                                                {Max: 3, Rate: 1, Axes: []int{0, 1}},
		`{"class_name": "MinMaxNorm", "config": {"min_value": 0.5, "max_value": 1, "rate": 0.25, "axis": null}}`:               {Min: 0.5, Max: 1, Rate: 0.25},
		`{"module": "keras.constraints", "class_name": "NonNeg", "config": {}, "registered_name": null, "build_config": null}`: {NonNegative: true},
	} {
		spec, err := Parse([]byte(chain("[null, 4]", "Dense", `"units": 3, "kernel_constraint": `+text)))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := spec.Weights[0].Constraint; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
		if got := spec.Weights[1].Constraint; got != nil {
			t.Errorf("%s: the bias has the constraint %+v", text, got)
		}
	}
}
