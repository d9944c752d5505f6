// Command runners measures what an iteration of a fit costs on each runner; scripts/runners builds it, starts Flink and says how to use it.
//
// The rows are so few that nearly all of the time is the runner's and that of the vectors of weights: 128 rows, one batch per shard. The
// cost of an iteration is the difference of two whole commands with more and with fewer iterations, so that starting, reading and
// writing do not count, but what is between the pipelines of a long fit does. A figure is the least of several.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A network is a size of weights; both fits of a pair must have whole pipelines of it.
type network struct {
	name          string
	units         []int
	fewer, larger int // iterations of the two fits
}

const features = 16

var networks = []network{
	{"1KB", []int{12}, 2, 10},
	{"4MB", []int{1000, 980}, 2, 6},
	{"40MB", []int{3200, 3100}, 1, 3},
}

// weights is the number of weights of the network, whose last layer has three units.
func (n network) weights() (sum int) {
	in := features
	for _, units := range append(slices.Clone(n.units), 3) {
		sum += (in + 1) * units
		in = units
	}
	return sum
}

// json is the network in Keras' form.
func (n network) json() string {
	var layers []string
	for i, units := range n.units {
		layers = append(layers, fmt.Sprintf(`{"class_name": "Dense", "config": {"name": "d%d", "units": %d, "activation": "relu", "batch_input_shape": [null, %d]}}`, i, units, features))
	}
	layers = append(layers, `{"class_name": "Dense", "config": {"name": "out", "units": 3, "activation": "softmax"}}`)
	return `{"class_name": "Sequential", "keras_version": "2.2.4", "config": [` + strings.Join(layers, ",\n") + `]}`
}

// A place is a runner with its flags.
type place struct {
	name, title string
	flags       []string
}

// A bench is a folder with the program, a store and the tables.
type bench struct {
	work  string
	pairs int
	limit time.Duration
}

func main() {
	work := flag.String("work", "", "folder for everything, with bin/beamfit in it; scripts/runners makes and removes it")
	only := flag.String("only", "", "runners; default: all")
	sizes := flag.String("weights", "", "sizes of weights; default: all")
	numbers := flag.String("shards", "1,8,64", "numbers of shards")
	pairs := flag.Int("pairs", 3, "how often a figure is measured")
	limit := flag.Duration("limit", 3*time.Minute, "longest fit")
	sync := flag.Bool("sync", false, "measure an average more within a pass instead")
	flag.Parse()
	if flag.NArg() > 0 || *work == "" || *pairs < 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := &bench{*work, *pairs, *limit}
	if *sync {
		flag.Visit(func(f *flag.Flag) {
			if f.Name != "work" && f.Name != "sync" && f.Name != "pairs" {
				exit(fmt.Errorf("-%s cannot be used with -sync, which measures one case", f.Name))
			}
		})
		exit(b.averages(ctx))
		return
	}
	chosen := func(list, name string) bool { return list == "" || slices.Contains(strings.Split(list, ","), name) }
	places := slices.DeleteFunc(b.places(), func(p place) bool { return !chosen(*only, p.name) })
	nets := slices.DeleteFunc(slices.Clone(networks), func(n network) bool { return !chosen(*sizes, n.name) })
	exit(b.run(ctx, places, nets, strings.Split(*numbers, ",")))
}

// exit ends the program where there is an error.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "runners:", err)
		os.Exit(1)
	}
}

// places are the runners that there are.
func (b *bench) places() []place {
	list := []place{
		{"direct", "direct", nil},
		{"prism", "prism", []string{"--runner", "prism"}},
		{"prism-workers", "prism, worker processes", []string{"--runner", "prism", "--environment-type", "PROCESS"}},
	}
	for _, f := range []struct{ name, title, kind, parallelism string }{
		{"flink-embedded", "Flink, embedded", "embedded", "1"}, {"flink", "Flink, two TaskManagers", "up", "2"},
	} {
		data, err := os.ReadFile(filepath.Join(b.work, f.kind+".env"))
		if err != nil || len(data) == 0 {
			continue
		}
		p := place{f.name, f.title, []string{"--runner", "flink", "--parallelism", f.parallelism}}
		for line := range strings.Lines(string(data)) {
			switch name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name {
			case "JOB_ENDPOINT":
				p.flags = append(p.flags, "--endpoint", value)
			case "FLINK_REST":
				p.flags = append(p.flags, "--flink-rest", value)
			}
		}
		list = append(list, p)
	}
	return list
}

// run measures everything and prints a row when it is done.
func (b *bench) run(ctx context.Context, places []place, nets []network, shards []string) error {
	if err := b.prepare(ctx, nets, shards); err != nil {
		return err
	}
	head := []string{"weights", "shards"}
	for _, p := range places {
		head = append(head, p.title)
	}
	printRow(head...)
	fmt.Println("|" + strings.Repeat("---|", len(head)))
	submits := []string{"a command of one iteration, 1 KB, 1 shard", ""}
	for _, n := range nets {
		for _, s := range shards {
			cells := []string{n.name, s}
			for _, p := range places {
				c, err := b.cell(ctx, n, s, p)
				if err != nil {
					return err
				}
				cells = append(cells, c.iteration())
				if n.name == networks[0].name && s == "1" {
					one, err := b.least(ctx, n, s, p, 1)
					if err != nil {
						return err
					}
					submits = append(submits, figure(one))
				}
			}
			printRow(cells...)
		}
	}
	if len(submits) > 2 {
		printRow(submits...)
	}
	return nil
}

