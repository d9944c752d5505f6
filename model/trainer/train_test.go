package trainer

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// linearReference trains linearJSON by SGD in float64, straight from Keras' description of fit.
func linearReference(w []float64, data Buffer, fit params.Fit, lr float64) []float64 {
	w = slices.Clone(w)
	x, y := data.Inputs[0], data.Labels[0]
	from := 0
	for range fit.Epochs - fit.InitialEpoch {
		if from >= data.N {
			from = 0
		}
		steps := 0
		for ; from < data.N; from += fit.BatchSize {
			if fit.StepsPerEpoch > 0 && steps == fit.StepsPerEpoch {
				break
			}
			steps++
			rows := min(fit.BatchSize, data.N-from)
			g := make([]float64, 8)
			for r := from; r < from+rows; r++ {
				weight := 1.0
				if class := slices.Index(y[r*2:r*2+2], 1); fit.ClassWeight != nil {
					if c, ok := fit.ClassWeight[class]; ok {
						weight = c
					}
				}
				for j := range 2 {
					p := w[6+j]
					for i := range 3 {
						p += float64(x[r*3+i]) * w[i*2+j]
					}
					d := weight * (p - float64(y[r*2+j])) / float64(rows) // mse: 2·(p-y)/2
					for i := range 3 {
						g[i*2+j] += d * float64(x[r*3+i])
					}
					g[6+j] += d
				}
			}
			for i := range w {
				w[i] -= lr * g[i]
			}
		}
	}
	return w
}

// TestTrainFollowsFit compares training without shuffle with the reference for combinations of fit parameters. The rows
// lie in buffers of uneven sizes, one of them empty.
func TestTrainFollowsFit(t *testing.T) {
	m := newModel(t, linearJSON, compileWith("sgd", "mse"))
	data := dataFor(m, 1, 7, 0, 3, 12, 1)
	weights := weightsFor(m, 2)
	fits := map[string]params.Fit{
		"one pass":       {BatchSize: 5, Epochs: 1},
		"whole batches":  {BatchSize: 23, Epochs: 3},
		"short last":     {BatchSize: 4, Epochs: 3},
		"one row":        {BatchSize: 1, Epochs: 2},
		"more than rows": {BatchSize: 64, Epochs: 2},
		"initial epoch":  {BatchSize: 5, Epochs: 4, InitialEpoch: 2},
		"steps":          {BatchSize: 5, Epochs: 3, StepsPerEpoch: 2},
		"steps, whole":   {BatchSize: 5, Epochs: 3, StepsPerEpoch: 5},
		"steps, again":   {BatchSize: 5, Epochs: 7, InitialEpoch: 1, StepsPerEpoch: 3},
		"many steps":     {BatchSize: 5, Epochs: 3, StepsPerEpoch: 200},
		"class weight":   {BatchSize: 6, Epochs: 2, ClassWeight: map[int]float64{0: 3, 1: 0.25}},
		"one class":      {BatchSize: 6, Epochs: 2, ClassWeight: map[int]float64{1: 4}},
		"nothing":        {BatchSize: 5, Epochs: 0},
	}
	for name, fit := range fits {
		r := train(t, m, TrainInput{Data: data, Weights: weights, Fit: fit})
		start := make([]float64, len(weights))
		for i, w := range weights {
			start[i] = float64(w)
		}
		want := linearReference(start, joined(data)[0], fit, 0.01)
		for i, w := range want {
			if d := math.Abs(float64(r.Weights[i]) - w); !(d <= 1e-6) {
				t.Errorf("%s: weight %d is %v, want %v", name, i, r.Weights[i], w)
			}
		}
		if r.Rows != 23 {
			t.Errorf("%s: %d rows, want 23", name, r.Rows)
		}
		if name == "nothing" && !slices.Equal(r.Weights, weights) {
			t.Error("no passes changed the weights")
		}
	}
}

// TestBuffersDoNotMatter: how rows are divided into buffers changes no bit.
func TestBuffersDoNotMatter(t *testing.T) {
	m := newModel(t, twoJSON, compileWith("adam", "categorical_crossentropy", "accuracy"))
	data := dataFor(m, 3, 10, 10, 10, 4)
	in := TrainInput{Weights: weightsFor(m, 4), Fit: params.Fit{BatchSize: 8, Epochs: 2, Shuffle: true}, Seed: 5}
	in.Data = data
	apart := train(t, m, in)
	in.Data = joined(data)
	if whole := train(t, m, in); !slices.Equal(apart.Weights, whole.Weights) || !slices.Equal(apart.State.Slots, whole.State.Slots) {
		t.Error("buffers change the result")
	}
}

