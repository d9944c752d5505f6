package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
)

// A testModel is a network with the losses of its outputs.
type testModel struct {
	name   string
	json   string
	losses []string
}

const (
	cce = "categorical_crossentropy"
	bce = "binary_crossentropy"
	mse = "mean_squared_error"
	mae = "mean_absolute_error"
)

// testModels are small networks that together use every opcode.
func testModels() []testModel {
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
	return slices.Concat([]testModel{
		{"dense relu", sequential(4, d(10, "relu"), d(10, "relu"), d(3, "softmax")), []string{cce}},
		{"dense linear", sequential(4, d(5, "linear"), d(3, "linear")), []string{mse}},
		{"dense tanh sigmoid", sequential(4, d(6, "tanh"), d(5, "sigmoid"), d(3, "tanh")), []string{mae}},
		{"no bias", sequential(4, `Dense {"units":6,"activation":"tanh","use_bias":false}`, d(3, "softmax")), []string{cce}},
		{"dense on rank 3", sequential(12, `Reshape {"target_shape":[3,4]}`, d(5, "tanh"), `Flatten {}`, d(2, "softmax")), []string{cce}},
		{"activations apart", sequential(4, d(6, "linear"), `Activation {"activation":"tanh"}`, d(5, "linear"),
			`Activation {"activation":"relu"}`, d(4, "linear"), `Activation {"activation":"sigmoid"}`, d(3, "linear"),
			`Activation {"activation":"softmax"}`), []string{cce}},
		{"softmax inside", sequential(4, d(6, "softmax"), d(3, "softmax")), []string{mse}},
		{"sigmoid logits", sequential(4, d(6, "tanh"), d(3, "sigmoid")), []string{bce}},
		{"clipped binary", sequential(4, d(6, "tanh"), d(3, "softmax")), []string{bce}},
		{"clipped categorical", sequential(4, d(6, "tanh"), d(3, "sigmoid")), []string{cce}},
		{"conv valid", sequential(60, image, conv(""), `Flatten {}`, d(3, "softmax")), []string{cce}},
		{"conv same strides", sequential(60, image, conv(`,"padding":"same"`), conv(`,"padding":"same","strides":[2,3]`),
			`Flatten {}`, d(3, "softmax")), []string{cce}},
		{"conv dilation groups", sequential(60, image, conv(`,"dilation_rate":[2,2],"padding":"same"`),
			conv(`,"groups":2,"use_bias":false`), `Flatten {}`, d(3, "softmax")), []string{cce}},
		{"conv relu pool", sequential(60, image, `Conv2D {"filters":4,"kernel_size":[3,3],"padding":"same","activation":"relu"}`,
			`MaxPooling2D {"pool_size":[2,2]}`, conv(`,"padding":"same"`),
			`MaxPooling2D {"pool_size":[2,2],"strides":[1,1],"padding":"same"}`, `Flatten {}`, d(3, "softmax")), []string{cce}},
		{"batch norm", sequential(4, plain, bn(""), `Activation {"activation":"relu"}`, d(5, "tanh"), bn(`,"scale":false`),
			d(5, "tanh"), bn(`,"center":false`), d(3, "softmax")), []string{cce}},
		{"batch norm images", sequential(60, image, conv(`,"use_bias":false`), bn(""), `Activation {"activation":"tanh"}`,
			`Flatten {}`, plain,
			bn(`,"scale":false,"center":false`), d(3, "softmax")), []string{cce}},
		{"batch norm axes", sequential(60, image, conv(`,"use_bias":false`),
			strings.Replace(bn(""), "[-1]", "[1]", 1), `Activation {"activation":"tanh"}`,
			strings.Replace(bn(`,"trainable":false`), "[-1]", "[2]", 1), `Flatten {}`, d(3, "softmax")), []string{cce}},
		{"frozen batch norm", sequential(4, d(6, "tanh"), bn(`,"trainable":false`), d(5, "tanh"), bn(`,"trainable":false,"scale":false`),
			d(3, "softmax")), []string{cce}},
		{"frozen dense", sequential(4, d(6, "tanh"), `Dense {"units":5,"activation":"tanh","trainable":false}`, d(3, "softmax")), []string{cce}},
		{"dropout", sequential(4, d(20, "tanh"), `Dropout {"rate":0.4}`, d(20, "tanh"), `Dropout {"rate":0.25,"seed":7}`,
			`Dropout {"rate":0}`, d(3, "softmax")), []string{cce}},
		{"dropout behind relu", sequential(60, image, `Conv2D {"filters":4,"kernel_size":[3,3],"activation":"relu"}`,
			`Dropout {"rate":0.5,"noise_shape":[null,1,1,4]}`, `Flatten {}`, d(20, "relu"), `Dropout {"rate":0.4}`, d(3, "softmax")), []string{cce}},
		{"dropout behind layers", sequential(60, image, `Conv2D {"filters":4,"kernel_size":[3,3],"activation":"relu"}`, `Dropout {"rate":0.3}`,
			`Conv2D {"filters":4,"kernel_size":[2,2]}`, `Dropout {"rate":0.2}`, `Dropout {"rate":0.3}`, `Flatten {}`,
			`Dense {"units":20,"use_bias":false}`, `Activation {"activation":"relu"}`, `Dropout {"rate":0.4}`, d(12, "linear"),
			`Dropout {"rate":0.25}`, `Dense {"units":9,"use_bias":false}`, `Dropout {"rate":0.25}`, d(3, "softmax")), []string{cce}},
		{
			"dropout behind batch norm", sequential(4, plain, bn(""), `Activation {"activation":"relu"}`, `Dropout {"rate":0.3}`, d(3, "softmax")),
			[]string{cce},
		},
		{"dropout beside relu", functional(`["a",0,0]`, `["out",0,0]`, inputLayer("a", 4), node("h", `Dense {"units":8,"activation":"relu"}`, "a"),
			node("drop", `Dropout {"rate":0.4}`, "h"), node("again", `Dropout {"rate":0.3}`, "drop"), node("sum", "Add {}", "h", "again"),
			node("out", `Dense {"units":3,"activation":"softmax"}`, "sum")), []string{cce}},
		{"dropout of channels", sequential(60, image, conv(""), `Dropout {"rate":0.5,"noise_shape":[null,1,1,4]}`,
			`Dropout {"rate":0.3,"noise_shape":[null,3,1,1]}`, `Flatten {}`, d(3, "softmax")), []string{cce}},
		{"two towers", twoTowers, []string{cce, mse}},
		{"shared layer", sharedLayer, []string{cce, bce}},
	}, activationModels(), ctcModels(), mergeModels(), shapeModels(), penaltyModels(), rectifierModels(), convModels(), rowNormModels(), recurrentModels(), attentionModels(), imageModels(), programModels())
}

