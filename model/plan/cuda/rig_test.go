//go:build gpu

package cuda_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/model/plan/cuda/hosttest"
	"github.com/beamfit/beamfit/model/trainer"
)

// A network is a model with what it is trained with.
type network struct {
	name, file, json string // the file in plan/testdata, or the text
	compile          string
	precision        string // of all layers; "": theirs
	rows, batch      int
	epochs           int
}

// networks are small forms of what people train: the step of each has other opcodes.
func networks() []network {
	return []network{
		{name: "iris", file: "iris", compile: "optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy']", rows: 43, batch: 5, epochs: 3},
		{name: "mnist_mlp", file: "mnist_mlp", compile: "optimizer=RMSprop(), loss='categorical_crossentropy', metrics=['accuracy']", rows: 20, batch: 8, epochs: 1},
		{name: "cnn", json: smallCNN, compile: "optimizer=Adadelta(learning_rate=0.5), loss='categorical_crossentropy', metrics=['accuracy']", rows: 14, batch: 4, epochs: 2},
		{name: "resnet", json: smallResNet, compile: "optimizer=SGD(learning_rate=0.05, momentum=0.9, nesterov=True), loss='categorical_crossentropy', metrics=['accuracy']", rows: 14, batch: 4, epochs: 2},
		{name: "lstm", json: smallLSTM, compile: "optimizer='nadam', loss='binary_crossentropy', metrics=['accuracy']", rows: 14, batch: 4, epochs: 2},
	}
}

const smallCNN = `{"class_name":"Sequential","config":{"name":"cnn","layers":[
{"class_name":"Conv2D","config":{"name":"c1","batch_input_shape":[null,10,10,1],"filters":5,"kernel_size":[3,3],"activation":"relu"}},
{"class_name":"MaxPooling2D","config":{"name":"p","pool_size":[2,2]}},
{"class_name":"Conv2D","config":{"name":"c2","filters":6,"kernel_size":[3,3],"padding":"same","activation":"relu"}},
{"class_name":"AveragePooling2D","config":{"name":"q","pool_size":[2,2]}},
{"class_name":"Flatten","config":{"name":"f"}},
{"class_name":"Dropout","config":{"name":"d","rate":0.25}},
{"class_name":"Dense","config":{"name":"o","units":4,"activation":"softmax"}}]}}`

// smallResNet is a block of ResNet: convolutions, normalisation, an addition.
const smallResNet = `{"class_name":"Model","config":{"name":"r","layers":[
{"class_name":"InputLayer","name":"i","config":{"name":"i","batch_input_shape":[null,8,8,3]},"inbound_nodes":[]},
{"class_name":"Conv2D","name":"c1","config":{"name":"c1","filters":6,"kernel_size":[3,3],"padding":"same","kernel_regularizer":{"class_name":"L2","config":{"l2":0.0001}}},"inbound_nodes":[[["i",0,0,{}]]]},
{"class_name":"BatchNormalization","name":"b1","config":{"name":"b1","axis":[3],"momentum":0.99,"epsilon":0.001},"inbound_nodes":[[["c1",0,0,{}]]]},
{"class_name":"Activation","name":"a1","config":{"name":"a1","activation":"relu"},"inbound_nodes":[[["b1",0,0,{}]]]},
{"class_name":"Conv2D","name":"c2","config":{"name":"c2","filters":6,"kernel_size":[3,3],"padding":"same"},"inbound_nodes":[[["a1",0,0,{}]]]},
{"class_name":"BatchNormalization","name":"b2","config":{"name":"b2","axis":[3],"momentum":0.99,"epsilon":0.001},"inbound_nodes":[[["c2",0,0,{}]]]},
{"class_name":"Conv2D","name":"s","config":{"name":"s","filters":6,"kernel_size":[1,1],"strides":[1,1]},"inbound_nodes":[[["i",0,0,{}]]]},
{"class_name":"Add","name":"add","config":{"name":"add"},"inbound_nodes":[[["b2",0,0,{}],["s",0,0,{}]]]},
{"class_name":"Activation","name":"a2","config":{"name":"a2","activation":"relu"},"inbound_nodes":[[["add",0,0,{}]]]},
{"class_name":"GlobalAveragePooling2D","name":"g","config":{"name":"g"},"inbound_nodes":[[["a2",0,0,{}]]]},
{"class_name":"Dense","name":"o","config":{"name":"o","units":4,"activation":"softmax"},"inbound_nodes":[[["g",0,0,{}]]]}],
"input_layers":[["i",0,0]],"output_layers":[["o",0,0]]}}`

