package main

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/beamfit/beamfit/model/initializer"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
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
		x[i] = r.Float32()
	}
	k := n.classes()
	y := make([]int16, rows*k)
	for i := range rows {
		y[i*k+r.IntN(k)] = 1
	}
	return trainer.Buffer{Inputs: [][]float32{x}, Labels: [][]int16{y}, N: rows}
}

func load(n net) (*trainer.Model, *keras.Spec, error) {
	text, err := n.keras()
	if err != nil {
		return nil, nil, err
	}
	spec, err := keras.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	compile, err := params.ParseCompile("loss='categorical_crossentropy', optimizer='adam'")
	if err != nil {
		return nil, nil, err
	}
	m, err := trainer.New(trainer.Config{Spec: spec, Compile: *compile})
	return m, spec, err
}

// ourTraining returns a function that makes one pass over rows random rows, cut into one shard per core, and returns its
// seconds.
func ourTraining(n net, batch, rows int) (func() (float64, error), error) {
	m, spec, err := load(n)
	if err != nil {
		return nil, err
	}
	shards := runtime.GOMAXPROCS(0)
	data := make([]trainer.Buffers, shards)
	weights := make([][]float32, shards)
	states := make([]trainer.State, shards)
	for s := range shards {
		data[s] = trainer.Buffers{randomRows(n, (rows+shards-1-s)/shards, uint64(s))}
		weights[s] = initializer.Fill(spec, 1)
		states[s] = m.NewState()
	}
	fit := params.Fit{BatchSize: batch, Epochs: 1, Shuffle: true}
	iteration := 0
	run := func() (float64, error) {
		iteration++
		errs := make([]error, shards)
		start := time.Now()
		var wg sync.WaitGroup
		for s := range shards {
			wg.Go(func() {
				var r trainer.TrainResult
				r, errs[s] = m.Train(context.Background(), trainer.TrainInput{
					Data: data[s], Weights: weights[s], State: states[s], Fit: fit, Seed: 1, Shard: s, Iteration: iteration,
				})
				if errs[s] == nil {
					weights[s], states[s] = r.Weights, r.State
				}
			})
		}
		wg.Wait()
		return time.Since(start).Seconds(), firstError(errs)
	}
	_, err = run()
	return run, err
}

// ourPrediction returns a function that predicts rows random rows on all cores.
func ourPrediction(n net, rows int) (func() (float64, error), error) {
	m, spec, err := load(n)
	if err != nil {
		return nil, err
	}
	weights := initializer.Fill(spec, 1)
	parts := runtime.GOMAXPROCS(0)
	data := make([]trainer.Buffer, parts)
	out := make([][]float32, parts)
	for p := range parts {
		data[p] = randomRows(n, (rows+parts-1-p)/parts, uint64(p))
		out[p] = make([]float32, data[p].N*n.classes())
	}
	run := func() (float64, error) {
		errs := make([]error, parts)
		start := time.Now()
		var wg sync.WaitGroup
		for p := range parts {
			wg.Go(func() {
				errs[p] = m.Predict(context.Background(), data[p].Inputs, data[p].N, weights, [][]float32{out[p]})
			})
		}
		wg.Wait()
		return time.Since(start).Seconds(), firstError(errs)
	}
	_, err = run()
	return run, err
}

func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// ourGemm returns a function that makes repeat products of an m×k and a k×n matrix on one core.
func ourGemm(m, n, k, repeat int) func() (float64, error) {
	r := rand.New(rand.NewPCG(1, 2))
	fill := func(n int) []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = r.Float32()
		}
		return s
	}
	a, b, c := fill(m*k), fill(k*n), make([]float32, m*n)
	ws := make([]float32, kernels.GemmWorkspace(false, false, m, n, k))
	run := func() (float64, error) {
		start := time.Now()
		for range repeat {
			kernels.Gemm(false, false, m, n, k, a, k, b, n, false, c, n, ws)
		}
		return time.Since(start).Seconds(), nil
	}
	_, _ = run()
	return run
}