// sequential is the JSON of a Sequential model of layers written as "Class {config}" over rows of width numbers.
func sequential(width int, layers ...string) string {
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

func (m testModel) spec(t testing.TB) *keras.Spec {
	t.Helper()
	spec, err := keras.Parse([]byte(m.json))
	if err != nil {
		t.Fatalf("%s: %v", m.name, err)
	}
	return spec
}

func (m testModel) lossList(t testing.TB) []*loss.Loss {
	t.Helper()
	var list []*loss.Loss
	for i, name := range m.losses {
		if l, ok := customLoss(t, m.spec(t), i, name); ok {
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

// randomWeights are small numbers, and positive ones for variances.
func randomWeights(spec *keras.Spec, rng *rand.Rand) []float32 {
	w := make([]float32, spec.NumWeights)
	for _, a := range spec.Weights {
		for i := range a.Size() {
			v := rng.NormFloat64() * 0.6
			if strings.HasSuffix(a.Name, "variance") {
				v = 0.5 + math.Abs(v)
			}
			w[a.Offset+i] = float32(v)
		}
	}
	return w
}

// normals are n numbers of a normal distribution.
func normals(n int, rng *rand.Rand) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(rng.NormFloat64())
	}
	return s
}

// oneHot are random labels.
func oneHot(rows, n int, rng *rand.Rand) []float32 {
	s := make([]float32, rows*n)
	for r := range rows {
		s[r*n+rng.IntN(n)] = 1
	}
	return s
}
