//go:build gpu

package cuda_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/model/plan/cuda/hosttest"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
	"github.com/beamfit/beamfit/model/trainer"
)

// tolerance is how far weights, outputs and losses of the GPU may be from those of the CPU after a training.
const tolerance = 1e-5

// TestNetworks trains on the CPU and on the GPU, as a graph and kernel by kernel: the GPU is within the tolerance, and its bits do not
// depend on the graph.
func TestNetworks(t *testing.T) {
	for _, n := range networks() {
		t.Run(n.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			c := n.config(t)
			data, w := n.data(t, rng), weights(c.Spec, rng)
			want := n.trained(t, model(t, c), data, w, 0, params.Fit{Shuffle: true})
			if differ(want.Weights, w) < 1e-4 {
				t.Fatalf("training changes no weight by more than %v", differ(want.Weights, w))
			}
			var bits []string
			for _, eager := range []bool{false, true} {
				c.Device = open(t, cuda.Options{Eager: eager})
				m := model(t, c)
				got := n.trained(t, m, data, w, 0, params.Fit{Shuffle: true})
				if d := differ(got.Weights, want.Weights); !(d <= tolerance) {
					t.Errorf("eager %v: weights differ by %v from the CPU's", eager, d)
				}
				if d := differ(got.State.Slots, want.State.Slots); !(d <= 10*tolerance) {
					t.Errorf("eager %v: slots differ by %v from the CPU's", eager, d)
				}
				h := newDigest()
				h.add(got.Weights)
				h.add(got.State.Slots)
				bits = append(bits, h.String())
				scores(t, n, m, data, got.Weights)
			}
			if bits[0] != bits[1] {
				t.Errorf("bits %s as a graph, %s kernel by kernel", bits[0], bits[1])
			}
			t.Logf("bits of %s: %s", n.name, bits[0])
		})
	}
}

// TestEveryKernel: networks whose step once had parts on the CPU have kernels for all of it, and train as on the CPU: rules of optimizers that look at
// whole arrays, gradients that are added up, bfloat16.
func TestEveryKernel(t *testing.T) {
	const loss = ", loss='categorical_crossentropy'"
	iris, lstm := networks()[0], networks()[4]
	iris.rows, iris.epochs = 23, 2
	for _, c := range []struct {
		network
		compile, precision string
		tolerance          float64
	}{
		{iris, "optimizer=Lamb(learning_rate=0.01)" + loss, "", tolerance},
		{iris, "optimizer=Adafactor(learning_rate=0.01)" + loss, "", tolerance},
		{iris, "optimizer=Muon(learning_rate=0.01)" + loss, "", tolerance},
		{iris, "optimizer=ScheduleFreeAdamW(learning_rate=0.01, warmup_steps=3)" + loss, "", tolerance},
		{iris, "optimizer=Adam(gradient_accumulation_steps=3, clipnorm=0.1, weight_decay=0.1, use_ema=True)" + loss, "", tolerance},
		{iris, "optimizer=Muon(learning_rate=0.01, gradient_accumulation_steps=2)" + loss, "", tolerance},
		{iris, "optimizer=LossScaleOptimizer(Adam(loss_scale_factor=8.0))" + loss, "", tolerance},
		{iris, "optimizer='adam'" + loss, "mixed_bfloat16", 2e-3},
		{lstm, lstm.compile, "mixed_bfloat16", 2e-3},
	} {
		t.Run(c.name+" "+c.compile+" "+c.precision, func(t *testing.T) {
			c.network.compile, c.network.precision = c.compile, c.precision
			n := c.network
			rng := rand.New(rand.NewPCG(1, 2))
			config := n.config(t)
			data, w := n.data(t, rng), weights(config.Spec, rng)
			want := n.trained(t, model(t, config), data, w, 0, params.Fit{Shuffle: true})
			if differ(want.Weights, w) < 1e-4 {
				t.Fatalf("training changes no weight by more than %v", differ(want.Weights, w))
			}
			config.Device = open(t, cuda.Options{})
			m := model(t, config)
			step, err := m.TrainingStep(n.batch)
			if err != nil {
				t.Fatal(err)
			}
			if d, err := (cuda.Compiler{}).Describe(step.Stages[0][0]); err != nil || d.Graphs != 1 || d.Transfers != 0 {
				t.Errorf("a step is %d graphs with %d copies between: %v", d.Graphs, d.Transfers, err)
			}
			d := differ(n.trained(t, m, data, w, 0, params.Fit{Shuffle: true}).Weights, want.Weights)
			if !(d <= c.tolerance) {
				t.Errorf("weights differ by %v from the CPU's", d)
			}
			t.Logf("weights differ by %.1e", d)
		})
	}
}

