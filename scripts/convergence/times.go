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

// errReached ends a fit whose accuracy is there.
var errReached = errors.New("the accuracy is reached")

// reached says whether the last pass has an accuracy.
func (t timed) reached(goal float64) bool { return t.Accuracy[len(t.Accuracy)-1] >= goal }

// A race is the fits of a network whose times compare: of one call, one after the other on one machine, which nobody else should use.
type race struct {
	Machine string
	Fits    []timed
}

func raceFile(dir, net string) string { return filepath.Join(dir, "times-"+net+".json") }

// measure trains the network on all images of MNIST until it has the accuracy, by beamfit and by the peers, and keeps the times in place of earlier ones.
func measure(ctx context.Context, dir, net, python string) error {
	goal := goals[net]
	if goal == 0 || python == "" {
		return fmt.Errorf("--times %s: expected mlp or cnn, and --python", net)
	}
	if out, err := exec.CommandContext(ctx, python, "-c", "import keras, torch").CombinedOutput(); err != nil {
		return fmt.Errorf("%s needs keras and torch: %w\n%s", python, err, out)
	}
	r := race{Machine: fmt.Sprintf("%d cores, %s, %s", runtime.NumCPU(), cpuid.CPU.BrandName, time.Now().UTC().Format(time.DateOnly))}
	add := func(name string, t timed, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("%s: %d passes, %.1f s, accuracy %.4f\n", name, len(t.Seconds), t.Seconds[len(t.Seconds)-1], t.Accuracy[len(t.Accuracy)-1])
		t.Name = name
		r.Fits = append(r.Fits, t)
		return nil
	}
	for _, c := range []fitCase{{Shards: 1, Rule: "plain"}, {Shards: 8, Rule: "auto"}, {Shards: 16, Rule: "auto"}} {
		c.Set, c.Net, c.Rows, c.Seed = "mnist", net, 60000, 1
		t, err := c.run(ctx, dir, goal)
		if err := add(c.line(), t, err); err != nil {
			return err
		}
	}
	for _, peer := range peers {
		t, err := runPeer(ctx, dir, python, peer, net, goal)
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

func runPeer(ctx context.Context, dir, python, peer, net string, goal float64) (t timed, err error) {
	cmd := exec.CommandContext(ctx, python, "scripts/convergence/peers.py", peer, net, "60000", "1", fmt.Sprint(passes), fmt.Sprint(goal), dir+"/package/data")
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
	goal := goals[g.net]
	fmt.Fprintf(b, "\nTime to %.0f %%, which is measured after every pass, in one run (%s). Shards share the cores that one worker has alone:\n\n", 100*goal, r.Machine)
	fmt.Fprint(b, "| | a pass | passes | time |\n|---|---|---|---|\n")
	for _, t := range r.Fits {
		n := len(t.Seconds)
		took := fmt.Sprintf("%.1f s", t.Seconds[n-1])
		if !t.reached(goal) {
			took = "never"
		}
		fmt.Fprintf(b, "| %s | %.1f s | %d | %s |\n", t.Name, t.Seconds[n-1]/float64(n), n, took)
	}
	return os.WriteFile("scripts/convergence/times-"+g.net+".json", text, 0o644)
}
