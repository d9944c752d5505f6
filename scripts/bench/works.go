package main

import (
	"fmt"
	"runtime"
	"time"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
)

// A work is one row of the table: something that beamfit does, and something else to compare with.
type work struct {
	name    string
	cores   int // of both sides
	rows    int // rows that one run works on; 0: no such figure
	flop    float64
	unit    string  // of what a run returns; "": seconds
	atLeast float64 // the ratio to reach; 0: none
	turns   int     // at most; 0: as many as asked for
	ours    func() (*side, error)
	theirs  func(w *work) (*side, error)
	peer    string
}

// A side is one party of a work, ready to run.
type side struct {
	setting string
	run     func() (float64, error)
	close   func()
}

func (s *side) stop() {
	if s.close != nil {
		s.close()
	}
}

// asking is the side of a peer that does what a request says.
func asking(request map[string]any) func(*work) (*side, error) {
	return func(w *work) (*side, error) { return askPeer(w.peer, w.cores, request) }
}

func works() []*work {
	var list []*work
	list = append(list, trainings()...)
	list = append(list, predictions()...)
	list = append(list, products()...)
	list = append(list, convolutions()...)
	list = append(list, commands()...)
	list = append(list, fileWorks(runtime.NumCPU())...)
	list = append(list, tableWorks(runtime.NumCPU())...)
	return list
}

func trainings() (list []*work) {
	for _, c := range []struct {
		title, net  string
		batch, rows int
		atLeast     [3]float64 // against Keras, PyTorch and JAX
	}{
		{"iris MLP", "iris", 5, 600, [3]float64{}},
		{"MNIST MLP", "mnist_mlp", 128, 12800, [3]float64{1.5, 1.5}},
		{"MNIST CNN", "mnist_cnn", 128, 1280, [3]float64{1.2, 1.2}},
		{"CIFAR-10 CNN", "cifar_cnn", 32, 640, [3]float64{1.2, 1.2}},
		{"CIFAR-10 CNN", "cifar_cnn", 128, 768, [3]float64{1.2, 1.2}},
		{"ResNet-20", "resnet20", 128, 512, [3]float64{1, 0}},
		{"LSTM of 80 words", "text_lstm", 128, 1280, [3]float64{}},
	} {
		for i, peer := range []string{"keras", "torch", "jax"} {
			list = append(list, &work{
				name: fmt.Sprintf("train %s, batch %d", c.title, c.batch), cores: runtime.NumCPU(), rows: c.rows, atLeast: c.atLeast[i],
				ours: func() (*side, error) { return ourTraining(findNet(c.net), c.batch, c.rows) },
				peer: peer, theirs: asking(map[string]any{"op": "train", "net": c.net, "batch": c.batch, "rows": c.rows, "epochs": 1}),
			})
		}
	}
	for _, c := range []struct {
		title, net  string
		batch, rows int
		atLeast     float64
	}{{"MNIST MLP", "mnist_mlp", 128, 25600, 1.9}, {"MNIST CNN", "mnist_cnn", 128, 2560, 1.9}, {"ResNet-20", "resnet20", 128, 256, 0}} {
		list = append(list, &work{
			name: fmt.Sprintf("train %s, 2 shards on 2 cores", c.title), cores: 2, rows: 2 * c.rows, atLeast: c.atLeast,
			ours: func() (*side, error) { return ourShards(findNet(c.net), c.batch, c.rows, 2, 2) },
			peer: "beamfit", theirs: func(*work) (*side, error) { return ourShards(findNet(c.net), c.batch, c.rows, 2, 1) },
		}, &work{
			name: fmt.Sprintf("train %s, 1 shard on 2 cores", c.title), cores: 2, rows: 2 * c.rows,
			ours: func() (*side, error) { return ourShards(findNet(c.net), c.batch, 2*c.rows, 1, 2) },
			peer: "beamfit", theirs: func(*work) (*side, error) { return ourShards(findNet(c.net), c.batch, 2*c.rows, 1, 1) },
		})
	}
	list = append(list, mixedTrainings()...)
	const batch, rows = 128, 12800
	return append(list, &work{
		name: "train MNIST MLP, loss as text", cores: 1, rows: rows, atLeast: 0.87, // 1/1.15
		ours: func() (*side, error) { return ourLoss(findNet("mnist_mlp"), "text", batch, rows) },
		peer: "beamfit", theirs: func(*work) (*side, error) { return ourLoss(findNet("mnist_mlp"), crossentropy, batch, rows) },
	})
}

// mixedTrainings are those in mixed_bfloat16, against PyTorch's autocast and against float32.
func mixedTrainings() (list []*work) {
	for _, c := range []struct {
		title, net  string
		batch, rows int
	}{{"MNIST MLP", "mnist_mlp", 128, 12800}, {"CIFAR-10 CNN", "cifar_cnn", 32, 640}, {"LSTM of 80 words", "text_lstm", 128, 1280}} {
		name, mixed := fmt.Sprintf("train %s in mixed_bfloat16, batch %d", c.title, c.batch), findNet(c.net).in(keras.MixedBfloat16)
		ours := func() (*side, error) { return ourTraining(mixed, c.batch, c.rows) }
		list = append(list, &work{
			name: name, cores: runtime.NumCPU(), rows: c.rows, ours: ours,
			peer: "torch", theirs: asking(map[string]any{"op": "train", "net": c.net, "batch": c.batch, "rows": c.rows, "epochs": 1, "autocast": true}),
		}, &work{
			name: name + ", against float32", cores: runtime.NumCPU(), rows: c.rows, ours: ours,
			peer: "beamfit", theirs: func(*work) (*side, error) { return ourTraining(findNet(c.net), c.batch, c.rows) },
		})
	}
	return list
}

