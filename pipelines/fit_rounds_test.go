package pipelines

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
	"github.com/beamfit/beamfit/model/initializer"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/trainer"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/dataset"
	"github.com/beamfit/beamfit/transforms/outer"
	"github.com/beamfit/beamfit/transforms/recipe"
)

const normalised = `{"class_name":"Sequential","config":[
{"class_name":"BatchNormalization","config":{"name":"bn","batch_input_shape":[null,4],"axis":[-1],"momentum":0.9}},
{"class_name":"Dense","config":{"name":"d1","units":10,"activation":"relu"}},
{"class_name":"BatchNormalization","config":{"name":"bn2","axis":[-1],"momentum":0.5}},
{"class_name":"Dense","config":{"name":"d2","units":3,"activation":"softmax"}}]}`

// roundsFit is a fit of a network with batch normalisation: three shards of 40 rows, 24 steps in an iteration.
func roundsFit(t *testing.T, store table.Store) FitOptions {
	t.Helper()
	withIris(t, store)
	id, err := LoadModel(t.Context(), Env{Store: store}, LoadModelOptions{ArchTable: "arch", Arch: []byte(normalised)})
	if err != nil {
		t.Fatal(err)
	}
	opt := irisFit()
	opt.ID, opt.Iterations, opt.Validation = id, 6, "iris_test_packed"
	opt.Compile = "loss='categorical_crossentropy', optimizer=Adam(decay=0.01), metrics=['categorical_accuracy']"
	return opt
}

// roundsCases are fits that use all options about rounds.
var roundsCases = map[string]func(*FitOptions){
	"rounds":           func(o *FitOptions) { o.SyncEvery = 5 },
	"warm-up":          func(o *FitOptions) { o.WarmUpPasses = 6 },
	"slowmo":           func(o *FitOptions) { o.Outer, o.SyncEvery = "slowmo", 7 },
	"nesterov":         func(o *FitOptions) { o.Outer, o.OuterMomentum, o.OuterRate = "nesterov", new(0.4), new(0.8) },
	"reset and global": func(o *FitOptions) { o.InnerState, o.Steps, o.SyncEvery = "reset", "global", 12 },
	"pooled":           func(o *FitOptions) { o.Moving, o.SyncEvery = "pooled", 10 },
	"recompute, swa":   func(o *FitOptions) { o.Moving, o.AverageTail, o.MetricsEvery = "recompute", "swa", 2 },
	"ema":              func(o *FitOptions) { o.AverageTail = "ema" },
	"everything": func(o *FitOptions) {
		o.SyncEvery, o.WarmUpPasses, o.Outer, o.InnerState, o.Moving, o.AverageTail, o.Steps = 9, 3, "slowmo", "reset", "pooled", "ema", "global"
	},
}

