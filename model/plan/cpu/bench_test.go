package cpu

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels/fmapeak"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
)

// BenchmarkStep is a training step on one core, uncut: the multilayer perceptron and the convolutional network for MNIST, a residual
// block with batch normalisation, and an LSTM of 128 units over 80 steps of 128 features. %peak is the share of the multiply-add peak
// of one core, by the fastest step, with convolutions counted in their direct form.
func BenchmarkStep(b *testing.B) {
	conv := func(filters int, args string) string {
		return fmt.Sprintf(`Conv2D {"filters":%d,"kernel_size":[3,3]%s}`, filters, args)
	}
	const relu, dropout = `,"activation":"relu"`, `Dropout {"rate":0.25}`
	classes := `Dense {"units":10,"activation":"softmax"}`
	for _, m := range []testModel{
		newModel("mlp", sequential(784, `Dense {"units":512`+relu+`}`, dropout, `Dense {"units":512`+relu+`}`, dropout, classes), cce),
		newModel("cnn", sequential(784, `Reshape {"target_shape":[28,28,1]}`, conv(32, relu), conv(64, relu), `MaxPooling2D {"pool_size":[2,2]}`, dropout,
			`Flatten {}`, `Dense {"units":128`+relu+`}`, dropout, classes), cce),
		newModel("resnet", sequential(32*32*16, `Reshape {"target_shape":[32,32,16]}`, conv(16, `,"padding":"same"`), `BatchNormalization {"axis":[-1]}`,
			`Activation {"activation":"relu"}`, conv(16, `,"padding":"same"`), `BatchNormalization {"axis":[-1]}`, `GlobalAveragePooling2D {}`, classes), cce),
		newModel("lstm", sequential(80*128, `Reshape {"target_shape":[80,128]}`, `Dense {"units":128}`, `LSTM {"units":128}`, classes), cce),
	} {
		b.Run(m.Name, func(b *testing.B) { benchmarkStep(b, m) })
	}
}

func benchmarkStep(b *testing.B, m testModel) {
	opt, err := optimizer.New(params.Call{Name: "adam"})
	if err != nil {
		b.Fatal(err)
	}
	r := newRig(b, m, 128, 1)
	g, err := graph.Build(r.spec, graph.Options{Batch: 128, Training: true, Losses: m.LossList(b)})
	if err != nil {
		b.Fatal(err)
	}
	p, err := plan.Compile(g, Device{}, opt)
	if err != nil {
		b.Fatal(err)
	}
	mem, _ := Device{}.NewMemory(p.Sizes)
	program, err := Device{}.Bind(p, mem)
	if err != nil {
		b.Fatal(err)
	}
	for i := range r.weights {
		r.weights[i] /= 10
	}
	copy(mem.Host(plan.Ref{Space: plan.Weights, Len: r.spec.NumWeights}), r.weights)
	copy(mem.Host(p.Inputs[0]), r.values[r.graph.Inputs[0]])
	copy(mem.Host(p.Labels[0]), r.values[r.graph.Labels[0]])
	copy(mem.Host(p.Scales[0]), r.values[r.graph.Scales[0]])
	r.step.Scalars = opt.Scalars(0)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	peak, fastest := 0.0, time.Hour
	b.ReportAllocs()
	for b.Loop() {
		peak = max(peak, fmapeak.FLOPS(2*time.Millisecond))
		start := time.Now()
		if err := program.Run(&r.step); err != nil {
			b.Fatal(err)
		}
		fastest = min(fastest, time.Since(start))
	}
	b.ReportMetric(float64(p.FLOP())/fastest.Seconds()/1e9, "GFLOP/s")
	b.ReportMetric(100*float64(p.FLOP())/fastest.Seconds()/peak, "%peak")
	b.ReportMetric(float64(fastest.Nanoseconds()), "ns-min")
}