// TestOnTheCPU: instructions without kernels run on the CPU in the middle of a step, on arrays that come down and go up.
func TestOnTheCPU(t *testing.T) {
	n := networks()[0]
	rng := rand.New(rand.NewPCG(17, 18))
	c := n.config(t)
	data, w := n.data(t, rng), weights(c.Spec, rng)
	want := n.trained(t, model(t, c), data, w, 0, params.Fit{Shuffle: true}).Weights
	device := &withoutDense{Device: open(t, cuda.Options{})}
	c.Device = device
	m := model(t, c)
	got := n.trained(t, m, data, w, 0, params.Fit{Shuffle: true}).Weights
	if d := differ(got, want); !(d <= tolerance) {
		t.Errorf("weights differ by %v from the CPU's", d)
	}
	scores(t, n, m, data, got)
	if device.left == 0 {
		t.Error("nothing was left to the CPU")
	}
}

// withoutDense is a device that leaves dense layers to the CPU: it has no kernels for those that may be held, and no step here is.
type withoutDense struct {
	*cuda.Device
	left int
}

func (d *withoutDense) Bind(p *plan.Plan, m plan.Memory) (plan.Program, error) {
	held := *p
	held.Instrs = slices.Clone(p.Instrs)
	for i := range held.Instrs {
		if in := &held.Instrs[i]; in.Code == graph.CodeDense {
			in.Held = true
			if kernels.Native(in) {
				return nil, errors.New("there are kernels for it")
			}
			d.left++
		}
	}
	return d.Device.Bind(&held, m)
}

// scores compares losses and predictions with the CPU's.
func scores(t *testing.T, n network, m *trainer.Model, data trainer.Buffers, w []float32) {
	t.Helper()
	c := n.config(t)
	cpu := model(t, c)
	got, err := m.Evaluate(context.Background(), data, w)
	if err != nil {
		t.Fatal(err)
	}
	want, err := cpu.Evaluate(context.Background(), data, w)
	if err != nil {
		t.Fatal(err)
	}
	if d := math.Abs(got.Loss() - want.Loss()); !(d <= tolerance*(1+want.Loss())) {
		t.Errorf("the loss is %v, the CPU's %v", got.Loss(), want.Loss())
	}
	out := size(c.Spec.OutputShapes()[0])
	var outputs [2][]float32
	for i, of := range []*trainer.Model{m, cpu} {
		outputs[i] = make([]float32, n.rows*out)
		if err := of.Predict(context.Background(), data[0].Inputs, n.rows, w, [][]float32{outputs[i]}); err != nil {
			t.Fatal(err)
		}
	}
	if d := differ(outputs[0], outputs[1]); !(d <= tolerance) {
		t.Errorf("predictions differ by %v", d)
	}
}

// TestOrders: the bits of all networks are the same whatever the order of threads and blocks.
func TestOrders(t *testing.T) {
	hosttest.Driver(t)
	told := regexp.MustCompile(`bits of \w+: \w+`)
	var want []string
	for _, order := range []string{"1", "-1", "7"} {
		cmd := exec.Command(os.Args[0], "-test.v", "-test.run", "^TestNetworks$")
		cmd.Env = append(os.Environ(), "FAKECUDA=order="+order)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("order %s: %v\n%s", order, err, out)
		}
		got := told.FindAllString(string(out), -1)
		if want == nil {
			want = got
		}
		if len(got) != len(networks()) || !slices.Equal(got, want) {
			t.Errorf("order %s: %q, want %q", order, got, want)
		}
	}
}