// Every option gives the same weights, metrics and summary on every runner, wherever the workers are and however its stages are divided into
// jobs, and when the fit is stopped and goes on.
func TestRoundsOnRunners(t *testing.T) {
	store := fileStore(t)
	base := roundsFit(t, store)
	plain := ""
	tell := func(model string) string {
		b := readTable(t, store, model+"_summary")
		story := outcome(t, store, model)
		for _, c := range []string{"sync_every", "warm_up_passes", "outer_rule", "outer_rate", "outer_momentum", "inner_state", "moving_statistics", "average_tail", "average_tail_kept", "schedule_steps"} {
			if v := b.Col(c); v != nil {
				story += fmt.Sprintf(" %s %v", c, v.Value(0))
			}
		}
		return story
	}
	fit := func(env Env, opt FitOptions) string {
		t.Helper()
		if _, err := Fit(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		return tell(opt.Model)
	}
	plain = fit(Env{Store: store}, base)
	for name, change := range roundsCases {
		t.Run(name, func(t *testing.T) {
			opt := base
			opt.Replace = true
			change(&opt)
			want := fit(Env{Store: store}, opt)
			if want == plain {
				t.Error("the options change nothing")
			}
			for _, runner := range jobtest.Runners() {
				for _, perJob := range []int{1, 4} {
					opt := opt
					opt.IterationsPerJob = perJob
					if got := fit(Env{Store: store, Runner: runner, Workers: perJob}, opt); got != want {
						t.Errorf("%s, %d stages per job: another model\n%s", runner, perJob, cmp.Diff(want, got))
					}
				}
				if got := fit(Env{Store: store, Runner: runner, strangers: strangersIf(true, runner)}, opt); got != want {
					t.Errorf("%s, workers elsewhere: another model\n%s", runner, cmp.Diff(want, got))
				}
			}
			opt.Replace, opt.CheckpointEvery, opt.Model = false, 1, "stopped "+strings.ReplaceAll(name, ",", "")
			opt.Model = strings.ReplaceAll(opt.Model, " ", "_")
			for _, after := range []int{1, 2, 5} {
				stopAfter(t, Env{Store: store}, opt, after)
			}
			keys := readTable(t, store, opt.Model+"_checkpoint").Col("key").Strings
			if states := slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(key, "state-") }); states == (opt.InnerState == "reset") {
				t.Errorf("inner state %q: the checkpoint has %q", opt.InnerState, keys)
			}
			r, err := Fit(t.Context(), Env{Store: store}, opt)
			if err != nil || r.ResumedAfter == 0 {
				t.Fatalf("went on after %d, %v", r.ResumedAfter, err)
			}
			if got := tell(opt.Model); got != want {
				t.Errorf("stopped and gone on: another model\n%s", cmp.Diff(want, got))
			}
		})
	}
}

// A loop is fit written as a plain loop over package trainer, with sums in the simplest order.
type loop struct {
	opt       FitOptions
	model     *recipe.Loaded
	data      []trainer.Dataset
	rounds    int
	warm      int // iterations
	rule      outer.Rule
	fresh     bool
	global    bool
	perShard  int // steps of an iteration
	trainable []plan.Run
}

