// Package plantest has what tests of several devices need: small networks that together have every opcode, every loss and every optimizer, with
// random weights and rows for them.
package plantest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
)

// A Model is a network with the losses of its outputs.
type Model struct {
	Name   string
	JSON   string
	Losses []string
}

const (
	cce = "categorical_crossentropy"
	bce = "binary_crossentropy"
	mse = "mean_squared_error"
	mae = "mean_absolute_error"
)

// Models are small networks that together use every opcode.
func Models() []Model {
	d := func(units int, act string) string {
		return fmt.Sprintf(`Dense {"units":%d,"activation":%q}`, units, act)
	}
	image := `Reshape {"target_shape":[5,6,2]}`
	conv := func(args string) string {
		return `Conv2D {"filters":4,"kernel_size":[3,2],"activation":"tanh"` + args + `}`
	}
	bn := func(args string) string {
		return `BatchNormalization {"axis":[-1],"momentum":0.9,"epsilon":0.001` + args + `}`
	}
	plain := `Dense {"units":6,"use_bias":false}` // a bias before batch normalisation has gradient zero
	return slices.Concat([]Model{
		{"dense relu", Sequential(4, d(10, "relu"), d(10, "relu"), d(3, "softmax")), []string{cce}},
		{"dense linear", Sequential(4, d(5, "linear"), d(3, "linear")), []string{mse}},
		{"dense tanh sigmoid", Sequential(4, d(6, "tanh"), d(5, "sigmoid"), d(3, "tanh")), []string{mae}},
		{"no bias", Sequential(4, `Dense {"units":6,"activation":"tanh","use_bias":false}`, d(3, "softmax")), []string{cce}},
		{"dense on rank 3", Sequential(12, `Reshape {"target_shape":[3,4]}`, d(5, "tanh"), `Flatten {}`, d(2, "softmax")), []string{cce}},
		{"activations apart", Sequential(4, d(6, "linear"), `Activation {"activation":"tanh"}`, d(5, "linear"),
			`Activation {"activation":"relu"}`, d(4, "linear"), `Activation {"activation":"sigmoid"}`, d(3, "linear"),
			`Activation {"activation":"softmax"}`), []string{cce}},
		{"softmax inside", Sequential(4, d(6, "softmax"), d(3, "softmax")), []string{mse}},
		{"sigmoid logits", Sequential(4, d(6, "tanh"), d(3, "sigmoid")), []string{bce}},
		{"clipped binary", Sequential(4, d(6, "tanh"), d(3, "softmax")), []string{bce}},
		{"clipped categorical", Sequential(4, d(6, "tanh"), d(3, "sigmoid")), []string{cce}},
		{"conv valid", Sequential(60, image, conv(""), `Flatten {}`, d(3, "softmax")), []string{cce}},
		{"conv same strides", Sequential(60, image, conv(`,"padding":"same"`), conv(`,"padding":"same","strides":[2,3]`),
			`Flatten {}`, d(3, "softmax")), []string{cce}},
		{"conv dilation groups", Sequential(60, image, conv(`,"dilation_rate":[2,2],"padding":"same"`),
			conv(`,"groups":2,"use_bias":false`), `Flatten {}`, d(3, "softmax")), []string{cce}},
		{"conv relu pool", Sequential(60, image, `Conv2D {"filters":4,"kernel_size":[3,3],"padding":"same","activation":"relu"}`,
			`MaxPooling2D {"pool_size":[2,2]}`, conv(`,"padding":"same"`),
			`MaxPooling2D {"pool_size":[2,2],"strides":[1,1],"padding":"same"}`, `Flatten {}`, d(3, "softmax")), []string{cce}},
		{"batch norm", Sequential(4, plain, bn(""), `Activation {"activation":"relu"}`, d(5, "tanh"), bn(`,"scale":false`),
			d(5, "tanh"), bn(`,"center":false`), d(3, "softmax")), []string{cce}},
		{"batch norm images", Sequential(60, image, conv(`,"use_bias":false`), bn(""), `Activation {"activation":"tanh"}`,
			`Flatten {}`, plain,
			bn(`,"scale":false,"center":false`), d(3, "softmax")), []string{cce}},
		{"batch norm axes", Sequential(60, image, conv(`,"use_bias":false`),
			strings.Replace(bn(""), "[-1]", "[1]", 1), `Activation {"activation":"tanh"}`,
			strings.Replace(bn(`,"trainable":false`), "[-1]", "[2]", 1), `Flatten {}`, d(3, "softmax")), []string{cce}},
		{"frozen batch norm", Sequential(4, d(6, "tanh"), bn(`,"trainable":false`), d(5, "tanh"), bn(`,"trainable":false,"scale":false`),
			d(3, "softmax")), []string{cce}},
		{"frozen dense", Sequential(4, d(6, "tanh"), `Dense {"units":5,"activation":"tanh","trainable":false}`, d(3, "softmax")), []string{cce}},
		{"dropout", Sequential(4, d(20, "tanh"), `Dropout {"rate":0.4}`, d(20, "tanh"), `Dropout {"rate":0.25,"seed":7}`,
			`Dropout {"rate":0}`, d(3, "softmax")), []string{cce}},
		{"dropout behind relu", Sequential(60, image, `Conv2D {"filters":4,"kernel_size":[3,3],"activation":"relu"}`,
			`Dropout {"rate":0.5,"noise_shape":[null,1,1,4]}`, `Flatten {}`, d(20, "relu"), `Dropout {"rate":0.4}`, d(3, "softmax")), []string{cce}},
		{"dropout behind layers", Sequential(60, image, `Conv2D {"filters":4,"kernel_size":[3,3],"activation":"relu"}`, `Dropout {"rate":0.3}`,
			`Conv2D {"filters":4,"kernel_size":[2,2]}`, `Dropout {"rate":0.2}`, `Dropout {"rate":0.3}`, `Flatten {}`,
			`Dense {"units":20,"use_bias":false}`, `Activation {"activation":"relu"}`, `Dropout {"rate":0.4}`, d(12, "linear"),
			`Dropout {"rate":0.25}`, `Dense {"units":9,"use_bias":false}`, `Dropout {"rate":0.25}`, d(3, "softmax")), []string{cce}},
		{
			"dropout behind batch norm", Sequential(4, plain, bn(""), `Activation {"activation":"relu"}`, `Dropout {"rate":0.3}`, d(3, "softmax")),
			[]string{cce},
		},
		{"dropout beside relu", functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4), node("h", `Dense {"units":8,"activation":"relu"}`, "a"),
			node("drop", `Dropout {"rate":0.4}`, "h"), node("again", `Dropout {"rate":0.3}`, "drop"), node("sum", "Add {}", "h", "again"),
			node("out", `Dense {"units":3,"activation":"softmax"}`, "sum")), []string{cce}},
		{"dropout of channels", Sequential(60, image, conv(""), `Dropout {"rate":0.5,"noise_shape":[null,1,1,4]}`,
			`Dropout {"rate":0.3,"noise_shape":[null,3,1,1]}`, `Flatten {}`, d(3, "softmax")), []string{cce}},
		{"two towers", twoTowers, []string{cce, mse}},
		{"shared layer", sharedLayer, []string{cce, bce}},
	}, activationModels(), ctcModels(), mergeModels(), shapeModels(), penaltyModels(), rectifierModels(), convModels(), rowNormModels(), recurrentModels(), attentionModels(), ImageModels(), augmentModels(), stateModels(), programModels())
}

