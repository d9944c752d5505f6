// Command bench measures beamfit's engine against Keras, PyTorch and OpenBLAS doing the same work on the same cores, and writes
// the table between the markers of docs/benchmarks.md. scripts/bench/run makes the Python environment and starts it.
//
// Every work is prepared and warmed up on all sides, then run in turns: ours, peer, ours, peer, ... A ratio is the peer's time
// over ours in the same turn, so a machine whose speed drifts does not change it; the median of the turns is printed, with
// the smallest and the largest.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

const (
	beginMark = "<!-- bench:begin -->"
	endMark   = "<!-- bench:end -->"
)

// A work is one row of the table.
type work struct {
	name    string
	peer    string
	threads int // of both sides
	samples int // rows per run, 0: none
	ours    func() (func() (float64, error), error)
	request map[string]any
}

func works() []work {
	all := runtime.NumCPU()
	train := func(title, net string, batch, rows int) []work {
		var out []work
		for _, peer := range []string{"keras", "torch"} {
			out = append(out, work{
				fmt.Sprintf("train %s, batch %d", title, batch), peer, all, rows,
				func() (func() (float64, error), error) { return ourTraining(findNet(net), batch, rows) },
				map[string]any{"op": "train", "net": net, "batch": batch, "rows": rows},
			})
		}
		return out
	}
	var list []work
	list = append(list, train("iris MLP", "iris", 5, 600)...)
	list = append(list, train("MNIST MLP", "mnist_mlp", 128, 12800)...)
	list = append(list, train("MNIST CNN", "mnist_cnn", 128, 1280)...)
	list = append(list, train("CIFAR-10 CNN", "cifar_cnn", 32, 640)...)
	list = append(list, train("CIFAR-10 CNN", "cifar_cnn", 128, 640)...)
	for _, peer := range []string{"keras", "torch"} {
		list = append(list, work{
			"predict MNIST CNN", peer, all, 2560,
			func() (func() (float64, error), error) { return ourPrediction(findNet("mnist_cnn"), 2560) },
			map[string]any{"op": "predict", "net": "mnist_cnn", "batch": 256, "rows": 2560},
		})
	}
	for _, s := range [][4]int{{512, 512, 512, 50}, {1024, 1024, 1024, 6}, {128, 512, 784, 100}, {128, 512, 512, 150}, {128, 10, 512, 3000}} {
		list = append(list, work{
			fmt.Sprintf("SGEMM %dx%dx%d", s[0], s[1], s[2]), "numpy", 1, 0,
			func() (func() (float64, error), error) { return ourGemm(s[0], s[1], s[2], s[3]), nil },
			map[string]any{"op": "gemm", "m": s[0], "n": s[1], "k": s[2], "repeat": s[3]},
		})
	}
	return list
}

func main() {
	python := flag.String("python", "python3", "interpreter that has the packages of requirements.txt")
	script := flag.String("peers", "scripts/bench/peers.py", "path of peers.py")
	out := flag.String("out", "docs/benchmarks.md", "file whose marked part is replaced; empty: print only")
	turns := flag.Int("turns", 7, "turns per work")
	only := flag.String("only", "", "run only the works whose name or peer contains this text")
	flag.Parse()
	if err := bench(*python, *script, *out, *turns, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(python, script, out string, turns int, only string) error {
	var table bytes.Buffer
	fmt.Fprintf(&table, "%s; %s; %d cores; Go %s; %d turns.\n\n", time.Now().UTC().Format("2006-01-02"), cpuModel(), runtime.NumCPU(), runtime.Version()[2:], turns)
	fmt.Fprintln(&table, "| work | cores | beamfit, s | peer | its setting | peer, s | peer / beamfit (least - most) |")
	fmt.Fprintln(&table, "|---|---|---|---|---|---|---|")
	fmt.Print(table.String())
	for _, w := range works() {
		if !strings.Contains(w.name, only) && !strings.Contains(w.peer, only) {
			continue
		}
		row, err := measure(w, python, script, turns)
		if err != nil {
			return fmt.Errorf("%s against %s: %w", w.name, w.peer, err)
		}
		fmt.Print(row)
		table.WriteString(row)
	}
	if out == "" || only != "" {
		return nil
	}
	return replaceMarked(out, table.String())
}

// measure runs a work in turns and returns its row of the table.
func measure(w work, python, script string, turns int) (string, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(w.threads))
	p, err := startPeer(python, script, w.peer, w.threads)
	if err != nil {
		return "", err
	}
	defer p.stop()
	prepared, err := p.ask(w.request)
	if err != nil {
		return "", err
	}
	ours, err := w.ours()
	if err != nil {
		return "", err
	}
	var mine, theirs, ratios []float64
	for range turns {
		a, err := ours()
		if err != nil {
			return "", err
		}
		b, err := p.run()
		if err != nil {
			return "", err
		}
		mine, theirs, ratios = append(mine, a), append(theirs, b), append(ratios, b/a)
	}
	for _, s := range [][]float64{mine, theirs, ratios} {
		slices.Sort(s)
	}
	mid := turns / 2
	speed := func(seconds float64) string {
		if w.samples == 0 {
			return fmt.Sprintf("%.4f", seconds)
		}
		return fmt.Sprintf("%.3f (%.0f rows/s)", seconds, float64(w.samples)/seconds)
	}
	return fmt.Sprintf("| %s | %d | %s | %s | %s | %s | **%.2f** (%.2f - %.2f) |\n", w.name, w.threads, speed(mine[mid]),
		w.peer, prepared.Setting, speed(theirs[mid]), ratios[mid], ratios[0], ratios[len(ratios)-1]), nil
}

// replaceMarked replaces the part of a file between the two marks.
func replaceMarked(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), beginMark)
	_, after, ok2 := strings.Cut(rest, endMark)
	if !ok || !ok2 {
		return errors.New(path + " lacks the marks " + beginMark + " and " + endMark)
	}
	return os.WriteFile(path, []byte(before+beginMark+"\n"+text+endMark+after), 0o644)
}

// cpuModel is the processor's name where the system tells it.
func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for _, line := range strings.Split(string(info), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
