package main

import (
	"encoding/json"
	"fmt"

	"github.com/beamfit/beamfit/model/keras"
)

// A net is one of the benchmark networks; peers.py holds the same ones.
type net struct {
	name   string
	shape  []int
	layers []layer
	policy keras.Precision // of all layers; "": float32
}

// in is the network with a policy.
func (n net) in(policy keras.Precision) net {
	n.policy = policy
	return n
}

// A layer reads the layers whose numbers are in from; nil: the one before it.
type layer struct {
	class  string
	config map[string]any
	from   []int
}

func of(class string, config map[string]any) layer { return layer{class: class, config: config} }

func dense(units int, activation string) layer {
	return of("Dense", map[string]any{"units": units, "activation": activation})
}

func conv(filters int, padding string) layer {
	return of("Conv2D", map[string]any{"filters": filters, "kernel_size": []int{3, 3}, "padding": padding, "activation": "relu"})
}

func dropout(rate float64) layer { return of("Dropout", map[string]any{"rate": rate}) }
func pool() layer                { return of("MaxPooling2D", map[string]any{"pool_size": []int{2, 2}}) }
func flatten() layer             { return of("Flatten", map[string]any{}) }

var nets = []net{
	{name: "iris", shape: []int{4}, layers: []layer{dense(10, "relu"), dense(10, "relu"), dense(3, "softmax")}},
	{name: "mnist_mlp", shape: []int{784}, layers: []layer{dense(512, "relu"), dropout(0.2), dense(512, "relu"), dropout(0.2), dense(10, "softmax")}},
	{name: "mnist_cnn", shape: []int{28, 28, 1}, layers: []layer{
		conv(32, "valid"), conv(64, "valid"), pool(), dropout(0.25), flatten(), dense(128, "relu"), dropout(0.5), dense(10, "softmax"),
	}},
	{name: "cifar_cnn", shape: []int{32, 32, 3}, layers: []layer{
		conv(32, "same"), conv(32, "valid"), pool(), dropout(0.25), conv(64, "same"), conv(64, "valid"), pool(), dropout(0.25),
		flatten(), dense(512, "relu"), dropout(0.5), dense(10, "softmax"),
	}},
	resNet20(),
	{name: "text_lstm", shape: []int{80}, layers: []layer{
		of("Embedding", map[string]any{"input_dim": words, "output_dim": 64}), of("LSTM", map[string]any{"units": 64}), dense(10, "softmax"),
	}},
}

// words is the number of words of the texts of text_lstm.
const words = 5000

// resNet20 is the ResNet-20 v1 of Keras' CIFAR-10 example, without its regularizers.
func resNet20() net {
	n := net{name: "resnet20", shape: []int{32, 32, 3}}
	add := func(l layer, from ...int) int {
		l.from = from
		n.layers = append(n.layers, l)
		return len(n.layers) - 1
	}
	last := func() int { return len(n.layers) - 1 }
	relu := func() int { return add(of("Activation", map[string]any{"activation": "relu"}), last()) }
	conv := func(from, filters, kernel, stride int) int {
		return add(of("Conv2D", map[string]any{
			"filters": filters, "kernel_size": []int{kernel, kernel}, "strides": []int{stride, stride}, "padding": "same",
		}), from)
	}
	norm := func() int { return add(of("BatchNormalization", map[string]any{"axis": []int{3}}), last()) }

	n.layers = []layer{of("Conv2D", map[string]any{"filters": 16, "kernel_size": []int{3, 3}, "padding": "same"})}
	norm()
	x := relu()
	for stack, filters := range []int{16, 32, 64} {
		for block := range 3 {
			stride := 1
			if stack > 0 && block == 0 {
				stride = 2
			}
			shortcut := x
			conv(x, filters, 3, stride)
			norm()
			conv(relu(), filters, 3, 1)
			y := norm()
			if stride > 1 {
				shortcut = conv(shortcut, filters, 1, stride)
			}
			add(of("Add", map[string]any{}), shortcut, y)
			x = relu()
		}
	}
	add(of("AveragePooling2D", map[string]any{"pool_size": []int{8, 8}}), x)
	add(flatten(), last())
	add(dense(10, "softmax"), last())
	return n
}

// keras is the network as Keras JSON.
func (n net) keras() ([]byte, error) {
	layers := make([]any, len(n.layers))
	functional := false
	for i, l := range n.layers {
		config := map[string]any{"name": layerName(i)}
		for k, v := range l.config {
			config[k] = v
		}
		if i == 0 {
			config["batch_input_shape"] = n.inputShape()
		}
		json := map[string]any{"class_name": l.class, "name": layerName(i), "config": config}
		if l.from != nil {
			functional = true
			var from []any
			for _, f := range l.from {
				from = append(from, []any{layerName(f), 0, 0, map[string]any{}})
			}
			json["inbound_nodes"] = []any{from}
		}
		layers[i] = json
	}
	if !functional {
		return json.Marshal(map[string]any{
			"class_name": "Sequential", "keras_version": "2.2.4", "config": map[string]any{"name": n.name, "layers": layers},
		})
	}
	layers[0].(map[string]any)["inbound_nodes"] = []any{[]any{[]any{"input", 0, 0, map[string]any{}}}}
	input := map[string]any{
		"class_name": "InputLayer", "name": "input", "inbound_nodes": []any{},
		"config": map[string]any{"name": "input", "batch_input_shape": n.inputShape()},
	}
	return json.Marshal(map[string]any{
		"class_name": "Model", "keras_version": "2.2.4", "config": map[string]any{
			"name": n.name, "layers": append([]any{input}, layers...), "input_layers": []any{[]any{"input", 0, 0}},
			"output_layers": []any{[]any{layerName(len(layers) - 1), 0, 0}},
		},
	})
}

func layerName(i int) string { return fmt.Sprintf("layer_%d", i+1) }

func (n net) inputShape() []any {
	shape := []any{nil}
	for _, d := range n.shape {
		shape = append(shape, d)
	}
	return shape
}

// classes is the width of the output.
func (n net) classes() int { return n.layers[len(n.layers)-1].config["units"].(int) }

func findNet(name string) net {
	for _, n := range nets {
		if n.name == name {
			return n
		}
	}
	panic("no network " + name)
}