func printRow(cells ...string) { fmt.Printf("| %s |\n", strings.Join(cells, " | ")) }

// prepare makes the tables of 128 rows.
func (b *bench) prepare(ctx context.Context, nets []network, shards []string) error {
	return b.tables(ctx, 128, "2", nets, shards)
}

// tables makes tables of so many rows, in buffers of a size, and the architectures.
func (b *bench) tables(ctx context.Context, count int, bufferSize string, nets []network, shards []string) error {
	random := rand.New(rand.NewPCG(1, 2))
	var rows strings.Builder
	rows.WriteString("id,x,label\n")
	for i := range count {
		var values []string
		for range features {
			values = append(values, fmt.Sprintf("%.3f", random.NormFloat64()))
		}
		fmt.Fprintf(&rows, "%d,\"{%s}\",%c\n", i, strings.Join(values, ","), 'a'+i%3)
	}
	if err := os.WriteFile(filepath.Join(b.work, "rows.csv"), []byte(rows.String()), 0o644); err != nil {
		return err
	}
	commands := [][]string{{"import", "rows.csv", "rows", "--types", "id integer, x real[], label text"}}
	for _, s := range shards {
		commands = append(commands, []string{"preprocess", "rows", "packed_" + s, "--dependent", "label", "--independent", "x", "--shards", s, "--buffer-size", bufferSize})
	}
	for _, n := range nets {
		if err := os.WriteFile(filepath.Join(b.work, n.name+".json"), []byte(n.json()), 0o644); err != nil {
			return err
		}
		commands = append(commands, []string{"load-model", "arch_" + n.name, n.name + ".json"})
		fmt.Fprintf(os.Stderr, "%s: %d weights\n", n.name, n.weights())
	}
	for _, args := range commands {
		if _, err := b.beamfit(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// beamfit runs a command and returns how long it took.
func (b *bench) beamfit(ctx context.Context, args ...string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(b.work, "bin", "beamfit"), append(args, "--quiet")...)
	cmd.Dir, cmd.Env = b.work, append(os.Environ(), "BEAMFIT_DB=file:"+filepath.Join(b.work, "store"))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends its job on an engine too
	cmd.WaitDelay = time.Minute
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("beamfit %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return time.Since(begun), nil
}

// fit trains so many iterations.
func (b *bench) fit(ctx context.Context, n network, shards string, p place, iterations int, flags ...string) (time.Duration, error) {
	return b.beamfit(ctx, slices.Concat([]string{
		"fit", "packed_" + shards, "model", "--arch", "arch_" + n.name, "--id", "1", "--compile", "loss='categorical_crossentropy', optimizer='sgd'",
		"--fit", "batch_size=128", "--iterations", strconv.Itoa(iterations), "--replace",
	}, p.flags, flags)...)
}

// least is the least time of so many iterations.
func (b *bench) least(ctx context.Context, n network, shards string, p place, iterations int) (least time.Duration, err error) {
	for range b.pairs {
		took, err := b.fit(ctx, n, shards, p, iterations)
		if err != nil {
			return 0, err
		}
		if least == 0 || took < least {
			least = took
		}
	}
	return least, nil
}

// A cell is what was measured of a network, a number of shards and a runner.
type cell struct {
	fewer, larger time.Duration // least times of the two fits; 0: not measured
	between       int           // iterations
}

// cell measures one.
func (b *bench) cell(ctx context.Context, n network, shards string, p place) (c cell, err error) {
	c.between = n.larger - n.fewer
	within, stop := context.WithTimeout(ctx, b.limit)
	defer stop()
	if _, err := b.fit(within, n, shards, p, n.fewer); err != nil { // which warms the engine up
		if ctx.Err() == nil && within.Err() != nil {
			err = nil // the cell is left open
		}
		return cell{}, err
	}
	for range b.pairs {
		fewer, err := b.fit(ctx, n, shards, p, n.fewer)
		if err != nil {
			return cell{}, err
		}
		larger, err := b.fit(ctx, n, shards, p, n.larger)
		if err != nil {
			return cell{}, err
		}
		if c.fewer == 0 || fewer < c.fewer {
			c.fewer = fewer
		}
		if c.larger == 0 || larger < c.larger {
			c.larger = larger
		}
		fmt.Fprintf(os.Stderr, "%s, %s shards, %s: %d iterations %v, %d iterations %v\n", n.name, shards, p.title,
			n.fewer, fewer.Round(time.Millisecond), n.larger, larger.Round(time.Millisecond))
	}
	return c, nil
}

// iteration is the cost of an iteration.
func (c cell) iteration() string {
	if c.fewer == 0 {
		return "–"
	}
	return figure(max(0, c.larger-c.fewer) / time.Duration(c.between))
}

func figure(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 0.01:
		return fmt.Sprintf("%.2f ms", 1000*s)
	case s < 1:
		return fmt.Sprintf("%.0f ms", 1000*s)
	default:
		return fmt.Sprintf("%.1f s", s)
	}
}
