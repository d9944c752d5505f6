package trainer

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
)

// imageJSON has work enough per weight for its batches to be cut, with penalties of weights and results, and a constraint.
const imageJSON = `{"class_name":"Sequential","config":[
{"class_name":"Conv2D","config":{"name":"c1","batch_input_shape":[null,16,16,4],"filters":16,"kernel_size":[3,3],"padding":"same","activation":"relu",
 "kernel_regularizer":{"class_name":"L1L2","config":{"l1":0.001,"l2":0.01}}}},
{"class_name":"Conv2D","config":{"name":"c2","filters":16,"kernel_size":[3,3],"padding":"same","activation":"relu",
 "kernel_constraint":{"class_name":"MaxNorm","config":{"max_value":1.5,"axis":[0,1,2]}},
 "activity_regularizer":{"class_name":"L1L2","config":{"l1":0.0,"l2":0.0001}}}},
{"class_name":"GlobalAveragePooling2D","config":{"name":"g"}},
{"class_name":"Dense","config":{"name":"d","units":3,"activation":"softmax","kernel_constraint":"unit_norm"}}]}`

const imageDropoutJSON = `{"class_name":"Sequential","config":[
{"class_name":"Conv2D","config":{"name":"c1","batch_input_shape":[null,16,16,4],"filters":16,"kernel_size":[3,3],"padding":"same","activation":"relu"}},
{"class_name":"Dropout","config":{"name":"drop","rate":0.5}},
{"class_name":"Conv2D","config":{"name":"c2","filters":16,"kernel_size":[3,3],"padding":"same","activation":"relu"}},
{"class_name":"GlobalAveragePooling2D","config":{"name":"g"}},
{"class_name":"Dense","config":{"name":"d","units":3,"activation":"softmax"}}]}`

func TestSlicesOf(t *testing.T) {
	for _, c := range []struct{ batch, flopPerRow, trainable, stages, want int }{
		{128, 64e6, 1.2e6, 1, 4},   // MNIST CNN
		{128, 124e6, 1.25e6, 1, 8}, // CIFAR-10 CNN
		{32, 124e6, 1.25e6, 1, 2},
		{128, 4e6, 670e3, 1, 1}, // MNIST MLP: reading its weights is most of the work
		{5, 1500, 193, 1, 1},    // iris
		{7, 1e9, 1000, 1, 1},    // less than 4 rows each
		{8, 1e9, 1000, 1, 2},
		{1 << 20, 1e9, 1000, 1, maxSlices},
		{128, 244e6, 273e3, 39, 8}, // ResNet-20
		{32, 244e6, 273e3, 39, 2},
		{16, 244e6, 273e3, 39, 1}, // too little from one meeting to the next
		{8, 1e9, 1.3e6, 3, 2},
		{8, 1e9, 1.4e6, 3, 1}, // too little per weight for slices that meet
	} {
		if got := slicesOf(c.batch, c.flopPerRow, c.trainable, c.stages); got != c.want {
			t.Errorf("%d rows of %d FLOP, %d weights, %d stages: %d slices, want %d", c.batch, c.flopPerRow, c.trainable, c.stages, got, c.want)
		}
	}
}

// sliced trains imageJSON or a like one, with a last batch that is cut otherwise than the others.
func sliced(json, optimizer string) (func(t *testing.T) *Model, func(t *testing.T, m *Model, cores Cores) TrainResult) {
	model := func(t *testing.T) *Model {
		c := compileWith("", "categorical_crossentropy")
		call, err := params.ParseCompile("loss='categorical_crossentropy', optimizer=" + optimizer)
		if err != nil {
			t.Fatal(err)
		}
		c.Optimizer = call.Optimizer
		return newModel(t, json, c)
	}
	return model, func(t *testing.T, m *Model, cores Cores) TrainResult {
		return train(t, m, TrainInput{
			Data: dataFor(m, 1, 40, 45), Weights: weightsFor(m, 2), Cores: cores, Seed: 3,
			Fit: params.Fit{BatchSize: 37, Epochs: 1, Shuffle: true, ClassWeight: map[int]float64{1: 2}},
		})
	}
}

