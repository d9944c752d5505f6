package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/beamfit/beamfit/scripts/faults.d/internal/flink"
)

// An engine is a way to run the pipelines of a command.
type engine struct {
	name    string
	args    []string
	workers bool // they are processes of their own
	cluster bool // they are those of a Flink cluster; args are known when it runs
}

// A plan is what cases are drawn from.
type plan struct {
	name     string // of the marks around its table
	kinds    []*kind
	engines  []*engine
	commands []*command
	// byEngine counts the cases of each engine apart, and has commands run again in all the ways that people have.
	byEngine bool
}

var (
	direct       = &engine{name: "direct", args: []string{"--runner", "direct"}}
	prism        = &engine{name: "prism", args: []string{"--runner", "prism"}}
	prismWorkers = &engine{name: "prism, worker processes", args: []string{"--runner", "prism", "--environment-type", "PROCESS"}, workers: true}
	onFlink      = &engine{name: "Flink", workers: true, cluster: true}
)

// storePlan is about commands, stores and files.
var storePlan = &plan{name: "faults", kinds: kinds, engines: []*engine{direct, prism}, commands: commands}

// enginePlan is about jobs, and about the processes that work for them.
var enginePlan = &plan{
	name: "engine faults", kinds: engineKinds, engines: []*engine{direct, prismWorkers, onFlink}, byEngine: true,
	commands: engineCommands,
}

// row is the row of the table that counts a case.
func (p *plan) row(k *kind, e *engine) string {
	if !p.byEngine {
		return k.name
	}
	return k.name + ": " + e.name
}

// rows are all of the table.
func (p *plan) rows() (rows []string) {
	for _, k := range p.kinds {
		for _, e := range k.takesOf(p.engines) {
			if row := p.row(k, e); !slices.Contains(rows, row) {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

const (
	// workerKept is how long Flink keeps a worker that has nothing to do, restartDelay how long it waits before it begins a job again:
	// longer, or it would get the dead worker again.
	workerKept   = 1500 * time.Millisecond
	restartDelay = 3 * time.Second
)

// startCluster starts Flink.
func (c *campaign) startCluster(ctx context.Context) (err error) {
	for _, dir := range []string{c.clusterScratch(), c.clusterTemp()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	c.cluster, err = flink.Start(ctx, filepath.Join(c.work, "flink"), c.limits.jobs, "TMPDIR="+c.clusterTemp(), "BEAMFIT_SCRATCH="+c.clusterScratch(),
		"RESTARTS=3", fmt.Sprintf("RESTART_DELAY=%d ms", restartDelay.Milliseconds()))
	if err == nil {
		onFlink.args = []string{
			"--runner", "flink", "--endpoint", c.cluster.Endpoint, "--flink-rest", c.cluster.REST, "--parallelism", fmt.Sprint(len(flink.TaskManagers)),
			"--beam-option", fmt.Sprintf("environment_cache_millis=%d", workerKept.Milliseconds()),
		}
	}
	return err
}

func (c *campaign) clusterScratch() string { return filepath.Join(c.work, "flink-scratch") }
func (c *campaign) clusterTemp() string    { return filepath.Join(c.work, "flink-tmp") }

// settle waits until nothing acts any more on what commands asked for that have ended.
func (s *scene) settle(ctx context.Context) error {
	if s.engine.cluster {
		begun := time.Now()
		names, err := s.atWork(ctx)
		if err != nil {
			return err
		}
		s.say("the jobs on Flink have ended %v later; at work: %q", time.Since(begun).Round(time.Millisecond), names)
	}
	return s.place.Settle(ctx)
}

// atWork waits until no job is at work on the cluster, and returns those that are so for too long.
func (s *scene) atWork(ctx context.Context) ([]string, error) {
	for end := time.Now().Add(s.c.limits.jobs); ; time.Sleep(50 * time.Millisecond) {
		names, err := s.c.cluster.AtWork(ctx)
		if err != nil || len(names) == 0 || time.Now().After(end) {
			return names, errors.Join(err, ctx.Err())
		}
	}
}

// clusterLeftovers are what jobs have left on the cluster. Workers stay for a while, for they may be needed again. Beam can forget one of a
// step that has failed, which then stays as long as its TaskManager does: it is killed here, since it holds a connection to its store.
func (s *scene) clusterLeftovers(ctx context.Context) (lines []string, err error) {
	names, err := s.atWork(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		lines = append(lines, fmt.Sprintf("job %s after %v", name, s.c.limits.jobs))
	}
	pids := s.workers()
	for end := time.Now().Add(workerKept + s.c.limits.grace); len(pids) > 0 && time.Now().Before(end); pids = s.workers() {
		time.Sleep(50 * time.Millisecond)
	}
	for _, pid := range pids {
		name := s.c.cluster.StartedBy(pid)
		if name == "" {
			lines = append(lines, fmt.Sprintf("worker %d, of no TaskManager", pid))
			continue
		}
		s.say("forgotten by %s:", name)
		s.signalWorkers([]int{pid}, syscall.SIGKILL)
	}
	scratch, err := os.ReadDir(s.c.clusterScratch())
	for _, e := range scratch {
		lines = append(lines, "scratch of a worker: "+e.Name())
	}
	return lines, err
}

// withCluster starts Flink where cases need it, and leaves those cases out where it cannot be had.
func (c *campaign) withCluster(ctx context.Context, cases []*faultCase) ([]*faultCase, error) {
	needs := func(fc *faultCase) bool { return fc.engine.cluster }
	if !slices.ContainsFunc(cases, needs) {
		return cases, nil
	}
	err := c.startCluster(ctx)
	if errors.Is(err, flink.ErrUnavailable) {
		for _, fc := range cases {
			if needs(fc) {
				fmt.Printf("%v: left out: %v\n", fc, err)
			}
		}
		return slices.DeleteFunc(cases, needs), nil
	}
	return cases, err
}