// Sequential is the JSON of a Sequential model of layers written as "Class {config}" over rows of width numbers.
func Sequential(width int, layers ...string) string {
	var list []string
	for i, l := range layers {
		class, config := split(l)
		shape := ""
		if i == 0 {
			shape = fmt.Sprintf(`,"batch_input_shape":[null,%d]`, width)
		}
		list = append(list, fmt.Sprintf(`{"class_name":%q,"config":{"name":"l%d"%s%s}}`, class, i, shape, config))
	}
	return `{"class_name":"Sequential","config":[` + strings.Join(list, ",") + `]}`
}

// split takes "Class {config}" apart; the arguments of config, if any, follow a comma.
func split(layer string) (class, arguments string) {
	class, config, _ := strings.Cut(layer, " ")
	if arguments = strings.TrimSuffix(strings.TrimPrefix(config, "{"), "}"); arguments != "" {
		arguments = "," + arguments
	}
	return class, arguments
}

// functional is the JSON of a functional model; layers are JSON objects.
func functional(inputs, outputs string, layers ...string) string {
	return fmt.Sprintf(`{"class_name":"Model","config":{"name":"m","layers":[%s],"input_layers":[%s],"output_layers":[%s]}}`,
		strings.Join(layers, ","), inputs, outputs)
}

func inputLayer(name string, width int) string {
	return fmt.Sprintf(`{"class_name":"InputLayer","name":%q,"config":{"name":%q,"batch_input_shape":[null,%d]},"inbound_nodes":[]}`,
		name, name, width)
}