// TestCropOfSlices: a crop is the same for all slices of a batch.
func TestCropOfSlices(t *testing.T) {
	crop := strings.Replace(imageDropoutJSON, `{"class_name":"Dropout","config":{"name":"drop","rate":0.5}}`, `{"class_name":"RandomCrop","config":{"name":"crop","height":10,"width":10}}`, 1)
	model, run := sliced(crop, "Adam(lr=0.001)")
	m, whole := model(t), model(t)
	for _, batch := range []int{37, 11} {
		p, err := whole.plan(planKey{mode: training, batch: batch})
		if err != nil {
			t.Fatal(err)
		}
		whole.splits[batch] = plan.Whole(p)
	}
	got, want := run(t, m, nil), run(t, whole, nil)
	if n := len(m.splits[37].Stages[0]); n < 2 {
		t.Fatalf("%d slices", n)
	}
	start, moved, apart := weightsFor(m, 2), 0.0, 0.0
	for i, w := range want.Weights {
		moved, apart = max(moved, math.Abs(float64(w-start[i]))), max(apart, math.Abs(float64(w-got.Weights[i])))
	}
	if !(apart <= moved/200) {
		t.Errorf("weights move by up to %v, and are up to %v away from those of a batch that is not cut", moved, apart)
	}
}

// lender lends a number of cores and counts.
type lender struct {
	mu         sync.Mutex
	idle, lent int
}

func (l *lender) Borrow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle == 0 {
		return false
	}
	l.idle--
	l.lent++
	return true
}

func (l *lender) Return() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle++
}

// TestSplitFollowsWhole: training with slices gives the weights of training without, up to rounding, for optimizers with
// and without clipping.
func TestSplitFollowsWhole(t *testing.T) {
	for _, optimizer := range []string{
		"'sgd'", "Adam(lr=0.001)", "SGD(lr=0.01, clipnorm=0.1)", "SGD(lr=0.01, global_clipnorm=0.1)", "SGD(lr=0.01, use_ema=True)",
		"'lamb'", "Adafactor(lr=0.01, clipnorm=0.1)", "'muon'", "ScheduleFreeAdamW(weight_decay=0.1)", "SGD(lr=0.01, gradient_accumulation_steps=2)",
		"Lamb(gradient_accumulation_steps=2, global_clipnorm=0.1, use_ema=True)",
	} {
		model, run := sliced(imageJSON, optimizer)
		m, whole := model(t), model(t)
		for _, batch := range []int{37, 11} {
			p, err := whole.plan(planKey{mode: training, batch: batch})
			if err != nil {
				t.Fatal(err)
			}
			whole.splits[batch] = plan.Whole(p)
		}
		got, want := run(t, m, nil), run(t, whole, nil)
		if n, last := len(m.splits[37].Stages[0]), len(m.splits[11].Stages[0]); n != 4 || last != 2 {
			t.Fatalf("%d and %d slices, want 4 and 2", n, last)
		}
		start := weightsFor(m, 2)
		moved := 0.0
		for i, w := range want.Weights {
			moved = max(moved, math.Abs(float64(w-start[i])))
		}
		for i, w := range want.Weights {
			if d := math.Abs(float64(got.Weights[i] - w)); !(d <= moved/200) {
				t.Errorf("%s: weight %d is %v, without slices %v", optimizer, i, got.Weights[i], w)
				break
			}
		}
		if moved < 1e-4 {
			t.Errorf("%s: no weight moved by more than %v", optimizer, moved)
		}
	}
}

// TestCoresDoNotMatter: the same bits with any number of cores, which all come back.
func TestCoresDoNotMatter(t *testing.T) {
	for name, json := range map[string]string{"slices": imageDropoutJSON, "slices that meet": residualJSON} {
		t.Run(name, func(t *testing.T) { coresDoNotMatter(t, json) })
	}
}

