// Command bench measures beamfit against Keras, PyTorch, JAX, OpenBLAS, MKL, psql, pyarrow and DuckDB doing the same work on the same cores, and against
// itself, and writes the table between the markers of docs/benchmarks.md for the processor's maker. scripts/bench/run makes the Python
// environment and starts it.
//
// Every work is prepared and warmed up on both sides, then run in turns: ours, peer, ours, peer, ... A ratio is the peer's
// figure over ours in the same turn, so a machine whose speed drifts does not change it; the median of the turns is printed,
// with the smallest and the largest.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/cpuid/v2"

	"github.com/beamfit/beamfit/model/kernels/fmapeak"
)

func main() {
	python := flag.String("python", "python3", "interpreter that has the packages of requirements.txt")
	script := flag.String("peers", "scripts/bench/peers.py", "path of peers.py")
	out := flag.String("out", "docs/benchmarks.md", "file whose marked part gets the rows that were measured; empty: print only")
	turns := flag.Int("turns", 5, "turns per work")
	only := flag.String("only", "", "run only the works whose name or peer contains this text")
	list := flag.Bool("list", false, "list the works and run nothing")
	flag.Parse()
	all := works()
	if *list {
		for _, w := range all {
			fmt.Printf("%s, against %s\n", w.name, w.peer)
		}
		return
	}
	peers = peerProcesses{python: *python, script: *script}
	err := bench(all, *out, max(*turns, 1), *only)
	peers.stop()
	scratch.remove()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench runs the works. One that fails is told and left out, and the others go on.
func bench(all []*work, out string, turns int, only string) error {
	versions, err := peers.versions()
	if err != nil {
		return err
	}
	measured := map[*work]string{}
	var errs []error
	fmt.Print(header)
	for _, w := range all {
		if !strings.Contains(w.name, only) && !strings.Contains(w.peer, only) {
			continue
		}
		r, err := w.measure(turns)
		if err != nil {
			err = fmt.Errorf("%s against %s: %w", w.name, w.peer, err)
			fmt.Fprintln(os.Stderr, "bench:", err)
			errs = append(errs, err)
			continue
		}
		measured[w] = w.line(r)
		fmt.Print(measured[w])
	}
	if out != "" && len(measured) > 0 {
		errs = append(errs, update(out, cpuid.CPU.VendorID.String(), versions, all, measured))
	}
	return errors.Join(errs...)
}

// measure runs a work in turns.
func (w *work) measure(turns int) (result, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(w.cores))
	theirs, err := w.theirs(w)
	if err != nil {
		return result{}, err
	}
	defer theirs.stop()
	ours, err := w.ours()
	if err != nil {
		return result{}, err
	}
	defer ours.stop()
	if w.turns > 0 {
		turns = min(turns, w.turns)
	}
	r := result{setting: theirs.setting}
	for range turns {
		a, err := ours.run()
		if err != nil {
			return r, err
		}
		if w.flop > 0 {
			if peak := fmapeak.FLOPS(5 * time.Millisecond); peak > 0 {
				r.shares = append(r.shares, w.flop/a/peak)
			}
		}
		b, err := theirs.run()
		if err != nil {
			return r, err
		}
		r.mine, r.theirs, r.ratios = append(r.mine, a), append(r.theirs, b), append(r.ratios, b/a)
	}
	for _, s := range [][]float64{r.mine, r.theirs, r.ratios, r.shares} {
		slices.Sort(s)
	}
	return r, nil
}