func newLoop(t *testing.T, store table.Store, opt FitOptions) *loop {
	t.Helper()
	m, err := recipe.Model{Arch: []byte(normalised), Compile: opt.Compile, Fit: opt.Fit}.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	snap, err := store.Snapshot(t.Context(), mustName(t, opt.Source))
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	set, err := dataset.Open(t.Context(), dataset.Training, store, snap, buffer.Layout{
		Inputs: []buffer.Variable{{Name: "attributes", Shape: []int{4}}}, Labels: []buffer.Variable{{Name: "class_text", Shape: []int{3}}},
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	run := bundle.Begin(context.Background(), bundle.Options{Store: store})
	t.Cleanup(func() { _ = run.End() })
	l := &loop{opt: opt, model: m, rounds: 1, trainable: outer.Trainable(m.Spec)}
	for _, shard := range set.Shards {
		data, err := shard.Data(t.Context(), run, m)
		if err != nil {
			t.Fatal(err)
		}
		l.data = append(l.data, data)
	}
	l.perShard = trainer.StepsOf(*m.Fit, l.data[0].Rows())
	return l
}

// run is the model after the iterations.
func (l *loop) run(t *testing.T) []float32 {
	t.Helper()
	w := initializer.Fill(l.model.Spec, l.opt.Seed)
	states, momentum := make([]trainer.State, len(l.data)), make([]float32, len(w))
	for i := range states {
		states[i] = l.model.NewState()
	}
	train := func(in trainer.TrainInput) trainer.TrainResult {
		in.Fit, in.Seed, in.Data = *l.model.Fit, l.opt.Seed, l.data[in.Shard]
		r, err := l.model.Train(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	passes, done := l.model.Fit.Epochs, 0
	for iteration := 1; iteration <= l.opt.Iterations; iteration++ {
		if iteration <= l.warm {
			for pass := range passes {
				for shard := range l.data {
					r := train(trainer.TrainInput{Weights: w, State: states[0], Shard: shard, Iteration: iteration, Part: trainer.Part{Index: pass, Of: passes}})
					w, states[0] = r.Weights, r.State
					done += l.perShard / passes
				}
			}
			for i := range states {
				states[i] = states[0]
			}
			continue
		}
		for round := range l.rounds {
			part := trainer.Part{Index: round, Of: l.rounds}
			place := trainer.Schedule{Place: int64(done), Stride: 1}
			if l.global {
				place.Stride = int64(len(l.data))
			}
			mean, rows := make([]float64, len(w)), 0
			for shard := range l.data {
				in := trainer.TrainInput{Weights: w, State: states[shard], Shard: shard, Iteration: iteration, Part: part, Schedule: &place}
				if l.fresh {
					in.State = l.model.NewState()
				}
				r := train(in)
				for i, v := range r.Weights {
					mean[i] += float64(r.Rows) * float64(v)
				}
				states[shard], rows = r.State, rows+r.Rows
			}
			next := make([]float32, len(w))
			for i := range next {
				next[i] = float32(mean[i] / float64(rows))
			}
			l.rule.Apply(outer.Step{Before: w, Weights: next, Momentum: momentum, Trainable: l.trainable, LearningRate: l.model.Optimizer().RateAt(int64(done))})
			w = next
			if steps := part.Steps(*l.model.Fit, l.data[0].Rows()); l.global {
				done += steps * len(l.data)
			} else {
				done += steps
			}
		}
	}
	return w
}

// The weights are those of a plain loop.
func TestRoundsAreAPlainLoop(t *testing.T) {
	store := fileStore(t)
	base := roundsFit(t, store)
	for name, set := range map[string]func(*loop){
		"rounds":           func(l *loop) { l.rounds = 5 },
		"warm-up":          func(l *loop) { l.warm = 2 },
		"slowmo":           func(l *loop) { l.rule, l.rounds = outer.Rule{Name: "slowmo", Rate: 1, Momentum: 0.5}, 4 },
		"nesterov":         func(l *loop) { l.rule = outer.Rule{Name: "nesterov", Rate: 0.8, Momentum: 0.4} },
		"reset and global": func(l *loop) { l.fresh, l.global, l.rounds = true, true, 2 },
	} {
		t.Run(name, func(t *testing.T) {
			opt := base
			opt.Model = "model_" + strings.ReplaceAll(strings.ReplaceAll(name, " ", "_"), "-", "_")
			roundsCases[name](&opt)
			if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
				t.Fatal(err)
			}
			l := newLoop(t, store, opt)
			set(l)
			got, err := weights.Decode(l.model.Spec, modelWeights(t, store, opt.Model))
			if err != nil {
				t.Fatal(err)
			}
			if want := l.run(t); !slices.Equal(got, want) {
				t.Errorf("weights %v..., the loop has %v...", got[:12], want[:12])
			}
		})
	}
}

// Of one shard every average is its weights: rounds change no bit, and a warm-up none.
func TestRoundsOfOneShard(t *testing.T) {
	store := fileStore(t)
	base := roundsFit(t, store)
	train, _ := parted(iris(t))
	packIris(t, store, "whole", train, packing{})
	base.Source, base.Replace = "whole", true
	var want []byte
	for i, change := range []func(*FitOptions){
		func(*FitOptions) {},
		func(o *FitOptions) { o.SyncEvery = 5 },
		func(o *FitOptions) { o.SyncEvery = 1 },
		func(o *FitOptions) { o.WarmUpPasses = 9 },
		func(o *FitOptions) { o.WarmUpPasses = 18 },
		func(o *FitOptions) { o.Sync = "auto" },
		func(o *FitOptions) { o.Moving, o.SyncEvery = "pooled", 7 },
	} {
		opt := base
		change(&opt)
		if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
		got := modelWeights(t, store, opt.Model)
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("change %d gives other weights", i)
		}
	}
}

// A warm-up of the whole fit is the fit of one worker who has the rows of all shards one after the other, to the bit; so the averages of use_ema
// become the weights once in an iteration.
func TestWarmUpIsOneWorker(t *testing.T) {
	store := fileStore(t)
	base := roundsFit(t, store)
	train, _ := parted(iris(t))
	packIris(t, store, "one", train, packing{buffer: 40})
	packIris(t, store, "three", train, packing{shards: 3, buffer: 40})
	base.Fit, base.Iterations, base.Replace = "batch_size=8, epochs=2, shuffle=False", 3, true
	for _, optimizer := range []string{"Adam(decay=0.01)", "Adam(use_ema=True)", "SGD(momentum=0.9, use_ema=True, ema_momentum=0.9)"} {
		opt := base
		opt.Compile = "loss='categorical_crossentropy', optimizer=" + optimizer
		fit := func() []byte {
			t.Helper()
			if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
				t.Fatal(err)
			}
			return modelWeights(t, store, opt.Model)
		}
		opt.Source = "one"
		want := fit()
		opt.Source, opt.WarmUpPasses = "three", 6
		if !bytes.Equal(fit(), want) {
			t.Errorf("%s: the warm-up gives other weights than one worker", optimizer)
		}
	}
}

// Statistics that are computed anew are the means and variances of the rows, where one batch has all rows of a shard, and no moving average of
// them; those of the shards are averaged.
func TestRecomputedStatistics(t *testing.T) {
	store := fileStore(t)
	opt := roundsFit(t, store)
	opt.Fit, opt.Iterations, opt.Moving = "batch_size=40, epochs=1", 2, "recompute"
	if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
		t.Fatal(err)
	}
	l := newLoop(t, store, opt)
	got, err := weights.Decode(l.model.Spec, modelWeights(t, store, opt.Model))
	if err != nil {
		t.Fatal(err)
	}
	b := readTable(t, store, opt.Source)
	sum, square := map[int][4]float64{}, map[int][4]float64{}
	for row := range b.Rows {
		key, x := int(b.Col("__dist_key__").Int32s[row]), b.Col("attributes").Bytes[row]
		s, q := sum[key], square[key]
		for i := range len(x) / 4 {
			v := float64(math.Float32frombits(binary.LittleEndian.Uint32(x[4*i:])))
			s[i%4] += v / 40
			q[i%4] += v * v / 40
		}
		sum[key], square[key] = s, q
	}
	for j := range 4 {
		var mean, variance float64
		for key := range sum {
			mean += sum[key][j] / 3
			variance += (square[key][j] - sum[key][j]*sum[key][j]) / 3
		}
		if math.Abs(float64(got[8+j])-mean) > 1e-5 || math.Abs(float64(got[12+j])-variance) > 1e-5 {
			t.Errorf("column %d: moving mean %v, variance %v; those of the rows are %v, %v", j, got[8+j], got[12+j], mean, variance)
		}
	}
}

