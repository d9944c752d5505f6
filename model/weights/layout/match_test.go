package layout

import (
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
)

// TestNamed finds arrays by names with others in front, as Keras gives them to layers that are made in scopes of names.
func TestNamed(t *testing.T) {
	spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "Dense", "config": {"name": "a", "units": 1, "batch_input_shape": [null, 2]}},
		{"class_name": "Dense", "config": {"name": "b", "units": 1}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	kernel, one := []int{2, 1}, []int{1}
	named := func(aKernel, aBias, bKernel, bBias string) []Array {
		return []Array{{bBias, one}, {bKernel, []int{1, 1}}, {aBias, one}, {aKernel, kernel}}
	}
	l := Of(spec)
	for _, arrays := range [][]Array{
		named("a/kernel", "a/bias", "b/kernel", "b/bias"),
		named("m/a/kernel", "m/a/bias", "m/b/kernel", "m/b/bias"),
		named("block/part/a/kernel", "block/part/a/bias", "block/part/inner/b/kernel", "block/part/inner/b/bias"),
	} {
		match, err := l.Named(arrays)
		if err != nil {
			t.Errorf("%v: %v", arrays, err)
			continue
		}
		for i, at := range match {
			if want := len(arrays) - 1 - i; at != want {
				t.Errorf("weight %d is array %d (%s), want %d", i, at, arrays[at].Name, want)
			}
		}
	}
	for name, want := range map[string]string{
		"s/t/c/kernel":            `"s/t/c/kernel" of shape (2, 1) is no weight of the model`,
		"s/t/b/kernel":            `"b/kernel" and "s/t/b/kernel" are the same weight`,
		"s/t/a/kernel/of/another": `is no weight of the model`,
	} {
		if _, err := l.Named(named(name, "a/bias", "b/kernel", "b/bias")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", name, err, want)
		}
	}
}

// TestNamedUnnamed finds the only weight of a layer by the name that Keras gives to variables without one.
func TestNamedUnnamed(t *testing.T) {
	spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [
		{"class_name": "Dense", "config": {"name": "a", "units": 1, "use_bias": false, "batch_input_shape": [null, 2]}},
		{"class_name": "Dense", "config": {"name": "b", "units": 1, "use_bias": false}},
		{"class_name": "Dense", "config": {"name": "c", "units": 2}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	arrays := []Array{{"b/variable_12", []int{1, 1}}, {"a/variable", []int{2, 1}}, {"c/kernel", []int{1, 2}}, {"c/bias", []int{2}}}
	match, err := Of(spec).Named(arrays)
	if err != nil || !slices.Equal(match, []int{1, 0, 2, 3}) {
		t.Errorf("%v (%v), want 1, 0, 2, 3", match, err)
	}
	arrays[3].Name = "c/variable_1"
	if _, err := Of(spec).Named(arrays); err == nil || !strings.Contains(err.Error(), `"c/variable_1" of shape (2,) is no weight of the model`) {
		t.Errorf("a layer of two weights: %v", err)
	}
}
