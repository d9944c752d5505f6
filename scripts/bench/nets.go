package main

import (
	"encoding/json"
	"fmt"
)

// A net is one of the benchmark networks; peers.py holds the same ones.
type net struct {
	name   string
	shape  []int
	layers []layer
}

type layer struct {
	class  string
	config map[string]any
}

func dense(units int, activation string) layer {
	return layer{"Dense", map[string]any{"units": units, "activation": activation}}
}

func conv(filters int, padding string) layer {
	return layer{"Conv2D", map[string]any{"filters": filters, "kernel_size": []int{3, 3}, "padding": padding, "activation": "relu"}}
}

func dropout(rate float64) layer { return layer{"Dropout", map[string]any{"rate": rate}} }
func pool() layer                { return layer{"MaxPooling2D", map[string]any{"pool_size": []int{2, 2}}} }
func flatten() layer             { return layer{"Flatten", map[string]any{}} }

var nets = []net{
	{"iris", []int{4}, []layer{dense(10, "relu"), dense(10, "relu"), dense(3, "softmax")}},
	{"mnist_mlp", []int{784}, []layer{dense(512, "relu"), dropout(0.2), dense(512, "relu"), dropout(0.2), dense(10, "softmax")}},
	{"mnist_cnn", []int{28, 28, 1}, []layer{
		conv(32, "valid"), conv(64, "valid"), pool(), dropout(0.25), flatten(), dense(128, "relu"), dropout(0.5), dense(10, "softmax"),
	}},
	{"cifar_cnn", []int{32, 32, 3}, []layer{
		conv(32, "same"), conv(32, "valid"), pool(), dropout(0.25), conv(64, "same"), conv(64, "valid"), pool(), dropout(0.25),
		flatten(), dense(512, "relu"), dropout(0.5), dense(10, "softmax"),
	}},
}

// keras is the network as Keras JSON.
func (n net) keras() ([]byte, error) {
	layers := make([]any, len(n.layers))
	for i, l := range n.layers {
		config := map[string]any{"name": fmt.Sprintf("layer_%d", i+1)}
		for k, v := range l.config {
			config[k] = v
		}
		if i == 0 {
			shape := []any{nil}
			for _, d := range n.shape {
				shape = append(shape, d)
			}
			config["batch_input_shape"] = shape
		}
		layers[i] = map[string]any{"class_name": l.class, "config": config}
	}
	return json.Marshal(map[string]any{
		"class_name": "Sequential", "keras_version": "2.2.4", "config": map[string]any{"name": n.name, "layers": layers},
	})
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