// TestShardsSideBySide: four shards that share a GPU, each on a goroutine and a stream of its own, make the same bits as each that has a device alone.
func TestShardsSideBySide(t *testing.T) {
	for _, n := range networks() {
		t.Run(n.name, n.sideBySide)
	}
}

func (n network) sideBySide(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	c := n.config(t)
	data, w := n.data(t, rng), weights(c.Spec, rng)
	const shards = 4
	var results [2][shards][]float32
	for i := range results {
		var wg sync.WaitGroup
		var m *trainer.Model
		for s := range shards {
			if s == 0 || i == 0 { // the first time each has a device of its own
				c.Device = open(t, cuda.Options{Shards: []int{1, shards}[i]})
				m = model(t, c)
			}
			train := func() { results[i][s] = n.trained(t, m, data, w, s, params.Fit{Shuffle: true}).Weights }
			if wg.Go(train); i == 0 {
				wg.Wait()
			}
		}
		wg.Wait()
	}
	for s := range shards {
		if !slices.Equal(results[0][s], results[1][s]) {
			t.Errorf("shard %d has other bits side by side than alone", s)
		}
		if s > 0 && slices.Equal(results[0][s], results[0][0]) {
			t.Errorf("shard %d has the bits of shard 0, which has another order of rows", s)
		}
	}
}

// TestIterations: rows stay on the GPU from one iteration to the next, and other rows under the same number take their place.
func TestIterations(t *testing.T) {
	n := networks()[0]
	rng := rand.New(rand.NewPCG(5, 6))
	c := n.config(t)
	first, second, w := n.data(t, rng), n.data(t, rng), weights(c.Spec, rng)
	cpu := model(t, c)
	c.Device = open(t, cuda.Options{})
	gpu := model(t, c)
	for i, data := range []trainer.Buffers{first, first, second, first} {
		want, got := n.trained(t, cpu, data, w, 0, params.Fit{}), n.trained(t, gpu, data, w, 0, params.Fit{})
		if d := differ(got.Weights, want.Weights); !(d <= tolerance) {
			t.Errorf("iteration %d: weights differ by %v", i, d)
		}
	}
}

// TestWeightsOfRows: weights of rows and of classes are on the GPU what they are on the CPU.
func TestWeightsOfRows(t *testing.T) {
	n := networks()[0]
	rng := rand.New(rand.NewPCG(7, 8))
	c := n.config(t)
	data, w := n.data(t, rng), weights(c.Spec, rng)
	plain := n.trained(t, model(t, c), data, w, 0, params.Fit{}).Weights
	data[0].Weights = make([]float32, n.rows)
	for i := range data[0].Weights {
		data[0].Weights[i] = rng.Float32() * 3
	}
	fit := params.Fit{Shuffle: true, ClassWeight: map[int]float64{1: 2.5}}
	want := n.trained(t, model(t, c), data, w, 0, fit).Weights
	if differ(want, plain) < 1e-3 {
		t.Fatal("weights of rows change nothing")
	}
	c.Device = open(t, cuda.Options{})
	if d := differ(n.trained(t, model(t, c), data, w, 0, fit).Weights, want); !(d <= tolerance) {
		t.Errorf("weights differ by %v", d)
	}
}

