package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/klauspost/cpuid/v2"
)

// goals are the accuracies that time is measured to.
var goals = map[string]float64{"mlp": 0.98, "cnn": 0.99}

// peers train the network as one worker on all rows (peers.py), with as many threads as they choose.
var peers = []string{"keras", "torch"}

// timed is a fit whose time is measured.
type timed struct {
	Name string // in the table
	result
	Seconds []float64 // since the beginning, after each pass
}

// A race is the fits of a network whose times compare: of one call, one after the other on one machine, which nobody else should use.
type race struct {
	Machine string
	Fits    []timed
}

func raceFile(dir, net string) string { return filepath.Join(dir, "times-"+net+".json") }

// measure trains the network on all images of MNIST, by beamfit and by the peers, and keeps the times in place of earlier ones.
func measure(ctx context.Context, dir, net, python string) error {
	if goals[net] == 0 || python == "" {
		return fmt.Errorf("--times %s: expected mlp or cnn, and --python", net)
	}
	done, err := readResults(dir)
	if err != nil {
		return err
	}
	r := race{Machine: fmt.Sprintf("%d cores, %s, %s", runtime.NumCPU(), cpuid.CPU.BrandName, time.Now().UTC().Format(time.DateOnly))}
	add := func(name string, t timed, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("%s: %.1f s\n", name, t.Seconds[len(t.Seconds)-1])
		t.Name = name
		r.Fits = append(r.Fits, t)
		return nil
	}
	for _, c := range []fitCase{{Shards: 1, Rule: "plain"}, {Shards: 8, Rule: "auto"}, {Shards: 16, Rule: "auto"}} {
		c.Set, c.Net, c.Rows, c.Seed = "mnist", net, 60000, 1
		t, err := c.run(ctx, dir)
		if err := add(c.line(), t, err); err != nil {
			return err
		}
		if _, ok := find(done, c); !ok {
			if err := keep(dir, t.result); err != nil {
				return err
			}
		}
	}
	for _, peer := range peers {
		t, err := runPeer(ctx, dir, python, peer, net)
		if err := add(peer, t, err); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(raceFile(dir, net), append(text, '\n'), 0o644)
}

func runPeer(ctx context.Context, dir, python, peer, net string) (t timed, err error) {
	cmd := exec.CommandContext(ctx, python, "scripts/convergence/peers.py", peer, net, "60000", "1", fmt.Sprint(passes), dir+"/package/data")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(out, &t)
}

// times writes when each first reached the goal, where that was measured, and what is kept of it beside the script.
func (g group) times(b *strings.Builder, dir string) error {
	if g.set != "mnist" || g.rows != 60000 {
		return nil
	}
	text, err := os.ReadFile(raceFile(dir, g.net))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var r race
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("%s: %w", raceFile(dir, g.net), err)
	}
	fmt.Fprintf(b, "\nTime, with the accuracy measured after every pass, in one run (%s). Shards share the cores that one worker has alone:\n\n", r.Machine)
	fmt.Fprintf(b, "| | a pass | first at %.0f %% | after | ten passes end at |\n|---|---|---|---|---|\n", 100*goals[g.net])
	for _, t := range r.Fits {
		first, after := "never", "–"
		for i, a := range t.Accuracy {
			if a >= goals[g.net] {
				first, after = fmt.Sprintf("%.1f s", t.Seconds[i]), fmt.Sprintf("%d passes", i+1)
				break
			}
		}
		fmt.Fprintf(b, "| %s | %.1f s | %s | %s | %.2f |\n", t.Name, t.Seconds[passes-1]/passes, first, after, 100*t.Accuracy[passes-1])
	}
	return os.WriteFile("scripts/convergence/times-"+g.net+".json", text, 0o644)
}
