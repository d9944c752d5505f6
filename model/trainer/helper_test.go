package trainer

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/params"
)

// irisJSON is the page's network.
const irisJSON = `{"class_name":"Sequential","config":[
{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,4],"units":10,"activation":"relu"}},
{"class_name":"Dense","config":{"name":"d2","units":10,"activation":"relu"}},
{"class_name":"Dense","config":{"name":"d3","units":3,"activation":"softmax"}}]}`

// linearJSON is one number from three.
const linearJSON = `{"class_name":"Sequential","config":[
{"class_name":"Dense","config":{"name":"d","batch_input_shape":[null,3],"units":2,"activation":"linear"}}]}`

// twoJSON has two inputs and two outputs, dropout and batch normalisation.
const twoJSON = `{"class_name":"Model","config":{"name":"m","layers":[
{"class_name":"InputLayer","name":"a","config":{"name":"a","batch_input_shape":[null,4]},"inbound_nodes":[]},
{"class_name":"InputLayer","name":"b","config":{"name":"b","batch_input_shape":[null,4]},"inbound_nodes":[]},
{"class_name":"Dense","name":"shared","config":{"name":"shared","units":6,"activation":"tanh"},"inbound_nodes":[[["a",0,0,{}]],[["b",0,0,{}]]]},
{"class_name":"BatchNormalization","name":"bn","config":{"name":"bn","axis":[-1],"momentum":0.9,"epsilon":0.001},"inbound_nodes":[[["shared",0,0,{}]]]},
{"class_name":"Dropout","name":"drop","config":{"name":"drop","rate":0.3},"inbound_nodes":[[["shared",1,0,{}]]]},
{"class_name":"Dense","name":"out1","config":{"name":"out1","units":3,"activation":"softmax"},"inbound_nodes":[[["bn",0,0,{}]]]},
{"class_name":"Dense","name":"out2","config":{"name":"out2","units":2,"activation":"sigmoid"},"inbound_nodes":[[["drop",0,0,{}]]]}],
"input_layers":[["a",0,0],["b",0,0]],"output_layers":[["out1",0,0],["out2",0,0]]}}`

func parse(t testing.TB, json string) *keras.Spec {
	t.Helper()
	spec, err := keras.Parse([]byte(json))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// compileWith is compile parameters without arguments.
func compileWith(optimizer, loss string, metrics ...string) params.Compile {
	c := params.Compile{Optimizer: params.Call{Name: optimizer}, Loss: []params.Call{{Name: loss}}}
	for _, m := range metrics {
		c.Metrics = append(c.Metrics, params.Call{Name: m})
	}
	return c
}

func newModel(t testing.TB, json string, c params.Compile) *Model {
	t.Helper()
	m, err := New(Config{Spec: parse(t, json), Compile: c})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// weightsFor are small random weights, with positive variances.
func weightsFor(m *Model, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 9))
	w := make([]float32, m.spec.NumWeights)
	for _, a := range m.spec.Weights {
		for i := range a.Size() {
			v := float32(rng.NormFloat64() * 0.5)
			if a.Name == "moving_variance" {
				v = 0.5 + v*v
			}
			w[a.Offset+i] = v
		}
	}
	return w
}

// dataFor are random rows for a model in buffers of the given sizes; the class of a row shows in its features.
func dataFor(m *Model, seed uint64, sizes ...int) Buffers {
	rng := rand.New(rand.NewPCG(seed, 7))
	var data Buffers
	for _, n := range sizes {
		b := Buffer{N: n}
		classes := make([]int, n)
		for r := range classes {
			classes[r] = rng.IntN(12)
		}
		for _, d := range m.inWidth {
			x := make([]float32, n*d)
			for i := range x {
				x[i] = float32(rng.NormFloat64()*0.3) + float32((classes[i/d]+i%d)%3)
			}
			b.Inputs = append(b.Inputs, x)
		}
		for _, k := range m.outWidth {
			y := make([]int16, n*k)
			for r, c := range classes {
				y[r*k+c%k] = 1
			}
			b.Labels = append(b.Labels, y)
		}
		data = append(data, b)
	}
	return data
}

// joined is a dataset with all rows in one buffer.
func joined(data Buffers) Buffers {
	var all Buffer
	for _, b := range data {
		all.N += b.N
		for i, x := range b.Inputs {
			if len(all.Inputs) <= i {
				all.Inputs = append(all.Inputs, nil)
			}
			all.Inputs[i] = append(all.Inputs[i], x...)
		}
		for i, y := range b.Labels {
			if len(all.Labels) <= i {
				all.Labels = append(all.Labels, nil)
			}
			all.Labels[i] = append(all.Labels[i], y...)
		}
	}
	return Buffers{all}
}

func train(t testing.TB, m *Model, in TrainInput) TrainResult {
	t.Helper()
	if in.State.Slots == nil {
		in.State = m.NewState()
	}
	r, err := m.Train(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func evaluate(t testing.TB, m *Model, data Dataset, weights []float32) Score {
	t.Helper()
	s, err := m.Evaluate(context.Background(), data, weights)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
