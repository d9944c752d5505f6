package trainer

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/params"
)

// functions reads texts by name.
func functions(t testing.TB, texts map[string]string) expr.Set {
	t.Helper()
	set := expr.Set{}
	for name, text := range texts {
		f, err := expr.Parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		set[name] = f
	}
	return set
}

// crossentropyText is categorical_crossentropy.
const crossentropyText = `let p = clip(y_pred / sum(y_pred, axis=-1, keepdims=True), epsilon, 1 - epsilon)
-sum(y_true * log(p), axis=-1)`

const focalText = `def focal(y_true, y_pred, gamma=2.0, alpha=0.25):
    p = K.clip(y_pred, K.epsilon(), 1 - K.epsilon())
    return K.sum(alpha * K.pow(1 - p, gamma) * -y_true * K.log(p), axis=-1)
`

var ownTexts = map[string]string{
	"crossentropy_": crossentropyText,
	"focal":         focalText,
	"rmse":          "sqrt(mean(square(y_true - y_pred), axis=-1))",
	"batch_rmse":    "sqrt(mean(square(y_true - y_pred)))",
	"hits":          "argmax(y_true) == argmax(y_pred)",
	"third":         "y_pred[:, 2]",
}

// TestFunctionsTrain: a loss given as text trains like its twin of Keras, on a batch that is cut as well, and scores like it.
func TestFunctionsTrain(t *testing.T) {
	for _, network := range []string{irisJSON, slicedJSON} {
		var weights [2][]float32
		var values [2][]float64
		for i, compile := range []string{
			"loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy', 'categorical_crossentropy', 'focal(gamma=0, alpha=1)']",
			"loss='crossentropy_', optimizer='sgd', metrics=['hits', 'crossentropy_', 'crossentropy_']",
		} {
			m, err := New(Config{Spec: parse(t, network), Compile: compiled(t, compile), Functions: functions(t, ownTexts)})
			if err != nil {
				t.Fatal(err)
			}
			data, first := dataFor(m, 1, 200, 300), weightsFor(m, 2)
			for i := range first { // so that no probability is near 0 or 1, where Keras' loss is that of the logits
				first[i] *= 0.1
			}
			in := TrainInput{Data: data, Weights: first, State: m.NewState(), Fit: params.Fit{BatchSize: 256, Epochs: 2}}
			r, err := m.Train(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			weights[i] = r.Weights
			s, err := m.Evaluate(context.Background(), data, in.Weights)
			if err != nil {
				t.Fatal(err)
			}
			values[i] = append(values[i], s.Loss())
			for _, v := range m.Metrics(s) {
				values[i] = append(values[i], v.Value)
			}
		}
		for i, w := range weights[0] {
			if math.Abs(float64(w-weights[1][i])) > 2e-5 {
				t.Fatalf("weight %d is %v with the loss of Keras, %v with the text", i, w, weights[1][i])
			}
		}
		for i, v := range values[0] {
			if math.Abs(v-values[1][i]) > 1e-5*max(1, v) {
				t.Errorf("value %d is %v with Keras' names, %v with the texts", i, v, values[1][i])
			}
		}
	}
}

// slicedJSON has work enough for batches to be cut into slices.
const slicedJSON = `{"class_name":"Sequential","config":[
{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,800],"units":400,"activation":"tanh"}},
{"class_name":"Dense","config":{"name":"d2","units":10,"activation":"softmax"}}]}`

// TestFunctionsOfOutputs: each output has functions of its own, with arguments and names.
func TestFunctionsOfOutputs(t *testing.T) {
	m, err := New(Config{
		Spec: parse(t, twoJSON), Functions: functions(t, ownTexts),
		Compile: compiled(t, "loss=['focal(gamma=1)', 'batch_rmse'], optimizer='adam', metrics=[['hits', \"third(name='x')\"], ['rmse']]"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if !m.wholeBatch {
		t.Error("a loss of the whole batch is cut")
	}
	data := dataFor(m, 1, 2*EvaluationBatch)
	in := TrainInput{Data: data, Weights: weightsFor(m, 2), State: m.NewState(), Fit: params.Fit{BatchSize: 16, Epochs: 1}}
	if _, err := m.Train(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	s, err := m.Evaluate(context.Background(), data, in.Weights)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range m.Metrics(s) {
		names = append(names, v.Output+" "+v.Name)
		if !(v.Value > 0 && v.Value < 5) {
			t.Errorf("%s is %v", v.Name, v.Value)
		}
	}
	if want := []string{"out1 hits", "out1 x", "out2 rmse"}; !slices.Equal(names, want) {
		t.Errorf("metrics %q, want %q", names, want)
	}
}

func TestFunctionsRefused(t *testing.T) {
	for compile, want := range map[string]string{
		"loss='hits', optimizer='sgd'":                                         `loss hits for output "d" has no gradient`,
		"loss='third', optimizer='sgd'":                                        `loss third for output "d": function third, position 11: the index 2:3 of an array of shape (rows, 2)`,
		"loss='focal(delta=1)', optimizer='sgd'":                               "argument delta is not supported (known: gamma, alpha)",
		"loss='focal(gamma=True)', optimizer='sgd'":                            "argument gamma must be a number",
		"loss='rmse(1)', optimizer='sgd'":                                      "1 arguments, at most 0",
		"loss='unknown', optimizer='sgd'":                                      `unknown loss "unknown"`,
		"loss='mse', optimizer='sgd', metrics=['batch_rmse']":                  "metric batch_rmse for output \"d\": function batch_rmse gives one value for all rows of a batch",
		"loss='mse', optimizer='sgd', metrics=['rmse', 'own']":                 `unknown metric "own"`,
		"loss='circle', optimizer='sgd', metrics=['rmse']":                     "labels of output",
		"loss={'d': 'third'}, optimizer='sgd'":                                 "of an array of shape (rows, 2)",
		"loss='mse', optimizer='sgd', metrics=[\"rmse(name='a', name2='b')\"]": "argument name2 is not supported",
	} {
		_, err := New(Config{Spec: parse(t, linearJSON), Compile: compiled(t, compile), Functions: functions(t, ownTexts)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", compile, err, want)
		}
	}
}

// TestOwnNames are those that no module of Keras has, each once.
func TestOwnNames(t *testing.T) {
	got := Functions(compiled(t, "loss=['mse', 'b', 'ce'], optimizer='sgd', metrics=[['a', 'acc'], [\"b(name='x')\", 'AUC'], 'a']"))
	if want := []string{"b", "a"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestFunctionsAllocateNothing: on one worker, many steps with a loss of several operations allocate as often as few.
func TestFunctionsAllocateNothing(t *testing.T) {
	m, err := New(Config{Spec: parse(t, irisJSON), Compile: compiled(t, "loss='focal', optimizer='adam'"), Functions: functions(t, ownTexts)})
	if err != nil {
		t.Fatal(err)
	}
	data := dataFor(m, 1, 60)
	w, err := m.worker(poolKey{mode: training, batch: 5})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.load(weightsFor(m, 2), m.NewState().Slots); err != nil {
		t.Fatal(err)
	}
	allocs := func(epochs int) float64 {
		in := TrainInput{Data: data, Fit: params.Fit{BatchSize: 5, Epochs: epochs}}
		return testing.AllocsPerRun(5, func() {
			if _, _, err := w.passes(context.Background(), in, 60, 5); err != nil {
				t.Error(err)
			}
		})
	}
	if few, many := allocs(1), allocs(40); many != few {
		t.Errorf("%v allocations with 12 steps, %v with 480", few, many)
	}
}

// mlpJSON is the MNIST MLP of docs/benchmarks.md.
const mlpJSON = `{"class_name":"Sequential","config":[
{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,784],"units":512,"activation":"relu"}},
{"class_name":"Dropout","config":{"name":"r1","rate":0.2}},
{"class_name":"Dense","config":{"name":"d2","units":512,"activation":"relu"}},
{"class_name":"Dropout","config":{"name":"r2","rate":0.2}},
{"class_name":"Dense","config":{"name":"d3","units":10,"activation":"softmax"}}]}`

// BenchmarkTextLoss is a step of the MNIST MLP with categorical_crossentropy of Keras and as text.
func BenchmarkTextLoss(b *testing.B) {
	for _, name := range []string{"categorical_crossentropy", "crossentropy_", "focal"} {
		b.Run(name, func(b *testing.B) {
			m, err := New(Config{Spec: parse(b, mlpJSON), Compile: compileWith("adam", name), Functions: functions(b, ownTexts)})
			if err != nil {
				b.Fatal(err)
			}
			const steps = 10
			in := TrainInput{
				Data: dataFor(m, 1, 128*steps), Weights: weightsFor(m, 2), State: m.NewState(),
				Fit: params.Fit{BatchSize: 128, Epochs: (b.N + steps - 1) / steps, Shuffle: true},
			}
			b.ReportAllocs()
			b.ResetTimer()
			train(b, m, in)
		})
	}
}

// TestBooleanParameters: a parameter whose default is True or False is one.
func TestBooleanParameters(t *testing.T) {
	texts := map[string]string{"own_ce": "def own_ce(y_true, y_pred, from_logits=False):\n    return K.mean(K.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=-1)"}
	var losses []float64
	for _, call := range []string{"own_ce", "own_ce()", "own_ce(from_logits=False)", "own_ce(from_logits=True)", "own_ce(from_logits=1)"} {
		m, err := New(Config{Spec: parse(t, linearJSON), Compile: compiled(t, "optimizer=sgd, loss='"+call+"'"), Functions: functions(t, texts)})
		if err != nil {
			t.Fatalf("%s: %v", call, err)
		}
		losses = append(losses, evaluate(t, m, dataFor(m, 1, 5), weightsFor(m, 1)).Loss())
	}
	if losses[1] != losses[0] || losses[2] != losses[0] || losses[3] == losses[0] || losses[4] != losses[3] {
		t.Errorf("losses %v", losses)
	}
}