const smallLSTM = `{"class_name":"Sequential","config":{"name":"text","layers":[
{"class_name":"Embedding","config":{"name":"e","batch_input_shape":[null,12],"input_dim":20,"output_dim":8}},
{"class_name":"LSTM","config":{"name":"l","units":7,"dropout":0.1}},
{"class_name":"Dense","config":{"name":"o","units":1,"activation":"sigmoid"}}]}}`

// networksFolder has the networks of golden plans.
const networksFolder = "../testdata/"

// open is the device, or the test is skipped where there is no driver.
func open(t testing.TB, o cuda.Options) *cuda.Device {
	t.Helper()
	if os.Getenv("BEAMFIT_TEST_GPU") == "" {
		hosttest.Driver(t)
	}
	d := cuda.New(o)
	if _, err := d.GPUs(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// needs skips the test where the GPU has not what a math needs.
func needs(t testing.TB, m cuda.Math) {
	t.Helper()
	if os.Getenv("BEAMFIT_TEST_GPU") == "" {
		return // the stand-in has
	}
	if err := cuda.Check(m); err != nil {
		t.Skip(err)
	}
}

func (n network) spec(t testing.TB) *keras.Spec {
	t.Helper()
	text := []byte(n.json)
	if n.file != "" {
		var err error
		if text, err = os.ReadFile(networksFolder + n.file + ".json"); err != nil {
			t.Fatal(err)
		}
	}
	if n.precision != "" {
		p, err := keras.ParsePrecision(n.precision)
		if err != nil {
			t.Fatal(err)
		}
		if text, err = keras.SetPrecision(text, p); err != nil {
			t.Fatal(err)
		}
	}
	spec, err := keras.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func (n network) config(t testing.TB) trainer.Config {
	t.Helper()
	c, err := params.ParseCompile(n.compile)
	if err != nil {
		t.Fatal(err)
	}
	return trainer.Config{Spec: n.spec(t), Compile: *c}
}

func model(t testing.TB, c trainer.Config) *trainer.Model {
	t.Helper()
	m, err := trainer.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// data draws rows: numbers, or words of a vocabulary.
func (n network) data(t testing.TB, rng *rand.Rand) trainer.Buffers {
	t.Helper()
	spec := n.spec(t)
	in, out := size(spec.InputShapes()[0]), size(spec.OutputShapes()[0])
	b := trainer.Buffer{N: n.rows, Inputs: [][]float32{make([]float32, n.rows*in)}, Labels: [][]int16{make([]int16, n.rows*out)}}
	for i := range b.Inputs[0] {
		b.Inputs[0][i] = float32(rng.NormFloat64())
		if n.name == "lstm" {
			b.Inputs[0][i] = float32(rng.IntN(20))
		}
	}
	if out == 1 {
		b.Labels, b.Numbers = [][]int16{nil}, [][]float32{make([]float32, n.rows)}
		for i := range b.Numbers[0] {
			b.Numbers[0][i] = float32(rng.IntN(2))
		}
		return trainer.Buffers{b}
	}
	for i := range n.rows {
		b.Labels[0][i*out+rng.IntN(out)] = 1
	}
	return trainer.Buffers{b}
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// weights are random, variances positive.
func weights(spec *keras.Spec, rng *rand.Rand) []float32 {
	all := make([]float32, spec.NumWeights)
	for _, w := range spec.Weights {
		scale := 1 / math.Sqrt(math.Max(1, float64(w.Size())/float64(w.Shape[len(w.Shape)-1])))
		for i := range w.Size() {
			v := rng.NormFloat64() * scale
			if w.Name == "moving_variance" || w.Name == "gamma" {
				v = 1 + v*v/10
			}
			all[w.Offset+i] = float32(v)
		}
	}
	return all
}

// trained is what one iteration on a shard makes.
func (n network) trained(t testing.TB, m *trainer.Model, data trainer.Buffers, w []float32, shard int, fit params.Fit) trainer.TrainResult {
	t.Helper()
	fit.BatchSize, fit.Epochs = n.batch, n.epochs
	r, err := m.Train(context.Background(), trainer.TrainInput{
		Data: data, Weights: w, State: m.NewState(), Fit: fit, Seed: 7, Shard: shard, Iteration: 1,
	})
	if err != nil {
		t.Fatalf("%s: %v", n.name, err)
	}
	return r
}

// differ is the largest difference of two vectors.
func differ(a, b []float32) float64 {
	worst := 0.0
	for i := range a {
		d := math.Abs(float64(a[i]) - float64(b[i]))
		if !(d <= worst) {
			worst = d
		}
		if math.IsNaN(d) {
			return d
		}
	}
	return worst
}

// A digest names bits.
type digest struct{ hash.Hash }

func newDigest() digest { return digest{sha256.New()} }

func (d digest) add(values []float32) { _ = binary.Write(d, binary.LittleEndian, values) }

func (d digest) String() string { return hex.EncodeToString(d.Sum(nil))[:16] }
