package inference

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
	"github.com/beamfit/beamfit/transforms/infer"
)

// twoOutputs has the outputs kind, of three classes, and size, of two.
const twoOutputs = `{"class_name": "Model", "config": {"name": "m", "layers": [
	{"class_name": "InputLayer", "name": "x", "config": {"name": "x", "batch_input_shape": [null, 2]}, "inbound_nodes": []},
	{"class_name": "Dense", "name": "kind", "config": {"name": "kind", "units": 3, "activation": "softmax"}, "inbound_nodes": [[["x", 0, 0, {}]]]},
	{"class_name": "Dense", "name": "size", "config": {"name": "size", "units": 2}, "inbound_nodes": [[["x", 0, 0, {}]]]}],
	"input_layers": [["x", 0, 0]], "output_layers": [["kind", 0, 0], ["size", 0, 0]]}}`

// classList are class values, for comparison.
func classList(classes []*string) string {
	out := make([]string, len(classes))
	for i, c := range classes {
		out[i] = strconv.Quote(*c)
	}
	return "(" + strings.Join(out, ", ") + ")"
}

// says checks that an error says all of that.
func says(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("error %v does not say %q", err, p)
		}
	}
}

// One-hot arrays have no class values: their indexes take the place.
func TestTrainedOutputs(t *testing.T) {
	spec, err := keras.Parse([]byte(twoOutputs))
	if err != nil {
		t.Fatal(err)
	}
	null := &table.Vector{Type: table.TextArrayType}
	if err := null.Append([]any{nil}); err != nil {
		t.Fatal(err)
	}
	outputs, err := trainedOutputs(spec, []tables.Variable{{Column: "a"}, {Column: "b", Classes: null}}, make([]*loss.Loss, 2))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range outputs {
		got = append(got, o.Name+" "+classList(o.Classes))
	}
	if d := cmp.Diff([]string{`a ("0", "1", "2")`, `b ("0", "1")`}, got); d != "" {
		t.Error(d)
	}
	_, few := trainedOutputs(spec, []tables.Variable{{Column: "a"}}, nil)
	says(t, few, "1 dependent variable", "2 outputs")
	_, wrong := trainedOutputs(spec, []tables.Variable{{Column: "a", Classes: nullsOf(t, 2)}, {Column: "b"}}, make([]*loss.Loss, 2))
	says(t, wrong, `"a_class_values"`, "2 class values", `"kind"`, "3 classes")
}

func nullsOf(t *testing.T, n int) *table.Vector {
	t.Helper()
	v := &table.Vector{Type: table.TextArrayType}
	if err := v.Append(make([]any, n)); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestNumericOutputs: a number has no classes, unless the output is wider than the label and so has them.
func TestNumericOutputs(t *testing.T) {
	spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": {"name": "m", "layers": [{"class_name": "Dense",
		"config": {"name": "y", "units": 2, "activation": "softmax", "batch_input_shape": [null, 2]}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]infer.Output{
		"real[]":  {Name: "y", Numbers: 2},
		"integer": {Name: "y", Classes: classIndexes(2)},
	} {
		got, err := trainedOutputs(spec, []tables.Variable{{Column: "y", Kind: kind, Numeric: true}}, make([]*loss.Loss, 1))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]infer.Output{want}, got); d != "" {
			t.Errorf("%s: %s", kind, d)
		}
	}
}

// A NULL at the end of a list is a class as far as the output has classes, and fills the list up behind them.
func TestGivenClasses(t *testing.T) {
	spec, err := keras.Parse([]byte(twoOutputs))
	if err != nil {
		t.Fatal(err)
	}
	a, b := "a", "b"
	outputs, err := GivenOutputs(spec, Given{Dependents: 2, Classes: [][]*string{{&a, &b, nil}, {&a, nil, nil}}})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]*string{&a, &b, nil}, outputs[0].Classes) + cmp.Diff([]*string{&a, nil}, outputs[1].Classes); d != "" {
		t.Error(d)
	}
	_, err = GivenOutputs(spec, Given{Dependents: 2, Classes: [][]*string{{&a, nil, &b}, {&a, &b, &a}}})
	says(t, err, "class values of dependent variable 2: 3 values for 2 classes", `"size"`)
	_, err = GivenOutputs(spec, Given{Dependents: 2, Classes: [][]*string{{&a, &b}, {&a, &b}}})
	says(t, err, "class values of dependent variable 1: 2 values for 3 classes", `"kind"`)
}