func coresDoNotMatter(t *testing.T, json string) {
	model, run := sliced(json, "Adam(lr=0.001)")
	m := model(t)
	want := run(t, m, nil)
	if n := len(m.splits[37].Stages[0]); n < 2 {
		t.Fatalf("%d slices", n)
	}
	for _, idle := range []int{0, 1, 3, 15} {
		cores := &lender{idle: idle}
		got := run(t, m, cores)
		if !slices.Equal(got.Weights, want.Weights) || !slices.Equal(got.State.Slots, want.State.Slots) {
			t.Errorf("%d cores more change the result", idle)
		}
		if cores.idle != idle || idle > 0 && cores.lent == 0 {
			t.Errorf("of %d idle cores %d are back, borrowed %d times", idle, cores.idle, cores.lent)
		}
	}
}

// wideJSON has too little work per weight for its batches to be cut, and products and updates large enough to be divided.
const wideJSON = `{"class_name":"Sequential","config":[
{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,512],"units":520,"activation":"tanh"}},
{"class_name":"Dropout","config":{"name":"drop","rate":0.5}},
{"class_name":"Dense","config":{"name":"d2","units":450,"activation":"relu"}},
{"class_name":"Dense","config":{"name":"d3","units":3,"activation":"softmax"}}]}`

// TestDividedSteps: where a batch is one slice, the instructions divide their work, without a trace in the result.
func TestDividedSteps(t *testing.T) {
	model, run := sliced(wideJSON, "Adam(lr=0.001)")
	m := model(t)
	want := run(t, m, nil)
	if s := m.splits[37]; len(s.Stages[0]) != 1 {
		t.Fatalf("%d slices, want 1", len(s.Stages[0]))
	}
	for _, idle := range []int{1, 2, 6} {
		cores := &lender{idle: idle}
		got := run(t, m, cores)
		if !slices.Equal(got.Weights, want.Weights) || !slices.Equal(got.State.Slots, want.State.Slots) {
			t.Errorf("%d cores more change the result", idle)
		}
		// Two products forward and three backward in the two whole batches, and three updates.
		if cores.idle != idle || cores.lent < 2*5+3 {
			t.Errorf("of %d idle cores %d are back, borrowed %d times", idle, cores.idle, cores.lent)
		}
	}
}

// TestCoresAllocateNothing: many steps with borrowed cores allocate as often as few, with slices and with divided
// instructions.
func TestCoresAllocateNothing(t *testing.T) {
	for name, json := range map[string]string{"slices": imageDropoutJSON, "slices that meet": residualJSON, "divided": wideJSON} {
		t.Run(name, func(t *testing.T) { allocateNothing(t, json) })
	}
}

func allocateNothing(t *testing.T, json string) {
	model, _ := sliced(json, "Adam(lr=0.001)")
	m := model(t)
	data := dataFor(m, 1, 74)
	w, err := m.worker(poolKey{mode: training, batch: 37})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.load(weightsFor(m, 2), m.NewState().Slots); err != nil {
		t.Fatal(err)
	}
	cores := &lender{idle: 2}
	allocs := func(epochs int) float64 {
		in := TrainInput{Data: data, Cores: cores, Fit: params.Fit{BatchSize: 37, Epochs: epochs}}
		return testing.AllocsPerRun(3, func() {
			if _, _, err := w.passes(context.Background(), in, 74, 37); err != nil {
				t.Error(err)
			}
		})
	}
	if few, many := allocs(1), allocs(8); many > few+2 { // the first sleep of a goroutine may allocate
		t.Errorf("%v allocations with 2 steps, %v with 16", few, many)
	}
}

// TestCrewPanic: a job's panic on a borrowed core is one of the caller's.
func TestCrewPanic(t *testing.T) {
	cores := &lender{idle: 2}
	c := newCrew(cores)
	defer c.dismiss()
	var started sync.WaitGroup
	started.Add(3)
	func() {
		defer func() {
			if v := recover(); v != "broken" {
				t.Errorf("recovered %v", v)
			}
		}()
		c.run(3, func(int, int) {
			started.Done()
			started.Wait() // so each job has a core of its own
			panic("broken")
		})
	}()
	if cores.idle != 2 {
		t.Errorf("%d of 2 cores are back", cores.idle)
	}
	done := make([]bool, 5)
	c.run(5, func(job, _ int) { done[job] = true })
	if slices.Contains(done, false) {
		t.Errorf("after a panic: done %v", done)
	}
}
