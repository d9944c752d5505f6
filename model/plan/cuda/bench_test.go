//go:build gpu

package cuda_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
	"github.com/beamfit/beamfit/model/trainer"
)

// measured are the networks of docs/benchmarks.md.
var measured = []network{
	{name: "iris", file: "iris", compile: "optimizer='adam', loss='categorical_crossentropy'", batch: 5},
	{name: "mnist_mlp", file: "mnist_mlp", compile: "optimizer=RMSprop(), loss='categorical_crossentropy'", batch: 128},
	{name: "mnist_cnn", file: "mnist_cnn", compile: "optimizer='Adadelta', loss='categorical_crossentropy'", batch: 128},
	{name: "cifar_cnn", file: "cifar_cnn", compile: "optimizer='adam', loss='categorical_crossentropy'", batch: 128},
	{name: "resnet20", file: "resnet20", compile: "optimizer='adam', loss='categorical_crossentropy'", batch: 128},
}

// BenchmarkStep is a step of training on rows that are on the GPU, as a graph and kernel by kernel, and as a graph with products on tensor cores.
func BenchmarkStep(b *testing.B) {
	for _, n := range measured {
		for _, way := range []struct {
			name string
			o    cuda.Options
		}{{"graph", cuda.Options{}}, {"eager", cuda.Options{Eager: true}}, {"tf32x3", cuda.Options{Math: kernels.TF32x3}}, {"tf32", cuda.Options{Math: kernels.TF32}}} {
			b.Run(n.name+"/"+way.name, func(b *testing.B) {
				needs(b, way.o.Math)
				n.benchmark(b, way.o)
			})
		}
	}
}

func (n network) benchmark(b *testing.B, o cuda.Options) {
	const steps = 8 // of a pass
	n.rows = steps * n.batch
	rng := rand.New(rand.NewPCG(1, 2))
	c := n.config(b)
	data, w := n.data(b, rng), weights(c.Spec, rng)
	c.Device = open(b, o)
	m := model(b, c)
	in := trainer.TrainInput{
		Data: data, Weights: w, State: m.NewState(), Seed: 1, Fit: params.Fit{BatchSize: n.batch, Epochs: 1, Shuffle: true},
	}
	train := func() {
		if _, err := m.Train(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
	train() // rows go to the GPU, plans are bound
	in.Fit.Epochs = (b.N + steps - 1) / steps
	b.ResetTimer()
	train()
	b.StopTimer()
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(in.Fit.Epochs*steps), "us/step")
}

// BenchmarkStart is the time until a device can work: the driver's start, its context, the kernels.
func BenchmarkStart(b *testing.B) {
	for range b.N {
		d := open(b, cuda.Options{})
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
