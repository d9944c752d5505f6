package trainer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// residualJSON is a network like a ResNet: the shortcut of its block has a normalisation of its own. It has work enough for its
// batches to be cut.
const residualJSON = `{"class_name":"Model","config":{"name":"m","layers":[
{"class_name":"InputLayer","name":"i","config":{"name":"i","batch_input_shape":[null,32,32,4]},"inbound_nodes":[]},
{"class_name":"Conv2D","name":"c1","config":{"name":"c1","filters":16,"kernel_size":[3,3],"padding":"same","use_bias":false},"inbound_nodes":[[["i",0,0,{}]]]},
{"class_name":"BatchNormalization","name":"n1","config":{"name":"n1","axis":[3],"fused":true},"inbound_nodes":[[["c1",0,0,{}]]]},
{"class_name":"Activation","name":"r1","config":{"name":"r1","activation":"relu"},"inbound_nodes":[[["n1",0,0,{}]]]},
{"class_name":"Conv2D","name":"c2","config":{"name":"c2","filters":24,"kernel_size":[3,3],"padding":"same","use_bias":false},"inbound_nodes":[[["r1",0,0,{}]]]},
{"class_name":"BatchNormalization","name":"n2","config":{"name":"n2","axis":[3],"momentum":0.9},"inbound_nodes":[[["c2",0,0,{}]]]},
{"class_name":"Conv2D","name":"c3","config":{"name":"c3","filters":24,"kernel_size":[1,1],"use_bias":false},"inbound_nodes":[[["r1",0,0,{}]]]},
{"class_name":"BatchNormalization","name":"n3","config":{"name":"n3","axis":[3]},"inbound_nodes":[[["c3",0,0,{}]]]},
{"class_name":"Add","name":"s","config":{"name":"s"},"inbound_nodes":[[["n2",0,0,{}],["n3",0,0,{}]]]},
{"class_name":"Activation","name":"r2","config":{"name":"r2","activation":"relu"},"inbound_nodes":[[["s",0,0,{}]]]},
{"class_name":"Dropout","name":"drop","config":{"name":"drop","rate":0.2},"inbound_nodes":[[["r2",0,0,{}]]]},
{"class_name":"GlobalAveragePooling2D","name":"g","config":{"name":"g"},"inbound_nodes":[[["drop",0,0,{}]]]},
{"class_name":"Dense","name":"d","config":{"name":"d","units":3,"activation":"softmax"},"inbound_nodes":[[["g",0,0,{}]]]}],
"input_layers":[["i",0,0]],"output_layers":[["d",0,0]]}}`

// stack is a Sequential network of layers written as "Class {config}" over inputs of a shape, which ends in three classes.
func stack(shape string, layers ...string) string {
	var list []string
	for i, l := range append(layers, `Dense {"units":3,"activation":"softmax"}`) {
		class, config, _ := strings.Cut(l, " ")
		first := fmt.Sprintf(`{"name":"l%d"`, i)
		if i == 0 {
			first += fmt.Sprintf(`,"batch_input_shape":[null,%s]`, shape)
		}
		if config != "{}" {
			first += ","
		}
		list = append(list, fmt.Sprintf(`{"class_name":%q,"config":%s%s}`, class, first, config[1:]))
	}
	return `{"class_name":"Sequential","keras_version":"3.0.0","config":{"name":"m","layers":[` + strings.Join(list, ",") + `]}}`
}

// sharedNormJSON applies one normalisation to two inputs; the branch of the layers "apart" leads to no output, so that training
// changes nothing there but moving averages.
const sharedNormJSON = `{"class_name":"Model","config":{"name":"m","layers":[
{"class_name":"InputLayer","name":"a","config":{"name":"a","batch_input_shape":[null,5]},"inbound_nodes":[]},
{"class_name":"InputLayer","name":"b","config":{"name":"b","batch_input_shape":[null,5]},"inbound_nodes":[]},
{"class_name":"BatchNormalization","name":"n","config":{"name":"n","axis":[1],"momentum":0.8},"inbound_nodes":[[["a",0,0,{}]],[["b",0,0,{}]]]},
{"class_name":"Dense","name":"d1","config":{"name":"d1","units":6,"activation":"tanh"},"inbound_nodes":[[["n",0,0,{}]],[["n",1,0,{}]]]},
{"class_name":"BatchNormalization","name":"apart1","config":{"name":"apart1","axis":[1]},"inbound_nodes":[[["d1",0,0,{}]]]},
{"class_name":"BatchNormalization","name":"apart2","config":{"name":"apart2","axis":[1]},"inbound_nodes":[[["apart1",0,0,{}]]]},
{"class_name":"Add","name":"s","config":{"name":"s"},"inbound_nodes":[[["d1",0,0,{}],["d1",1,0,{}]]]},
{"class_name":"Dense","name":"out","config":{"name":"out","units":3,"activation":"softmax"},"inbound_nodes":[[["s",0,0,{}]]]}],
"input_layers":[["a",0,0],["b",0,0]],"output_layers":[["out",0,0]]}}`