// TestDeterminism: several shards at once give the bits that each gives alone, with any number of processors, and leave
// their input as it was.
func TestDeterminism(t *testing.T) {
	m := newModel(t, twoJSON, compileWith("rmsprop", "categorical_crossentropy"))
	weights := weightsFor(m, 6)
	const shards = 6
	inputs := make([]TrainInput, shards)
	alone := make([]TrainResult, shards)
	for i := range inputs {
		inputs[i] = TrainInput{
			Data: dataFor(m, uint64(i), 20, 20, 5+i%2), Weights: weights, State: m.NewState(),
			Fit: params.Fit{BatchSize: 8, Epochs: 2, Shuffle: true}, Seed: 1, Shard: i, Iteration: 3,
		}
		alone[i] = train(t, m, inputs[i])
	}
	before := slices.Clone(weights)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, procs := range []int{1, 4} {
		runtime.GOMAXPROCS(procs)
		together := make([]TrainResult, shards)
		var group sync.WaitGroup
		for i := range inputs {
			group.Go(func() {
				r, err := m.Train(context.Background(), inputs[i])
				if err != nil {
					t.Error(err)
				}
				together[i] = r
			})
		}
		group.Wait()
		for i := range together {
			if !slices.Equal(together[i].Weights, alone[i].Weights) || !slices.Equal(together[i].State.Slots, alone[i].State.Slots) {
				t.Errorf("shard %d with %d processors differs from the shard alone", i, procs)
			}
		}
	}
	if !slices.Equal(weights, before) {
		t.Error("training changed the weights it was given")
	}
	for i := range inputs {
		if slices.Max(inputs[i].State.Slots) != 0 || inputs[i].State.Steps != 0 {
			t.Error("training changed the state it was given")
		}
	}
}

// TestSeedMatters: seed, shard and iteration each change the shuffle; without shuffle and dropout none does.
func TestSeedMatters(t *testing.T) {
	m := newModel(t, irisJSON, compileWith("sgd", "categorical_crossentropy"))
	base := TrainInput{Data: dataFor(m, 1, 40), Weights: weightsFor(m, 2), Fit: params.Fit{BatchSize: 7, Epochs: 1, Shuffle: true}}
	other := base
	other.Fit.Shuffle = false
	plain := train(t, m, other).Weights
	first := train(t, m, base).Weights
	for name, change := range map[string]func(*TrainInput){
		"seed":      func(in *TrainInput) { in.Seed = 1 },
		"shard":     func(in *TrainInput) { in.Shard = 1 },
		"iteration": func(in *TrainInput) { in.Iteration = 1 },
	} {
		in := base
		change(&in)
		if slices.Equal(train(t, m, in).Weights, first) {
			t.Errorf("%s does not change the shuffle", name)
		}
		in.Fit.Shuffle = false
		if !slices.Equal(train(t, m, in).Weights, plain) {
			t.Errorf("%s changes training without shuffle", name)
		}
	}
}

// TestStateContinues: two iterations of one pass with the state carried over, also through bytes, equal one iteration of
// two passes.
func TestStateContinues(t *testing.T) {
	for _, optimizer := range []string{"adam", "sgd", "rmsprop"} {
		c := compileWith(optimizer, "categorical_crossentropy")
		c.Optimizer.Args = map[string]params.Value{"decay": 0.1}
		m := newModel(t, irisJSON, c)
		in := TrainInput{Data: dataFor(m, 1, 33), Weights: weightsFor(m, 2), Fit: params.Fit{BatchSize: 5, Epochs: 2}}
		whole := train(t, m, in)
		in.Fit.Epochs = 1
		half := train(t, m, in)
		bytes, err := half.State.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		in.Weights = half.Weights
		if err := in.State.UnmarshalBinary(bytes); err != nil {
			t.Fatal(err)
		}
		second := train(t, m, in)
		if !slices.Equal(second.Weights, whole.Weights) || second.State.Steps != whole.State.Steps || whole.State.Steps != 14 {
			t.Errorf("%s: continuing after %d steps differs from training on", optimizer, half.State.Steps)
		}
	}
}