// A numeric label has no classes, of whatever shape the output is.
func TestGivenClassesOfNumbers(t *testing.T) {
	a, b := "a", "b"
	for _, shape := range []string{"[null, 2]", "[null, 4, 2]"} {
		spec, err := keras.Parse(fmt.Appendf(nil, `{"class_name": "Sequential", "config": {"name": "m", "layers": [{"class_name": "Dense",
			"config": {"name": "y", "units": 2, "batch_input_shape": %s}}]}}`, shape))
		if err != nil {
			t.Fatal(err)
		}
		_, err = GivenOutputs(spec, Given{Classes: [][]*string{{&a, &b}}, LabelTypes: []string{"numeric"}})
		says(t, err, "class values of dependent variable 1: it is numeric and has none")
		if _, err := GivenOutputs(spec, Given{Classes: [][]*string{{nil, nil}}, LabelTypes: []string{"numeric"}}); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
	}
}

// denseOutput is a network with one output, of a Dense layer.
func denseOutput(t *testing.T, units int, activation string) *keras.Spec {
	t.Helper()
	spec, err := keras.Parse(fmt.Appendf(nil, `{"class_name": "Sequential", "config": {"name": "m", "layers": [{"class_name": "Dense",
		"config": {"name": "y", "units": %d, "activation": %q, "batch_input_shape": [null, 2]}}]}}`, units, activation))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// What the numbers of an output are goes by the loss, the activation and the labels together: a cross-entropy of logits looks through a sigmoid
// or softmax, whose output is probabilities then; other losses of logits do not.
func TestScoresOfOutputs(t *testing.T) {
	text, hot := tables.Variable{Column: "y", Kind: "text", Classes: nullsOf(t, 2)}, tables.Variable{Column: "y", Kind: "integer[]"}
	three := tables.Variable{Column: "y", Kind: "text", Classes: nullsOf(t, 3)}
	number := tables.Variable{Column: "y", Kind: "integer", Numeric: true}
	one := tables.Variable{Column: "y", Kind: "integer[]", Numeric: true}
	indexes := classIndexes(2)
	for _, c := range []struct {
		units            int
		activation, loss string
		label            tables.Variable
		want             infer.Output
	}{
		{1, "sigmoid", "BinaryCrossentropy(from_logits=True)", text, infer.Output{Classes: make([]*string, 2), Second: true}},
		{1, "sigmoid", "BinaryFocalCrossentropy(from_logits=True)", text, infer.Output{Classes: make([]*string, 2), Second: true, Score: infer.Logit}},
		{1, "linear", "BinaryCrossentropy(from_logits=True)", text, infer.Output{Classes: make([]*string, 2), Second: true, Score: infer.Logit}},
		{1, "tanh", "hinge()", hot, infer.Output{Classes: indexes, Second: true, Score: infer.Side}},
		{1, "sigmoid", "binary_crossentropy()", hot, infer.Output{Classes: indexes, Second: true}},
		{1, "linear", "mse()", hot, infer.Output{Numbers: 1}},
		{1, "linear", "focal()", hot, infer.Output{Classes: indexes, Second: true, Score: infer.Logit}},
		{1, "sigmoid", "mse()", hot, infer.Output{Classes: indexes, Second: true}},
		{1, "linear", "mse()", text, infer.Output{Classes: make([]*string, 2), Second: true}},
		{1, "linear", "mse()", number, infer.Output{Numbers: 1}},
		{1, "linear", "mse()", one, infer.Output{Numbers: 1}},
		{3, "linear", "SparseCategoricalCrossentropy(from_logits=True)", three, infer.Output{Classes: make([]*string, 3), Score: infer.LogitAmong}},
		{3, "softmax", "SparseCategoricalCrossentropy(from_logits=True)", three, infer.Output{Classes: make([]*string, 3)}},
		{3, "linear", "CategoricalCrossentropy(from_logits=True)", three, infer.Output{Classes: make([]*string, 3), Score: infer.LogitAmong}},
		{3, "linear", "BinaryCrossentropy(from_logits=True)", three, infer.Output{Classes: make([]*string, 3), Score: infer.Logit}},
		{3, "softmax", "sparse_categorical_crossentropy()", one, infer.Output{Classes: classIndexes(3)}},
		{3, "softmax", "sparse_categorical_crossentropy()", number, infer.Output{Classes: classIndexes(3)}},
		{3, "linear", "mse()", one, infer.Output{Numbers: 3}},
	} {
		spec := denseOutput(t, c.units, c.activation)
		compile, err := params.ParseCompile("loss=" + c.loss + ", optimizer='adam'")
		if err != nil {
			t.Fatal(err)
		}
		losses, err := trainer.LossesOf(spec, *compile)
		if err != nil {
			t.Fatal(err)
		}
		got, err := trainedOutputs(spec, []tables.Variable{c.label}, losses)
		if err != nil {
			t.Fatal(err)
		}
		c.want.Name = "y"
		if d := cmp.Diff([]infer.Output{c.want}, got); d != "" {
			t.Errorf("%s of %d units, loss %s, labels %s: %s", c.activation, c.units, c.loss, c.label.Kind, d)
		}
	}
}