func predictions() (list []*work) {
	for _, peer := range []string{"keras", "torch"} {
		list = append(list, &work{
			name: "predict MNIST CNN", cores: runtime.NumCPU(), rows: 2560, atLeast: 1.5,
			ours: func() (*side, error) { return ourPrediction(findNet("mnist_cnn"), 2560) },
			peer: peer, theirs: asking(map[string]any{"op": "predict", "net": "mnist_cnn", "batch": 256, "rows": 2560}),
		})
	}
	return list
}

// products are matrix products; with gradients also those of both factors.
func products() (list []*work) {
	for _, c := range []struct {
		m, n, k, repeat int
		gradients       bool
		atLeast         float64
	}{
		{512, 512, 512, 40, false, 0.95},
		{1024, 1024, 1024, 6, false, 0.95},
		{128, 512, 784, 30, true, 0},
		{128, 512, 512, 40, true, 0},
		{128, 10, 512, 1000, true, 0},
	} {
		name, flop := fmt.Sprintf("SGEMM %dx%dx%d", c.m, c.n, c.k), 2*float64(c.m)*float64(c.n)*float64(c.k)*float64(c.repeat)
		if c.gradients {
			name += " and its gradients"
			flop *= 3
		}
		for _, peer := range []string{"numpy", "torch"} {
			list = append(list, &work{
				name: name, cores: 1, flop: flop, atLeast: c.atLeast,
				ours: func() (*side, error) { return ourGemm(c.m, c.n, c.k, c.repeat, c.gradients), nil },
				peer: peer, theirs: asking(map[string]any{"op": "gemm", "m": c.m, "n": c.n, "k": c.k, "repeat": c.repeat, "gradients": c.gradients}),
			})
		}
	}
	return list
}

// convolutions are the 3x3 ones of the networks, forward and both gradients.
func convolutions() (list []*work) {
	for _, c := range []struct {
		net                 string
		n, h, c, f, strides int
		same                bool
		repeat              int
	}{
		{"MNIST CNN", 128, 26, 32, 64, 1, false, 1},
		{"CIFAR-10 CNN", 128, 32, 32, 32, 1, false, 1},
		{"CIFAR-10 CNN", 128, 15, 32, 64, 1, true, 2},
		{"CIFAR-10 CNN", 128, 15, 64, 64, 1, false, 2},
		{"ResNet-20", 128, 32, 16, 16, 1, true, 3},
		{"ResNet-20", 128, 32, 16, 32, 2, true, 5},
		{"ResNet-20", 128, 16, 32, 32, 1, true, 3},
		{"ResNet-20", 128, 8, 64, 64, 1, true, 4},
	} {
		s := kernels.Conv2DShape{N: c.n, H: c.h, W: c.h, C: c.c, KH: 3, KW: 3, F: c.f, SH: c.strides, SW: c.strides, DH: 1, DW: 1, Groups: 1}
		s.OH = c.h - 2
		if c.same {
			s.OH = (c.h-1)/c.strides + 1
			pad := (s.OH-1)*c.strides + 3 - c.h
			s.PadTop, s.PadBottom = pad/2, pad-pad/2
			s.PadLeft, s.PadRight = s.PadTop, s.PadBottom
		}
		s.OW = s.OH
		name := fmt.Sprintf("3x3 convolution %dx%dx%d to %d of %s and its gradients", c.h, c.h, c.c, c.f, c.net)
		list = append(list, &work{
			name: name, cores: 1, atLeast: 1,
			flop: 3 * 2 * float64(s.N*s.OH*s.OW*s.F*9*s.C) * float64(c.repeat),
			ours: func() (*side, error) { return ourConv(s, c.repeat), nil },
			peer: "torch", theirs: asking(map[string]any{
				"op": "conv", "n": s.N, "h": s.H, "w": s.W, "c": s.C, "f": s.F, "stride": c.strides, "same": c.same, "repeat": c.repeat,
			}),
		})
	}
	return list
}

// commandTurns is for works that take many seconds.
const commandTurns = 3

func commands() []*work {
	all := runtime.NumCPU()
	return []*work{
		{
			name: "command: fit, iris page, 3 shards, 10 x 3 passes", cores: all, rows: 3600, atLeast: 10,
			ours: fitIris, peer: "keras",
			theirs: asking(map[string]any{"op": "train", "net": "iris", "batch": 5, "rows": 120, "epochs": 30}),
		},
		{
			name: "command: fit, MNIST MLP, 2 shards, 5 iterations", cores: 2, rows: 5 * mnistRows, atLeast: 0.95, turns: commandTurns,
			ours: fitMNIST, peer: "beamfit", theirs: func(*work) (*side, error) { return mnistLoop() },
		},
		{
			name: "command: preprocess, MNIST from PostgreSQL", cores: all, rows: mnistRows, atLeast: 0.6, turns: commandTurns,
			ours: preprocessMNIST, peer: "psql", theirs: func(*work) (*side, error) { return copyMNIST() },
		},
		{
			name: "peak memory: fit, MNIST MLP, folder", cores: 2, unit: "MB", atLeast: 1, turns: commandTurns,
			ours: fitMNISTMemory, peer: "packed data + 150 MB", theirs: func(*work) (*side, error) { return packedSize() },
		},
	}
}

// seconds measures a function.
func seconds(f func() error) (float64, error) {
	start := time.Now()
	err := f()
	return time.Since(start).Seconds(), err
}