// TestFrozenLayers: weights of frozen layers keep every bit, also moving statistics; others change.
func TestFrozenLayers(t *testing.T) {
	m := newModel(t, `{"class_name":"Sequential","config":[
		{"class_name":"Dense","config":{"name":"frozen","batch_input_shape":[null,4],"units":5,"activation":"tanh","trainable":false}},
		{"class_name":"BatchNormalization","config":{"name":"frozen bn","axis":[-1],"trainable":false}},
		{"class_name":"BatchNormalization","config":{"name":"bn","axis":[-1],"momentum":0.5}},
		{"class_name":"Dense","config":{"name":"out","units":3,"activation":"softmax"}}]}`, compileWith("adam", "categorical_crossentropy"))
	weights := weightsFor(m, 1)
	r := train(t, m, TrainInput{Data: dataFor(m, 1, 20), Weights: weights, Fit: params.Fit{BatchSize: 6, Epochs: 1}})
	if want := 2 * (10 + 18); len(r.State.Slots) != want {
		t.Errorf("state of %d elements, the trainable weights need %d", len(r.State.Slots), want)
	}
	for _, w := range m.spec.Weights {
		same := slices.Equal(weights[w.Offset:w.Offset+w.Size()], r.Weights[w.Offset:w.Offset+w.Size()])
		if frozen := w.Layer == "frozen" || w.Layer == "frozen bn"; same != frozen {
			t.Errorf("%s/%s: unchanged %v, frozen %v", w.Layer, w.Name, same, frozen)
		}
	}
}

// TestAllFrozen: a model without trainable weights can be trained; nothing happens.
func TestAllFrozen(t *testing.T) {
	m := newModel(t, `{"class_name":"Sequential","config":[{"class_name":"Dense","config":
		{"name":"d","batch_input_shape":[null,4],"units":3,"activation":"softmax","trainable":false}}]}`, compileWith("adam", "mse"))
	weights := weightsFor(m, 1)
	r := train(t, m, TrainInput{Data: dataFor(m, 1, 20), Weights: weights, Fit: params.Fit{BatchSize: 6, Epochs: 1}})
	if !slices.Equal(r.Weights, weights) || len(r.State.Slots) != 0 {
		t.Error("a frozen model changed")
	}
}

// TestMovingStatistics follows a batch normalisation of the inputs through two batches in float64.
func TestMovingStatistics(t *testing.T) {
	m := newModel(t, `{"class_name":"Sequential","config":[
		{"class_name":"BatchNormalization","config":{"name":"bn","batch_input_shape":[null,2],"axis":[-1],"momentum":0.8}},
		{"class_name":"Dense","config":{"name":"out","units":2,"activation":"softmax"}}]}`, compileWith("sgd", "mse"))
	data := dataFor(m, 1, 7)
	weights := weightsFor(m, 1)
	r := train(t, m, TrainInput{Data: data, Weights: weights, Fit: params.Fit{BatchSize: 4, Epochs: 1}})
	for j := range 2 {
		mean, variance := float64(weights[4+j]), float64(weights[6+j])
		for _, rows := range [][2]int{{0, 4}, {4, 7}} {
			var sum, squares float64
			n := float64(rows[1] - rows[0])
			for i := rows[0]; i < rows[1]; i++ {
				sum += float64(data[0].Inputs[0][i*2+j])
			}
			for i := rows[0]; i < rows[1]; i++ {
				d := float64(data[0].Inputs[0][i*2+j]) - sum/n
				squares += d * d
			}
			mean = 0.8*mean + 0.2*sum/n
			variance = 0.8*variance + 0.2*squares/n // Keras 3: biased
		}
		if math.Abs(float64(r.Weights[4+j])-mean) > 1e-6 || math.Abs(float64(r.Weights[6+j])-variance) > 1e-6 {
			t.Errorf("column %d: moving mean %v, variance %v; want %v, %v", j, r.Weights[4+j], r.Weights[6+j], mean, variance)
		}
	}
}