// The average of the tail is that of the weights after its iterations, which a fit that ends there has, and the model where its loss on the
// validation table is smaller.
func TestTailIsAverage(t *testing.T) {
	store := fileStore(t)
	base := roundsFit(t, store)
	base.Iterations, base.Replace = 8, true
	fit := func(opt FitOptions) (FitResult, []float32) {
		t.Helper()
		r, err := Fit(t.Context(), Env{Store: store}, opt)
		if err != nil {
			t.Fatal(err)
		}
		l := newLoop(t, store, opt)
		w, err := weights.Decode(l.model.Spec, modelWeights(t, store, opt.Model))
		if err != nil {
			t.Fatal(err)
		}
		return r, w
	}
	last, w8 := fit(base)
	opt := base
	opt.Iterations = 7
	_, w7 := fit(opt)
	opt.Iterations, opt.AverageTail = 8, "swa"
	r, got := fit(opt)
	want := slices.Clone(w7)
	average.Tail{Length: 2}.Add(want, w8, 1)
	kept := *r.ValidationLoss < *last.ValidationLoss
	if kept != slices.Equal(got, want) || !kept != slices.Equal(got, w8) {
		t.Errorf("kept %v, but the weights are not so", kept)
	}
	if !strings.HasPrefix(r.Tail, "the average of iterations 7 to 8 has a validation loss of ") || kept != strings.HasSuffix(r.Tail, "the model is the average") {
		t.Error(r.Tail)
	}
	b := readTable(t, store, opt.Model+"_summary")
	if b.Col("validation_loss_final").Float64s[0] != *r.ValidationLoss || b.Col("average_tail").Strings[0] != "swa" || b.Col("average_tail_kept").Bools[0] != kept {
		t.Error("the summary tells another story")
	}
}