// TestParts: the parts of an iteration, one after the other as between two averages of the weights, are the iteration to the bit, also where a part ends
// inside of a pass, with dropout, and where the steps of a part are no whole number of what the GPU is handed at a time.
func TestParts(t *testing.T) {
	for _, n := range networks()[:3] {
		t.Run(n.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(9, 10))
			c := n.config(t)
			data, w := n.data(t, rng), weights(c.Spec, rng)
			c.Device = open(t, cuda.Options{})
			m := model(t, c)
			fit := params.Fit{BatchSize: n.batch, Epochs: n.epochs, Shuffle: true}
			train := func(in trainer.TrainInput, part trainer.Part) trainer.TrainResult {
				in.Data, in.Fit, in.Seed, in.Iteration, in.Part = data, fit, 7, 2, part
				r, err := m.Train(context.Background(), in)
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			whole := train(trainer.TrainInput{Weights: w, State: m.NewState()}, trainer.Part{})
			steps := trainer.StepsOf(fit, n.rows)
			for _, parts := range []int{2, 3, steps, steps + 2} {
				in := trainer.TrainInput{Weights: w, State: m.NewState()}
				rows := 0
				for i := range parts {
					r := train(in, trainer.Part{Index: i, Of: parts})
					in.Weights, in.State, rows = r.Weights, r.State, rows+r.Rows
				}
				if !slices.Equal(in.Weights, whole.Weights) || !slices.Equal(in.State.Slots, whole.State.Slots) || in.State.Steps != whole.State.Steps {
					t.Errorf("%d parts give other weights or states than the whole", parts)
				}
				if rows != n.rows*n.epochs {
					t.Errorf("%d parts train %d rows, want %d", parts, rows, n.rows*n.epochs)
				}
			}
		})
	}
}

// TestFull: two models that do not have room on the GPU together train in turn: what one keeps there for its next iteration goes where the other needs it.
func TestFull(t *testing.T) {
	hosttest.Driver(t)
	n := networks()[0]
	rng := rand.New(rand.NewPCG(13, 14))
	c := n.config(t)
	data, w := n.data(t, rng), weights(c.Spec, rng)
	if os.Getenv("BEAMFIT_AGAIN") == "" {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestFull$")
		cmd.Env = append(os.Environ(), "BEAMFIT_AGAIN=1", "FAKECUDA=memory=100000", "GOGC=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	want := n.trained(t, model(t, c), data, w, 0, params.Fit{}).Weights
	var models []*trainer.Model
	for range 2 {
		c.Device = open(t, cuda.Options{})
		models = append(models, model(t, c))
	}
	for i := range 4 {
		if d := differ(n.trained(t, models[i%2], data, w, 0, params.Fit{}).Weights, want); !(d <= tolerance) {
			t.Errorf("weights differ by %v", d)
		}
	}
}

// TestOnce: rows that are read once are not kept on the GPU, and train to the same bits.
func TestOnce(t *testing.T) {
	n := networks()[0]
	rng := rand.New(rand.NewPCG(15, 16))
	c := n.config(t)
	data, w := n.data(t, rng), weights(c.Spec, rng)
	watched := &watchedRows{Device: open(t, cuda.Options{})}
	c.Device = watched
	m := model(t, c)
	var results [2][]float32
	for i, once := range []bool{true, false} {
		r, err := m.Train(t.Context(), trainer.TrainInput{
			Data: data, Weights: w, State: m.NewState(), Seed: 7, Once: once, Fit: params.Fit{BatchSize: n.batch, Epochs: 2, Shuffle: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		if results[i] = r.Weights; watched.kept != i {
			t.Errorf("once %v: rows were kept %d times", once, watched.kept)
		}
	}
	if !slices.Equal(results[0], results[1]) {
		t.Error("rows that are read once train to other bits")
	}
}

// watchedRows is a device that counts the rows that are kept.
type watchedRows struct {
	*cuda.Device
	kept int
}

type watchedMemory struct {
	plan.Resident
	device *watchedRows
}

func (d *watchedRows) NewMemoryAt(place int, sizes plan.Sizes) (plan.Memory, error) {
	m, err := d.Device.NewMemoryAt(place, sizes)
	if err != nil {
		return nil, err
	}
	return &watchedMemory{m.(plan.Resident), d}, nil
}

func (d *watchedRows) Bind(p *plan.Plan, m plan.Memory) (plan.Program, error) {
	return d.Device.Bind(p, m.(*watchedMemory).Resident)
}

func (m *watchedMemory) Keep(widths []int, n int) (plan.Rows, error) {
	m.device.kept++
	return m.Resident.Keep(widths, n)
}
