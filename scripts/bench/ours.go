package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/initializer"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/trainer"
)

// randomRows is a shard of random rows for a network.
func randomRows(n net, rows int, seed uint64) trainer.Buffer {
	r := rand.New(rand.NewPCG(seed, 0))
	d := 1
	for _, s := range n.shape {
		d *= s
	}
	x := make([]float32, rows*d)
	for i := range x {
		if n.layers[0].class == "Embedding" {
			x[i] = float32(r.IntN(words))
		} else {
			x[i] = r.Float32()
		}
	}
	k := n.classes()
	y := make([]int16, rows*k)
	for i := range rows {
		y[i*k+r.IntN(k)] = 1
	}
	return trainer.Buffer{Inputs: [][]float32{x}, Labels: [][]int16{y}, N: rows}
}

const crossentropy = "categorical_crossentropy"

// textLoss is categorical_crossentropy as a person gives it as text.
const textLoss = `let p = clip(y_pred / sum(y_pred, axis=-1, keepdims=True), epsilon, 1 - epsilon)
-sum(y_true * log(p), axis=-1)`

// load makes the model of a network, whose loss is categorical_crossentropy, or "text" for textLoss.
func load(n net, loss string) (*trainer.Model, *keras.Spec, error) {
	architecture, err := n.keras()
	if err != nil {
		return nil, nil, err
	}
	if n.policy != "" {
		if architecture, err = keras.SetPrecision(architecture, n.policy); err != nil {
			return nil, nil, err
		}
	}
	spec, err := keras.Parse(architecture)
	if err != nil {
		return nil, nil, err
	}
	compile, err := params.ParseCompile(fmt.Sprintf("loss='%s', optimizer='adam'", loss))
	if err != nil {
		return nil, nil, err
	}
	text, err := expr.Parse("text", textLoss)
	if err != nil {
		return nil, nil, err
	}
	m, err := trainer.New(trainer.Config{Spec: spec, Compile: *compile, Functions: expr.Set{"text": text}})
	return m, spec, err
}

// cores are those that work may use; it is a trainer.Cores.
type cores chan struct{}

func (c cores) Borrow() bool {
	select {
	case c <- struct{}{}:
		return true
	default:
		return false
	}
}

func (c cores) Return() { <-c }

// A loop is training without the pipeline around it.
type loop struct {
	model     *trainer.Model
	data      []trainer.Buffers
	weights   [][]float32
	states    []trainer.State
	fit       params.Fit
	iteration int
}

// newLoop makes shards of random rows.
func newLoop(n net, loss string, batch, rowsPerShard, shards int) (*loop, error) {
	m, spec, err := load(n, loss)
	if err != nil {
		return nil, err
	}
	l := &loop{model: m, fit: params.Fit{BatchSize: batch, Epochs: 1, Shuffle: true}}
	for s := range shards {
		l.data = append(l.data, trainer.Buffers{randomRows(n, rowsPerShard, uint64(s))})
		l.weights = append(l.weights, initializer.Fill(spec, 1))
		l.states = append(l.states, m.NewState())
	}
	return l, nil
}

// pass trains every shard on all its rows once, on that many cores.
func (l *loop) pass(on int) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(on)) // the garbage collector too
	l.iteration++
	idle := make(cores, on)
	errs := make([]error, len(l.data))
	var shards sync.WaitGroup
	for s := range l.data {
		idle <- struct{}{}
		shards.Go(func() {
			defer idle.Return()
			r, err := l.model.Train(context.Background(), trainer.TrainInput{
				Data: l.data[s], Weights: l.weights[s], State: l.states[s], Fit: l.fit, Seed: 1, Shard: s, Iteration: l.iteration, Cores: idle,
			})
			if errs[s] = err; err == nil {
				l.weights[s], l.states[s] = r.Weights, r.State
			}
		})
	}
	shards.Wait()
	return errors.Join(errs...)
}

// score evaluates every shard's weights on its rows, side by side, as fit does once at its end.
func (l *loop) score() error {
	errs := make([]error, len(l.data))
	var shards sync.WaitGroup
	for s := range l.data {
		shards.Go(func() { _, errs[s] = l.model.Evaluate(context.Background(), l.data[s], l.weights[s]) })
	}
	shards.Wait()
	return errors.Join(errs...)
}

// ourTraining makes one pass over rows random rows, cut into one shard per core.
func ourTraining(n net, batch, rows int) (*side, error) {
	shards := runtime.NumCPU()
	return ourShards(n, batch, rows/shards, shards, shards)
}

// ourLoss makes one pass over rows random rows in one shard, on one core, with a loss.
func ourLoss(n net, loss string, batch, rows int) (*side, error) {
	l, err := newLoop(n, loss, batch, rows, 1)
	if err != nil {
		return nil, err
	}
	return &side{setting: "loss: " + loss, run: func() (float64, error) { return seconds(func() error { return l.pass(1) }) }}, l.pass(1)
}

// ourShards makes one pass over shards of so many random rows each, on that many cores.
func ourShards(n net, batch, rowsPerShard, shards, on int) (*side, error) {
	l, err := newLoop(n, crossentropy, batch, rowsPerShard, shards)
	if err != nil {
		return nil, err
	}
	setting := fmt.Sprintf("shards: %d, cores: %d", shards, on)
	return &side{setting: setting, run: func() (float64, error) { return seconds(func() error { return l.pass(on) }) }}, l.pass(on)
}

// ourPrediction predicts rows random rows on all cores.
func ourPrediction(n net, rows int) (*side, error) {
	m, spec, err := load(n, crossentropy)
	if err != nil {
		return nil, err
	}
	weights := initializer.Fill(spec, 1)
	parts := runtime.NumCPU()
	data := make([]trainer.Buffer, parts)
	out := make([][]float32, parts)
	for p := range parts {
		data[p] = randomRows(n, (rows+parts-1-p)/parts, uint64(p))
		out[p] = make([]float32, data[p].N*n.classes())
	}
	predict := func() error {
		errs := make([]error, parts)
		var wg sync.WaitGroup
		for p := range parts {
			wg.Go(func() {
				errs[p] = m.Predict(context.Background(), data[p].Inputs, data[p].N, weights, [][]float32{out[p]})
			})
		}
		wg.Wait()
		return errors.Join(errs...)
	}
	return &side{run: func() (float64, error) { return seconds(predict) }}, predict()
}