// bothModesJSON calls one normalisation in training and in inference, with the arguments of its two calls.
func bothModesJSON(first, second string) string {
	return `{"class_name":"Model","keras_version":"2.15.0","config":{"name":"m","layers":[
{"class_name":"InputLayer","name":"a","config":{"name":"a","batch_input_shape":[null,5]},"inbound_nodes":[]},
{"class_name":"Dense","name":"d1","config":{"name":"d1","units":6,"activation":"tanh"},"inbound_nodes":[[["a",0,0,{}]]]},
{"class_name":"BatchNormalization","name":"n","config":{"name":"n","axis":[1],"momentum":0.8},"inbound_nodes":[[["d1",0,0,` + first + `]],[["d2",0,0,` + second + `]]]},
{"class_name":"Dense","name":"d2","config":{"name":"d2","units":6,"activation":"tanh"},"inbound_nodes":[[["n",0,0,{}]]]},
{"class_name":"Dense","name":"out","config":{"name":"out","units":3,"activation":"softmax"},"inbound_nodes":[[["n",1,0,{}]]]}],
"input_layers":[["a",0,0]],"output_layers":[["out",0,0]]}}`
}

// normNetworks have batch normalisation in all its uses, with the number of stages of a slice.
var normNetworks = []struct {
	name, json string
	stages     int
}{
	{"residual", strings.Replace(residualJSON, "32,32", "8,8", 1), 5},
	{"rows", stack("5", `Dense {"units":6,"use_bias":false}`, `BatchNormalization {"scale":false}`, `Activation {"activation":"tanh"}`,
		`Dense {"units":7,"use_bias":false}`, `BatchNormalization {"center":false,"epsilon":0.01}`, `Activation {"activation":"tanh"}`), 5},
	{"first layer", stack("5", `BatchNormalization {"center":false,"scale":false}`), 2},
	{"frozen", stack("5", `Dense {"units":6}`, `BatchNormalization {"trainable":false}`, `Activation {"activation":"tanh"}`), 1},
	{"axis 1", stack("6,5,3", `Conv2D {"filters":4,"kernel_size":[3,3]}`, `BatchNormalization {"axis":[1]}`, `Activation {"activation":"tanh"}`, `Flatten {}`), 3},
	{"channels first", stack("3,6,5", `Conv2D {"filters":4,"kernel_size":[3,3],"data_format":"channels_first","use_bias":false}`,
		`BatchNormalization {"axis":[1]}`, `Activation {"activation":"tanh"}`, `Flatten {}`), 3},
	{"time distributed", stack("4,5", `Dense {"units":6,"use_bias":false}`, `TimeDistributed {"layer":{"class_name":"BatchNormalization","config":{"name":"bn"}}}`,
		`Activation {"activation":"tanh"}`, `Flatten {}`), 3},
	{"shared", sharedNormJSON, 3},
	{"training, then inference", bothModesJSON(`{}`, `{"training":false}`), 3},
	{"inference, then training", bothModesJSON(`{"training":false}`, `{}`), 3},
}

// TestNormalisedSlices: training with slices that share their statistics gives the weights, moving averages included, of training
// without, up to rounding, and the same bits on any number of cores.
func TestNormalisedSlices(t *testing.T) {
	for _, n := range normNetworks {
		t.Run(n.name, func(t *testing.T) {
			trainWith := func(count int, cores Cores) []float32 {
				c := compileWith("sgd", "categorical_crossentropy")
				m := newModel(t, strings.Replace(n.json, `"rate":0.2`, `"rate":0`, 1), c)
				for batch, n := range map[int]int{19: count, 7: min(count, 2)} {
					s, err := m.cut(batch, n)
					if err != nil {
						t.Fatal(err)
					}
					m.splits[batch] = s
				}
				if got := len(m.splits[19].Stages); count > 1 && got != n.stages {
					t.Errorf("%d stages, want %d", got, n.stages)
				}
				return train(t, m, TrainInput{
					Data: dataFor(m, 1, 20, 25), Weights: weightsFor(m, 2), Cores: cores, Seed: 3,
					Fit: params.Fit{BatchSize: 19, Epochs: 2, Shuffle: true},
				}).Weights
			}
			m := newModel(t, n.json, compileWith("sgd", "categorical_crossentropy"))
			start, want := weightsFor(m, 2), trainWith(1, nil)
			for _, count := range []int{2, 4} {
				got := trainWith(count, nil)
				for _, a := range m.spec.Weights {
					moved, off := 0.0, 0.0
					for i := a.Offset; i < a.Offset+a.Size(); i++ {
						moved = max(moved, math.Abs(float64(want[i]-start[i])))
						off = max(off, math.Abs(float64(got[i]-want[i])))
					}
					if !(off <= moved/5000+1.2e-7) { // a weight of 1 is rounded to 6e-8
						t.Errorf("%d slices: %s/%s moved by %v and is %v off", count, a.Layer, a.Name, moved, off)
					}
					still := n.name == "frozen" && a.Layer == "l1" || strings.HasPrefix(a.Layer, "apart") && a.Trainable
					if (moved == 0) != still {
						t.Errorf("%s/%s moved by %v", a.Layer, a.Name, moved)
					}
				}
				for _, idle := range []int{1, 3} {
					if !slices.Equal(trainWith(count, &lender{idle: idle}), got) {
						t.Errorf("%d slices: %d cores more change the result", count, idle)
					}
				}
			}
		})
	}
}
