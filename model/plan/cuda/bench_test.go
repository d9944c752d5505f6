//go:build gpu

package cuda_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
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

// benchmark measures what a pass more takes: the difference of a long and a short training, so that neither the weights that go to the GPU and come back counts,
// nor the steps in which the device looks up often because it does not know yet how long they take. A pass is as many steps as the device gets at once.
func (n network) benchmark(b *testing.B, o cuda.Options) {
	const short, long = 1, 3 // passes
	n.rows = n.batch
	rng := rand.New(rand.NewPCG(1, 2))
	c := n.config(b)
	data, w := repeated(n.data(b, rng)[0], plan.MostSteps), weights(c.Spec, rng)
	c.Device = open(b, o)
	m := model(b, c)
	train := func(passes int) time.Duration {
		begin := time.Now()
		if _, err := m.Train(context.Background(), trainer.TrainInput{
			Data: data, Weights: w, State: m.NewState(), Seed: 1, Fit: params.Fit{BatchSize: n.batch, Epochs: passes, Shuffle: true},
		}); err != nil {
			b.Fatal(err)
		}
		return time.Since(begin)
	}
	train(1) // rows go to the GPU, plans are bound
	var took time.Duration
	for b.Loop() {
		took -= train(short)
		took += train(long)
	}
	b.ReportMetric(float64(took.Microseconds())/float64(b.N*(long-short)*plan.MostSteps), "us/step")
}

// repeated are so many copies of rows, each at a place of its own.
func repeated(rows trainer.Buffer, times int) trainer.Buffers {
	rows.N *= times
	for i := range rows.Inputs {
		rows.Inputs[i] = slices.Repeat(rows.Inputs[i], times)
	}
	for i := range rows.Labels {
		rows.Labels[i] = slices.Repeat(rows.Labels[i], times)
	}
	return trainer.Buffers{rows}
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