func denseNode(name string, units int, act string, from ...string) string {
	var nodes []string
	for _, f := range from {
		nodes = append(nodes, fmt.Sprintf(`[[%s,{}]]`, f))
	}
	return fmt.Sprintf(`{"class_name":"Dense","name":%q,"config":{"name":%q,"units":%d,"activation":%q},"inbound_nodes":[%s]}`,
		name, name, units, act, strings.Join(nodes, ","))
}

// layerNode is a layer of a functional model, called once.
func layerNode(class, name, args string, from ...string) string {
	var in []string
	for _, f := range from {
		in = append(in, fmt.Sprintf(`[%s,{}]`, f))
	}
	return fmt.Sprintf(`{"class_name":%q,"name":%q,"config":{"name":%q,%s},"inbound_nodes":[[%s]]}`,
		class, name, name, args, strings.Join(in, ","))
}

// node is the JSON of a layer of a functional model, "Class {config}", applied once to layers by name.
func node(name, layer string, from ...string) string {
	class, config := split(layer)
	in := ""
	for i, f := range from {
		if i > 0 {
			in += ","
		}
		in += fmt.Sprintf(`[%q,0,0,{}]`, f)
	}
	return fmt.Sprintf(`{"class_name":%q,"name":%q,"config":{"name":%q%s},"inbound_nodes":[[%s]]}`, class, name, name, config, in)
}

// merged is a model that joins three dense layers, of which the second has its rows twice where twice is set.
func merged(layer string, shapes [3]string, twice bool) string {
	layers := []string{inputLayer("a", 4)}
	from := []string{"a1", "b1", "c1"}
	for i, name := range []string{"a", "b", "c"} {
		layers = append(layers, node(name+"0", `Dense {"units":12,"activation":"tanh"}`, "a"),
			node(name+"1", `Reshape {"target_shape":`+shapes[i]+`}`, name+"0"))
	}
	if twice {
		from = append(from, "b1")
	}
	layers = append(layers, node("m", layer, from...), node("f", "Flatten {}", "m"),
		node("out", `Dense {"units":3,"activation":"softmax"}`, "f"))
	return functional(`["a",0,0]`, `["out",0,0]`, layers...)
}

// twoTowers has two inputs and outputs; h feeds three layers, so that its gradient is a sum.
var twoTowers = functional(`["a",0,0],["b",0,0]`, `["out1",0,0],["out2",0,0]`,
	inputLayer("a", 4), inputLayer("b", 3),
	denseNode("h", 6, "tanh", `"a",0,0`),
	denseNode("out1", 3, "softmax", `"h",0,0`),
	denseNode("k", 5, "tanh", `"h",0,0`),
	denseNode("out2", 2, "linear", `"k",0,0`),
	denseNode("unused", 2, "linear", `"b",0,0`),
)

// sharedLayer applies one layer to two inputs, so that its weights' gradients are sums.
var sharedLayer = functional(`["a",0,0],["b",0,0]`, `["out1",0,0],["out2",0,0]`,
	inputLayer("a", 4), inputLayer("b", 4),
	denseNode("shared", 6, "tanh", `"a",0,0`, `"b",0,0`),
	denseNode("out1", 3, "softmax", `"shared",0,0`),
	denseNode("out2", 2, "sigmoid", `"shared",1,0`),
)

// Spec is the model, parsed.
func (m Model) Spec(t testing.TB) *keras.Spec {
	t.Helper()
	spec, err := keras.Parse([]byte(m.JSON))
	if err != nil {
		t.Fatalf("%s: %v", m.Name, err)
	}
	return spec
}

// LossList are the losses of its outputs.
func (m Model) LossList(t testing.TB) []*loss.Loss {
	t.Helper()
	var list []*loss.Loss
	for i, name := range m.Losses {
		if l, ok := customLoss(t, m.Spec(t), i, name); ok {
			list = append(list, l)
			continue
		}
		l, err := loss.New(params.Call{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, l)
	}
	return list
}

// customLoss is a loss given as text, for an output of a network; ok is false where the text is a name.
func customLoss(t testing.TB, spec *keras.Spec, output int, text string) (l *loss.Loss, ok bool) {
	t.Helper()
	if !strings.Contains(text, "y_pred") {
		return nil, false
	}
	f, err := expr.Parse("f", text)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = loss.Custom(f, params.Call{Name: "f"}, spec.OutputShapes()[output]); err != nil {
		t.Fatal(err)
	}
	return l, true
}
