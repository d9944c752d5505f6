package trainer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
)

// goldenJSON has an output for each form of a loss: from the logits of a softmax and of a sigmoid, and from the output itself.
const goldenJSON = `{"class_name":"Model","config":{"name":"m","layers":[
{"class_name":"InputLayer","name":"a","config":{"name":"a","batch_input_shape":[null,6]},"inbound_nodes":[]},
{"class_name":"Dense","name":"d1","config":{"name":"d1","units":24,"activation":"relu",
	"kernel_constraint":{"class_name":"MaxNorm","config":{"max_value":1.5,"axis":0}}},"inbound_nodes":[[["a",0,0,{}]]]},
{"class_name":"Dropout","name":"drop","config":{"name":"drop","rate":0.2},"inbound_nodes":[[["d1",0,0,{}]]]},
{"class_name":"BatchNormalization","name":"bn","config":{"name":"bn","axis":[-1],"momentum":0.9,"epsilon":0.001},"inbound_nodes":[[["drop",0,0,{}]]]},
{"class_name":"Dense","name":"frozen","config":{"name":"frozen","units":20,"activation":"tanh","trainable":false},"inbound_nodes":[[["bn",0,0,{}]]]},
{"class_name":"Dense","name":"softmax","config":{"name":"softmax","units":5,"activation":"softmax",
	"kernel_regularizer":{"class_name":"L2","config":{"l2":0.01}}},"inbound_nodes":[[["frozen",0,0,{}]]]},
{"class_name":"Dense","name":"sigmoid","config":{"name":"sigmoid","units":5,"activation":"sigmoid"},"inbound_nodes":[[["frozen",0,0,{}]]]},
{"class_name":"Dense","name":"softplus","config":{"name":"softplus","units":5,"activation":"softplus"},"inbound_nodes":[[["frozen",0,0,{}]]]}],
"input_layers":[["a",0,0]],"output_layers":[["softmax",0,0],["sigmoid",0,0],["softplus",0,0]]}}`

// goldenFramesJSON has an output of frames, for ctc.
const goldenFramesJSON = `{"class_name":"Sequential","config":[
{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,7,3],"units":9,"activation":"tanh"}},
{"class_name":"Dense","config":{"name":"d2","units":4}}]}`

// goldenLosses are all losses, then their arguments.
func goldenLosses() []string {
	return append(quoted(loss.Names()),
		"BinaryCrossentropy(label_smoothing=0.2)",
		"BinaryCrossentropy(from_logits=True)",
		"CategoricalCrossentropy(label_smoothing=0.2)",
		"CategoricalCrossentropy(from_logits=True)",
		"SparseCategoricalCrossentropy(from_logits=True)",
		"SparseCategoricalCrossentropy(ignore_class=2)",
		"SparseCategoricalCrossentropy(ignore_class=0, from_logits=True)",
		"BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.3, gamma=3, label_smoothing=0.1)",
		"BinaryFocalCrossentropy(from_logits=True)",
		"CategoricalFocalCrossentropy(alpha=0.7, gamma=0, label_smoothing=0.1)",
		"CategoricalFocalCrossentropy(from_logits=True)",
		"CategoricalGeneralizedCrossEntropy(q=0.9)",
		"Huber(delta=0.1)",
		"Circle(gamma=2, margin=0.6, remove_diagonal=False)",
		"Dice(axis=-1)",
		"Tversky(alpha=0.3, beta=0.9)",
		"Tversky(axis=-1, alpha=0.3, beta=0.9)",
	)
}

