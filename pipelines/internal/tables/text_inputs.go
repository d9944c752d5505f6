package tables

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/transforms/features"
)

// Inputs are the inputs of the network.
func (m *Model) Inputs() ([]features.ModelInput, error) {
	spec, open := m.Spec, m.Open
	if open != nil {
		var err error
		if spec, _, err = keras.ParseOpen(m.Arch); err != nil {
			return nil, err
		}
	}
	if spec == nil { // it states no shape, as no input of text does
		inputs := make([]features.ModelInput, len(open.Inputs))
		for i, in := range open.Inputs {
			inputs[i].Name = in.Name
		}
		return inputs, nil
	}
	inputs := make([]features.ModelInput, len(spec.Inputs))
	for i, at := range spec.Inputs {
		in := &inputs[i]
		in.Name, in.Shape = spec.Tensors[at].Name, spec.Tensors[at].Shape
		if open != nil && keras.IsOpen(open.Inputs[i].Shape) {
			in.Shape = open.Inputs[i].Shape
		}
		if in.Lookup = spec.Lookups[i]; in.Lookup != nil {
			in.Layer = spec.Calls[slices.IndexFunc(spec.Calls, func(c keras.Call) bool { return slices.Contains(c.Inputs, at) })].Layer.Name
		}
	}
	return inputs, nil
}

// TakeText tells whether an input takes text.
func TakeText(inputs []features.ModelInput) bool {
	return slices.ContainsFunc(inputs, func(in features.ModelInput) bool { return in.Lookup != nil })
}

// CheckTexts refuses independent variables that are not what a model makes of the text of its inputs. what names the table, and advice says how one
// comes to a table that is.
func (vs Variables) CheckTexts(m *Model, what, advice string) error {
	inputs, err := m.Inputs()
	if err != nil {
		return err
	}
	for i := range min(len(inputs), len(vs.Independents)) {
		in, v := inputs[i], vs.Independents[i]
		if in.Lookup == nil {
			continue
		}
		column := table.Quote(v.Column)
		if v.Made == nil {
			return fmt.Errorf("%s, but %s of %s has arrays of numbers; %s", in, column, what, advice)
		}
		have := v.Made.LookedUp()
		if have == nil {
			return fmt.Errorf("%s, but %s of %s was made as %s; %s", in, column, what, v.Made, advice)
		}
		if d := have.Difference(in.Lookup); d != "" {
			return fmt.Errorf("%s, but %s of %s was made by another one: %s; %s", in, column, what, d, advice)
		}
	}
	return nil
}

// CheckSameTexts refuses weights of a model whose layers give texts other numbers: they would be those of other texts. from names it.
func (m *Model) CheckSameTexts(other *Model, from string) error {
	inputs, err := m.Inputs()
	if err != nil {
		return err
	}
	others, err := other.Inputs()
	if err != nil {
		return err
	}
	for i := range min(len(inputs), len(others)) {
		a, b := inputs[i], others[i]
		if a.Lookup == nil || b.Lookup == nil {
			continue
		}
		if d := b.Lookup.Difference(a.Lookup); d != "" {
			return fmt.Errorf("%s, but layer %q of %s is another one: %s", a, b.Layer, from, d)
		}
	}
	return nil
}
