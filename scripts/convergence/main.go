// Command convergence trains an MLP and a CNN on 1 to 16 shards of MNIST and Fashion-MNIST by several rules of averaging and writes
// docs/convergence.md: accuracy on 10,000 test images after every pass. See run beside it.
//
// A study is a list of cases, in the order of their worth; each is one call of pipelines.Fit on the direct runner in this process, as the command makes
// it. A case that has a line in results.jsonl is not trained again.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/fileio"
	"github.com/beamfit/beamfit/pipelines"
)

// passes is the number of passes of every fit.
const passes = 10

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir := flag.String("dir", "", "folder of the data and of results.jsonl")
	minutes := flag.Int("minutes", 120, "begin no fit after so many minutes")
	only := flag.String("only", "", "train only cases with this text")
	times := flag.String("times", "", "mlp or cnn: measure the time of this network and of the peers in place of the study; needs --python")
	python := flag.String("python", "", "interpreter with Keras and PyTorch")
	page := flag.Bool("page", false, "write docs/convergence.md of the results")
	flag.Parse()
	var err error
	if *times != "" {
		err = measure(ctx, *dir, *times, *python)
	} else {
		err = study(ctx, *dir, *only, time.Now().Add(time.Duration(*minutes)*time.Minute))
	}
	if err == nil && *page {
		err = writePage(*dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "convergence:", err)
		os.Exit(1)
	}
}

// study trains what is missing until the deadline.
func study(ctx context.Context, dir, only string, deadline time.Time) error {
	done, err := readResults(dir)
	if err != nil {
		return err
	}
	for _, c := range cases() {
		if _, ok := find(done, c); ok || !strings.Contains(c.String(), only) {
			continue
		}
		if time.Now().After(deadline) {
			break
		}
		fmt.Println(c)
		r, err := c.run(ctx, dir, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		if err := keep(dir, r.result); err != nil {
			return err
		}
	}
	return nil
}

// A result is what a case has given.
type result struct {
	Case     fitCase
	Accuracy []float64 // after each pass
}

func resultsFile(dir string) string { return filepath.Join(dir, "results.jsonl") }

func readResults(dir string) (all []result, err error) {
	f, err := os.Open(resultsFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r result
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		all = append(all, r)
	}
	return all, lines.Err()
}

func find(results []result, c fitCase) (result, bool) {
	for _, r := range results {
		if r.Case == c {
			return r, true
		}
	}
	return result{}, false
}

// keep adds a result to those that there are.
func keep(dir string, r result) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(resultsFile(dir), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", line)
	return errors.Join(err, out.Close())
}

// run trains the case: all passes, or with a goal those until the accuracy is there.
func (c fitCase) run(ctx context.Context, dir string, goal float64) (timed, error) {
	store, err := fileio.Open(ctx, fmt.Sprintf("file:%s/%s-%d", dir, c.Set, c.Rows))
	if err != nil {
		return timed{}, err
	}
	defer store.Close()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := timed{result: result{Case: c}}
	began := time.Now()
	env := pipelines.Env{Store: store, Progress: func(e pipelines.Event) {
		if e.Iteration != nil {
			r.Accuracy = append(r.Accuracy, e.Iteration.ValidationMetrics[0].Value)
			r.Seconds = append(r.Seconds, time.Since(began).Seconds())
			if goal > 0 && r.reached(goal) {
				stop(errReached)
			}
		}
	}}
	opt := rules[c.Rule]
	opt.Source, opt.Validation, opt.Model = fmt.Sprintf("train_%d", c.Shards), "test_packed", fmt.Sprintf("model_%d", os.Getpid())
	opt.ArchTable, opt.ID = "arch", map[string]int{"mlp": 1, "cnn": 2}[c.Net]
	opt.Compile = "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']"
	opt.Fit, opt.Iterations, opt.MetricsEvery, opt.Replace, opt.Seed = "batch_size=128, epochs=1, verbose=0", passes, 1, true, c.Seed
	_, err = pipelines.Fit(ctx, env, opt)
	if context.Cause(ctx) == errReached {
		return r, nil
	}
	return r, err
}
