package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/pipelines/runs"
)

type resumeTask struct {
	cmd *cobra.Command
	id  string
}

func resumeCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name: "resume", group: groupRuns, calls: true,
		short: "Go on with a run that died, failed or was cancelled",
		long: `Go on with a run that died, failed or was cancelled: call its command again with the same arguments. A fit with --checkpoint-every
goes on from its last checkpoint; any other command begins at the beginning. Either way the result is the one that the
run would have had.

The arguments come from the store, but for passwords, which are never there: the database's come from BEAMFIT_DB, PGPASSWORD or
.pgpass as always, and flags with a secret in them must be given again. Names of files are relative to the folder where you are. Global
flags that are given here, such as --endpoint of a cluster that has moved, take the place of those of the run, among which are the --kernels
that it computed with; with another --runner those of its own are left out. Only your own runs can be resumed.`,
		args:    []argument{runArgument},
		example: "beamfit resume k3x7qabd\nbeamfit resume k3x7qabd --endpoint jobserver:8099",
	}, &resumeTask{})
}

func (t *resumeTask) define(f flags) { t.cmd = f.cmd }

func (t *resumeTask) validate(args []string, _ func(string) bool) error {
	t.id = args[0]
	return nil
}

func (t *resumeTask) run(ctx context.Context, a *app) error {
	var run table.Run
	err := a.withStore(ctx, func(store table.Store) (err error) {
		if run, err = runs.Find(ctx, store, t.id); err != nil {
			return err
		}
		all, err := store.Runs(ctx)
		if err != nil {
			return err
		}
		return mayResume(run, all)
	})
	if err != nil {
		return err
	}
	given := givenFlags(t.cmd, a.raw)
	args, err := resumedArguments(run, given)
	if err != nil {
		return fmt.Errorf("run %s: %w", run.ID, err)
	}
	return a.call(ctx, run.ID, append([]string{run.Command}, args...), nil)
}

// mayResume reports why a run cannot be resumed; all are the runs of the store.
func mayResume(run table.Run, all []table.Run) error {
	switch {
	case !run.Mine:
		return fmt.Errorf("run %s is not yours: user %s owns it, or others may have changed it; only runs of your own are resumed", run.ID, run.Owner)
	case run.State.AtWork():
		return fmt.Errorf("run %s is %s: process %d on %s", run.ID, run.State, run.Process, run.Host)
	case run.State == table.RunDone:
		return fmt.Errorf("run %s is done: there is nothing to go on with", run.ID)
	case !slices.Contains(recordedCommands, run.Command):
		return fmt.Errorf("run %s is of command %q, which this version of beamfit does not record", run.ID, run.Command)
	}
	work := sameWork(run, all)
	for _, r := range all {
		if work[r.ID] && (r.State.AtWork() || r.State == table.RunDone) {
			return fmt.Errorf("the work of run %s was resumed as run %s, which is %s", run.ID, r.ID, r.State)
		}
	}
	return nil
}

// sameWork are the IDs of a run and of those that are the same command: that it goes on with, that go on with it, and so on from these.
func sameWork(run table.Run, all []table.Run) map[string]bool {
	ids := map[string]bool{run.ID: true}
	for known := 0; known < len(ids); {
		known = len(ids)
		for _, r := range all {
			if r.Resumes != "" && (ids[r.ID] || ids[r.Resumes]) {
				ids[r.ID], ids[r.Resumes] = true, true
			}
		}
	}
	return ids
}

// recordedCommands are those that are recorded, and so can be resumed.
var recordedCommands = []string{"import", "split", "preprocess", "fit", "evaluate", "predict", "predict-byom"}

// resumedRunner is the runner that a run goes on with: its own, where none is given.
func resumedRunner(run table.Run, given []string) string {
	for _, arg := range slices.Backward(given) {
		if name, is := strings.CutPrefix(arg, "--runner="); is {
			return name
		}
	}
	return run.Runner
}

// resumedArguments are the arguments of a run with the flags that were given again in the place of its own. Those of its runner mean nothing to another one.
func resumedArguments(run table.Run, given []string) ([]string, error) {
	moves := resumedRunner(run, given) != run.Runner
	replaced := func(arg string) bool {
		return moves && isRunnerFlag(arg) || slices.ContainsFunc(given, func(g string) bool { return flagKey(g) == flagKey(arg) })
	}
	var args []string
	for i, arg := range run.Args {
		if arg == "--" {
			args = append(args, given...)
			return append(args, run.Args[i:]...), nil
		}
		isFlag := strings.HasPrefix(arg, "--")
		if isFlag && replaced(arg) {
			continue
		}
		if isFlag && strings.HasSuffix(arg, "="+hidden) {
			return nil, errors.New("the value of " + flagKey(arg) + " holds a secret, which is not recorded; give it again to go on")
		}
		args = append(args, arg)
	}
	return append(args, given...), nil
}

// flagKey is what a flag sets, whichever of its forms it has: a runner's option with a flag of its own may be a --beam-option too.
func flagKey(flag string) string {
	name, _, _ := splitFlag(flag)
	if option, is := strings.CutPrefix(name, optionFlag); is && runnerOption(flagName(option)) {
		return "--" + flagName(option)
	}
	return name
}

// isRunnerFlag tells the flags that only the runner of a command looks at.
func isRunnerFlag(flag string) bool {
	key := flagKey(flag)
	return strings.HasPrefix(key, optionFlag) || key == "--prism-open-port" || runnerOption(strings.TrimPrefix(key, "--"))
}

// runnerOption tells the flags of runners' options.
func runnerOption(flag string) bool {
	return slices.ContainsFunc(pipelines.RunnerOptions(), func(o pipelines.RunnerOption) bool { return flagName(o.Name) == flag })
}