// TestLossWeights: the gradient of a model's total loss is that of its outputs, weighted.
func TestLossWeights(t *testing.T) {
	fit := params.Fit{BatchSize: 16, Epochs: 1}
	step := func(weights []float64, byName map[string]float64) []float32 {
		c := compileWith("sgd", "mse")
		c.LossWeights, c.LossWeightsByName = weights, byName
		m := newModel(t, twoJSON, c)
		start := weightsFor(m, 2)
		r := train(t, m, TrainInput{Data: dataFor(m, 1, 16), Weights: start, Fit: fit})
		for i := range start {
			start[i] = r.Weights[i] - start[i]
		}
		return start
	}
	first, second, both := step([]float64{1, 0}, nil), step([]float64{0, 1}, nil), step([]float64{0.25, 2}, nil)
	m := newModel(t, twoJSON, compileWith("sgd", "mse"))
	for _, w := range m.spec.Weights {
		if w.Layer == "bn" && w.Name != "gamma" && w.Name != "beta" {
			continue // moving statistics do not follow the loss
		}
		for i := w.Offset; i < w.Offset+w.Size(); i++ {
			if want := 0.25*first[i] + 2*second[i]; math.Abs(float64(both[i]-want)) > 1e-6 {
				t.Errorf("%s/%s: step %v, want %v", w.Layer, w.Name, both[i], want)
			}
		}
	}
	if !slices.Equal(step(nil, map[string]float64{"out2": 2, "out1": 0.25}), both) {
		t.Error("loss weights by name differ from those in order")
	}
	if !slices.Equal(step(nil, map[string]float64{"out2": 1}), step(nil, nil)) {
		t.Error("an output without loss weight does not count 1")
	}
}

// TestTrainLearns: the page's network separates the classes of clearly different rows.
func TestTrainLearns(t *testing.T) {
	for _, optimizer := range []string{"adam", "rmsprop"} {
		c := compileWith(optimizer, "categorical_crossentropy", "accuracy")
		c.Optimizer.Args = map[string]params.Value{"lr": 0.01}
		m := newModel(t, irisJSON, c)
		data := dataFor(m, 1, 50, 50, 20)
		weights, state := weightsFor(m, 2), m.NewState()
		before := evaluate(t, m, data, weights)
		for i := range 5 {
			r := train(t, m, TrainInput{
				Data: data, Weights: weights, State: state, Iteration: i,
				Fit: params.Fit{BatchSize: 5, Epochs: 3, Shuffle: true},
			})
			weights, state = r.Weights, r.State
		}
		after := evaluate(t, m, data, weights)
		if acc := m.Metrics(after)[0].Value; !(acc > 0.97) || !(after.Loss() < before.Loss()/4) {
			t.Errorf("%s: accuracy %v, loss %v after %v", optimizer, acc, after.Loss(), before.Loss())
		}
	}
}

// TestNonFiniteTraining: like Keras, training goes on when weights stop being numbers.
func TestNonFiniteTraining(t *testing.T) {
	m := newModel(t, irisJSON, compileWith("adam", "categorical_crossentropy", "accuracy"))
	data := dataFor(m, 1, 20)
	data[0].Inputs[0][5] = float32(math.NaN())
	r := train(t, m, TrainInput{Data: data, Weights: weightsFor(m, 2), Fit: params.Fit{BatchSize: 5, Epochs: 2}})
	if s := evaluate(t, m, data, r.Weights); !math.IsNaN(s.Loss()) {
		t.Errorf("loss %v, want NaN", s.Loss())
	}
}

func TestEmptyShard(t *testing.T) {
	m := newModel(t, irisJSON, compileWith("adam", "mse"))
	weights := weightsFor(m, 1)
	for _, data := range []Buffers{nil, dataFor(m, 1, 0, 0)} {
		r := train(t, m, TrainInput{Data: data, Weights: weights, Fit: params.Fit{BatchSize: 5, Epochs: 1}})
		if r.Rows != 0 || !slices.Equal(r.Weights, weights) || len(r.State.Slots) != m.slots {
			t.Errorf("an empty shard gives %d rows", r.Rows)
		}
	}
}