// What sync auto chooses is told before training, and recorded.
func TestSyncAuto(t *testing.T) {
	store := fileStore(t)
	opt := roundsFit(t, store)
	train, _ := parted(iris(t))
	packIris(t, store, "many", train, packing{shards: 8, buffer: 15})
	opt.Source, opt.Sync = "many", "auto"
	var notes []string
	env := Env{Store: store, Progress: func(e Event) {
		if e.Note != "" {
			notes = append(notes, e.Note)
		}
	}}
	if _, err := Fit(t.Context(), env, opt); err != nil {
		t.Fatal(err)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "8 shards, 6 iterations of up to 9 steps: --warm-up-passes 9,") {
		t.Errorf("notes %q", notes)
	}
	b := readTable(t, store, opt.Model+"_summary")
	if b.Col("sync").Strings[0] != "auto" || b.Col("warm_up_passes").Int32s[0] != 9 || !b.Col("sync_every").IsNull(0) {
		t.Error("the summary does not say what was chosen")
	}
	opt.Sync, opt.WarmUpPasses, opt.Model = "", 9, "asked"
	if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(modelWeights(t, store, "asked"), modelWeights(t, store, "iris_model")) {
		t.Error("what was chosen gives other weights than when it is asked for")
	}
}

// Plain options leave no column in the summary, and what makes no sense is refused before any work.
func TestRoundsRefused(t *testing.T) {
	store := fileStore(t)
	base := roundsFit(t, store)
	if _, err := Fit(t.Context(), Env{Store: store}, base); err != nil {
		t.Fatal(err)
	}
	if readTable(t, store, base.Model+"_summary").Col("outer_rule") != nil {
		t.Error("MADlib's rule has columns of its own in the summary")
	}
	before := tablesOf(t, store)
	for name, c := range map[string]struct {
		change func(*FitOptions)
		want   string
	}{
		"unknown rule":      {func(o *FitOptions) { o.Outer = "adam" }, `"adam" is not known`},
		"no batch norm":     {func(o *FitOptions) { o.ID, o.Moving = 1, "pooled" }, "no batch normalisation"},
		"half an iteration": {func(o *FitOptions) { o.WarmUpPasses = 4 }, "a multiple of the 3 passes"},
		"no validation":     {func(o *FitOptions) { o.Validation, o.AverageTail = "", "swa" }, "validation table"},
		"no state":          {func(o *FitOptions) { o.Compile, o.InnerState = "loss='mse', optimizer='sgd'", "reset" }, "SGD remembers nothing"},
		"constant rate":     {func(o *FitOptions) { o.Compile, o.Steps = "loss='mse', optimizer='adam'", "global" }, "that of Adam does not"},
		"use_ema": {func(o *FitOptions) {
			o.Compile, o.Outer = "loss='mse', optimizer=SGD(use_ema=True)", "nesterov"
		}, "use_ema=True of SGD"},
		"best weights": {func(o *FitOptions) {
			o.AverageTail, o.Fit = "ema", "callbacks=[EarlyStopping(restore_best_weights=True)]"
		}, "keeps the best weights"},
	} {
		opt := base
		opt.Model = "refused"
		change := c.change
		change(&opt)
		_, err := Fit(t.Context(), Env{Store: store}, opt)
		t.Run(name, func(t *testing.T) { wantError(t, err, c.want) })
	}
	if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
		t.Error(d)
	}
}