// goldenOptimizers are the optimizers that the hashes of losses have, then their arguments, those that all have and the schedules.
func goldenOptimizers() []string {
	return append(quoted([]string{"Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "Nadam", "RMSprop", "SGD"}),
		"Adadelta(learning_rate=0.5, rho=0.8, epsilon=1e-4)",
		"Adagrad(learning_rate=0.01, initial_accumulator_value=0.3)",
		"Adam(amsgrad=True, beta_1=0.8, beta_2=0.95, epsilon=1e-4)",
		"AdamW(learning_rate=0.01, weight_decay=0.1)",
		"Adamax(learning_rate=0.01, beta_1=0.7)",
		"Ftrl(learning_rate_power=-0.3, l1_regularization_strength=0.01, l2_regularization_strength=0.02, "+
			"l2_shrinkage_regularization_strength=0.03, beta=0.1)",
		"Lion(beta_1=0.8, beta_2=0.95)",
		"Nadam(beta_1=0.8, epsilon=1e-4)",
		"RMSprop(momentum=0.9)",
		"RMSprop(centered=True)",
		"RMSprop(centered=True, momentum=0.5, rho=0.8)",
		"SGD(momentum=0.9)",
		"SGD(momentum=0.9, nesterov=True, decay=0.1)",
		"SGD(clipnorm=0.1)",
		"Adam(global_clipnorm=0.2, weight_decay=0.05)",
		"RMSprop(clipvalue=0.01)",
		"Adam(use_ema=True)",
		"SGD(momentum=0.9, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=2, clipvalue=0.05, weight_decay=0.01)",
		"Adagrad(use_ema=True, ema_momentum=0.5)",
		"SGD(learning_rate=ExponentialDecay(0.1, 4, 0.5))",
		"Adam(learning_rate=ExponentialDecay(0.1, 2, 0.5, staircase=True))",
		"Nadam(learning_rate=InverseTimeDecay(0.1, 4, 0.5))",
		"AdamW(learning_rate=PolynomialDecay(0.1, 4, cycle=True))",
		"Lion(learning_rate=CosineDecay(0.001, 8, alpha=0.1, warmup_target=0.01, warmup_steps=2))",
		"Ftrl(learning_rate=CosineDecayRestarts(0.1, 2, t_mul=1.5, m_mul=0.8))",
		"Adamax(learning_rate=PiecewiseConstantDecay([1, 3], [0.1, 0.01, 0.001]))",
	)
}

// goldenLater are optimizers and arguments that have hashes of their own alone, so that those of losses stay as they are.
func goldenLater() []string {
	return append(quoted([]string{"Adafactor", "Lamb", "Muon", "ScheduleFreeAdamW"}),
		"Adafactor(learning_rate=0.1, beta_2_decay=-0.5, epsilon_2=0.01, clip_threshold=0.5)",
		"Adafactor(clipnorm=0.1, weight_decay=0.05, use_ema=True)",
		"Lamb(learning_rate=0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-4, weight_decay=0.05)",
		"Muon(learning_rate=0.01, nesterov=False, rms_rate=None, ns_steps=2, exclude_layers=['sigmoid'], adam_lr_ratio=0.5)",
		"ScheduleFreeAdamW(learning_rate=0.01, warmup_steps=3, weight_decay=0.1)",
		"Adam(gradient_accumulation_steps=2, clipnorm=0.1, weight_decay=0.05, use_ema=True)",
		"Lamb(gradient_accumulation_steps=4)",
		"LossScaleOptimizer('sgd')",
	)
}

// goldenSliced are the optimizers with which a batch that is cut is trained.
var goldenSliced = []string{
	"'adam'", "SGD(clipnorm=0.1)", "Nadam(global_clipnorm=0.2, weight_decay=0.05)",
	"RMSprop(clipvalue=0.01, use_ema=True, ema_momentum=0.6, ema_overwrite_frequency=2)",
	"Adafactor(clipnorm=0.1)", "'lamb'", "'muon'", "ScheduleFreeAdamW(gradient_accumulation_steps=2)",
}

func quoted(names []string) []string {
	for i, name := range names {
		names[i] = "'" + name + "'"
	}
	return names
}

// TestGoldenWeights trains a few steps with every loss and every optimizer, whole and in slices, and compares the SHA-256 of the
// weights, of what the optimizer keeps and of scores with testdata/golden_VARIANT.txt, where a loss has one hash of all its
// optimizers and an optimizer one of all its losses. So no change moves a bit unseen. The bits are those of the kernels' variant on
// any amd64 processor. BEAMFIT_UPDATE_GOLDEN=1 writes the file.
func TestGoldenWeights(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the compiler may fuse multiplications and additions on this processor")
	}
	var text bytes.Buffer
	losses, optimizers := goldenLosses(), goldenOptimizers()
	perOptimizer := make([]hash.Hash, len(optimizers))
	for i := range perOptimizer {
		perOptimizer[i] = sha256.New()
	}
	for _, l := range losses {
		perLoss := sha256.New()
		for i, o := range optimizers {
			sum := goldenRun(t, l, o, i == 0)
			perLoss.Write(sum)
			perOptimizer[i].Write(sum)
		}
		fmt.Fprintf(&text, "%x loss %s\n", perLoss.Sum(nil), l)
	}
	for i, o := range optimizers {
		fmt.Fprintf(&text, "%x optimizer %s\n", perOptimizer[i].Sum(nil), o)
	}
	for _, o := range goldenLater() {
		sum := sha256.New()
		for _, l := range losses {
			sum.Write(goldenRun(t, l, o, false))
		}
		fmt.Fprintf(&text, "%x optimizer %s\n", sum.Sum(nil), o)
	}
	for _, name := range optimizer.Names() {
		if !strings.Contains(text.String(), " optimizer '"+name+"'\n") {
			t.Errorf("no hash of optimizer %s", name)
		}
	}
	for _, json := range []struct{ name, text string }{{"slices", imageDropoutJSON}, {"slices that meet", residualJSON}} {
		for _, o := range goldenSliced {
			model, run := sliced(json.text, o)
			h := sha256.New()
			hashResult(t, h, run(t, model(t), nil))
			fmt.Fprintf(&text, "%x %s with %s\n", h.Sum(nil), json.name, o)
		}
	}
	name := "testdata/golden_" + kernels.Variant() + ".txt"
	if os.Getenv("BEAMFIT_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(name, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	compareLines(t, name, text.String(), string(want))
}

// compareLines reports the lines that differ.
func compareLines(t *testing.T, name, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	if len(g) != len(w) {
		t.Errorf("%s has %d lines, want %d", name, len(w), len(g))
		return
	}
	for i := range g {
		if g[i] != w[i] {
			t.Errorf("%s, line %d: found %s, want %s", name, i+1, g[i], w[i])
		}
	}
}

// goldenRun trains two iterations of three steps and hashes what comes of it, and a score where one is asked for.
func goldenRun(t *testing.T, lossText, optimizerText string, scored bool) []byte {
	t.Helper()
	c, err := params.ParseCompile(fmt.Sprintf("loss=%s, optimizer=%s", lossText, optimizerText))
	if err != nil {
		t.Fatal(err)
	}
	json := goldenJSON
	if c.Loss[0].Name == "ctc" {
		json = goldenFramesJSON
	} else if !strings.Contains(strings.ToLower(lossText), "circle") {
		c.Metrics = []params.Call{{Name: "binary_crossentropy"}, {Name: "kl_divergence"}}
	}
	m := newModel(t, json, *c)
	data := goldenData(m)
	r := TrainResult{Weights: weightsFor(m, 2), State: m.NewState()}
	h := sha256.New()
	for iteration := range 2 {
		r = train(t, m, TrainInput{
			Data: data, Weights: r.Weights, State: r.State, Seed: 3, Iteration: iteration,
			Fit: params.Fit{BatchSize: 8, Epochs: 1, Shuffle: true},
		})
		hashResult(t, h, r)
	}
	if scored {
		score := evaluate(t, m, data, r.Weights)
		put(h, math.Float64bits(score.Loss()))
		for _, v := range m.Metrics(score) {
			put(h, math.Float64bits(v.Value))
		}
	}
	if t.Failed() {
		t.Fatalf("loss=%s, optimizer=%s", lossText, optimizerText)
	}
	return h.Sum(nil)
}

// goldenData are 23 rows for goldenJSON or goldenFramesJSON.
func goldenData(m *Model) Buffers {
	if len(m.outWidth) > 1 {
		return dataFor(m, 1, 23)
	}
	rng := rand.New(rand.NewPCG(1, 7))
	b := Buffer{N: 23, Inputs: [][]float32{make([]float32, 23*m.inWidth[0])}, Labels: make([][]int16, 1), Numbers: [][]float32{make([]float32, 23*2)}}
	for i := range b.Inputs[0] {
		b.Inputs[0][i] = float32(rng.NormFloat64())
	}
	for i := range b.Numbers[0] {
		b.Numbers[0][i] = float32(1 + rng.IntN(3))
	}
	return Buffers{b}
}

// hashResult adds weights and state to a hash. Numbers that are not finite would hide changes.
func hashResult(t *testing.T, h hash.Hash, r TrainResult) {
	t.Helper()
	for _, values := range [][]float32{r.Weights, r.State.Slots} {
		for i, v := range values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Errorf("number %d is %v", i, v)
				return
			}
			put(h, math.Float32bits(v))
		}
	}
	put(h, uint64(r.State.Steps))
}

func put[T uint32 | uint64](h hash.Hash, v T) {
	if err := binary.Write(h, binary.LittleEndian, v); err != nil {
		panic(err)
	}
}