func TestCancel(t *testing.T) {
	m := newModel(t, irisJSON, compileWith("adam", "mse"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data, weights := dataFor(m, 1, 10), weightsFor(m, 1)
	in := TrainInput{Data: data, Weights: weights, State: m.NewState(), Fit: params.Fit{BatchSize: 5, Epochs: 1}}
	if _, err := m.Train(ctx, in); !errors.Is(err, context.Canceled) {
		t.Errorf("train: %v", err)
	}
	if _, err := m.Evaluate(ctx, data, weights); !errors.Is(err, context.Canceled) {
		t.Errorf("evaluate: %v", err)
	}
	out := [][]float32{make([]float32, 30)}
	if err := m.Predict(ctx, data[0].Inputs, 10, weights, out); !errors.Is(err, context.Canceled) {
		t.Errorf("predict: %v", err)
	}
}

// TestStepsAllocateNothing: on one worker, many steps allocate as often as few.
func TestStepsAllocateNothing(t *testing.T) {
	for _, optimizer := range []string{"adam", "lamb", "adafactor", "muon", "schedulefreeadamw"} {
		stepsAllocateNothing(t, compileWith(optimizer, "categorical_crossentropy"))
	}
	adding := compileWith("adam", "categorical_crossentropy")
	adding.Optimizer.Args = map[string]params.Value{"gradient_accumulation_steps": int64(3)}
	stepsAllocateNothing(t, adding)
}

func stepsAllocateNothing(t *testing.T, c params.Compile) {
	t.Helper()
	m := newModel(t, twoJSON, c)
	data := dataFor(m, 1, 23, 23, 7)
	w, err := m.worker(poolKey{mode: training, batch: 5, last: 3})
	if err != nil {
		t.Fatal(err)
	}
	allocs := func(epochs int) float64 {
		in := TrainInput{Data: data, Fit: params.Fit{BatchSize: 5, Epochs: epochs, Shuffle: true, ClassWeight: map[int]float64{1: 2}}}
		return testing.AllocsPerRun(10, func() {
			if _, _, err := w.passes(context.Background(), in, 53, 5); err != nil {
				t.Error(err)
			}
		})
	}
	if few, many := allocs(1), allocs(40); many != few {
		t.Errorf("%s: %v allocations with 11 steps, %v with 440", c.Optimizer.Name, few, many)
	}
}

// TestAccumulation: gradients of three batches make the step of one batch with all their rows, also where an iteration ends in between; what is left over stays
// in the state.
func TestAccumulation(t *testing.T) {
	c := compileWith("adam", "categorical_crossentropy")
	one := newModel(t, irisJSON, c)
	c.Optimizer.Args = map[string]params.Value{"gradient_accumulation_steps": int64(3)}
	three := newModel(t, irisJSON, c)
	data := dataFor(one, 1, 24)
	start := weightsFor(one, 2)
	fit := func(m *Model, batch int, from TrainResult, rows Buffers, iteration int) TrainResult {
		return train(t, m, TrainInput{Data: rows, Weights: from.Weights, State: from.State, Fit: params.Fit{BatchSize: batch, Epochs: 1}, Iteration: iteration})
	}
	want := fit(one, 12, TrainResult{Weights: start, State: one.NewState()}, data, 0)
	got := fit(three, 4, TrainResult{Weights: start, State: three.NewState()}, data, 0)
	for i, w := range want.Weights {
		if d := math.Abs(float64(got.Weights[i] - w)); !(d <= 2e-6) {
			t.Errorf("weight %d is %v, want %v", i, got.Weights[i], w)
		}
	}
	if got.State.Steps != 6 || len(got.State.Slots) != 3*len(start) {
		t.Errorf("%d steps, %d slots for %d weights", got.State.Steps, len(got.State.Slots), len(start))
	}
	half := fit(three, 12, TrainResult{Weights: start, State: three.NewState()}, data, 0) // two steps: none of the rule
	if !slices.Equal(half.Weights, start) {
		t.Error("weights change before there are gradients enough")
	}
	sum := half.State.Slots[2*len(start):]
	if !slices.ContainsFunc(sum, func(v float32) bool { return v != 0 }) {
		t.Error("the state keeps no gradients")
	}
	// What two steps have left, and the first batch of the next iteration, are one step of three batches.
	first := Buffer{N: 12, Inputs: [][]float32{data[0].Inputs[0][:12*4]}, Labels: [][]int16{data[0].Labels[0][:12*3]}}
	together := fit(one, 36, TrainResult{Weights: start, State: one.NewState()}, append(slices.Clone(data), first), 0)
	whole := fit(three, 12, half, data, 1)
	for i, w := range together.Weights {
		if d := math.Abs(float64(whole.Weights[i] - w)); !(d <= 2e-6) {
			t.Errorf("over the end of an iteration weight %d is %v, want %v", i, whole.Weights[i], w)
		}
	}
}

// BenchmarkIrisStep is one training step of the page's network, gathering of its 5 rows included.
func BenchmarkIrisStep(b *testing.B) {
	m := newModel(b, irisJSON, compileWith("adam", "categorical_crossentropy"))
	const steps = 24
	in := TrainInput{
		Data: dataFor(m, 1, 40, 40, 40), Weights: weightsFor(m, 2), State: m.NewState(),
		Fit: params.Fit{BatchSize: 5, Epochs: (b.N + steps - 1) / steps, Shuffle: true},
	}
	b.ReportAllocs()
	b.ResetTimer()
	train(b, m, in)
}
