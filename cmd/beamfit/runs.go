package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/cmd/beamfit/internal/rows"
	"github.com/beamfit/beamfit/cmd/beamfit/internal/tabletext"
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/runs"
)

// runArgument names a run.
var runArgument = argument{name: "ID", usage: "ID of the run, or the beginning of it", fills: fillRun}

type runsTask struct {
	limit  int
	format string
}

func runsCommand(a *app) *cobra.Command {
	cmd := newCommand(a, about{
		name: "runs", group: groupRuns,
		short: "List the commands that run on the store, and those that ran",
		long: `List the runs of the store, the latest first: the commands import, split, preprocess, fit, evaluate, predict and predict-byom at
work, and those that have ended. Every run has an ID. "running" is a run whose process lives, wherever that is; "died" is one whose
process ended without a word.

Runs that have ended are kept for 30 days, and 1000 of them at most. In a database, the runs are in the table beamfit_runs of
the schema where your tables are made, and each role has a table of its own.`,
		example: "beamfit runs\nbeamfit runs show k3x7qabd --follow\nbeamfit runs cancel k3x7qabd\nbeamfit resume k3x7qabd",
	}, &runsTask{})
	cmd.AddCommand(showRunCommand(a), cancelRunCommand(a))
	return cmd
}

func (t *runsTask) define(f flags) {
	t.limit = 20
	f.add(flagvalue.Of(&t.limit, flagvalue.Positive), "limit", "N", "20", "most runs to list")
	f.form(&t.format)
}

func (*runsTask) validate([]string, func(string) bool) error { return nil }

func (t *runsTask) run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(store table.Store) error {
		all, err := store.Runs(ctx)
		if err != nil {
			return err
		}
		all = all[:min(t.limit, len(all))]
		if t.format == formTable {
			return tabletext.Aligned(a.out, rows.Of(runsBatch(all, briefColumns...)))
		}
		return wholeRuns(a.out, t.format, all)
	})
}

type showRunTask struct {
	id     string
	follow bool
	format string
}

func showRunCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name:  "show",
		short: "Show all that is known of a run, and follow it",
		long: `Show all that is known of a run. With --follow, write a line whenever the run gets on, from any machine that reaches the
store, until it has ended: the exit code is 0 where it ended well, else 1. Ctrl-C ends the following and not the run.`,
		args:    []argument{runArgument},
		example: "beamfit runs show k3x7qabd\nbeamfit runs show k3 --follow",
	}, &showRunTask{})
}

func (t *showRunTask) define(f flags) {
	f.toggle(&t.follow, "follow", "write how the run gets on until it has ended")
	f.form(&t.format)
}

func (t *showRunTask) validate(args []string, _ func(string) bool) error {
	if t.follow && t.format != formTable {
		return errors.New("--follow goes with --format table only")
	}
	t.id = args[0]
	return nil
}

func (t *showRunTask) run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(store table.Store) error {
		run, err := runs.Find(ctx, store, t.id)
		if err != nil {
			return err
		}
		if err := wholeRuns(a.out, t.format, []table.Run{run}); err != nil || !t.follow {
			return err
		}
		run, err = runs.Follow(ctx, store, run.ID, func(r table.Run) {
			a.say("%s", followLine(r))
		})
		if err != nil {
			return err
		}
		return outcome(run)
	})
}

// followLine is for example
//
//	12:03:05 running, iteration 7/10, loss 0.4321
func followLine(r table.Run) string {
	parts := []string{r.Heartbeat.Local().Format(time.TimeOnly) + " " + string(r.State)}
	if p := runProgress(r); p != "" {
		parts = append(parts, p)
	}
	if r.Loss != nil {
		parts = append(parts, "loss "+lossText(r))
	}
	return strings.Join(parts, ", ")
}

// outcome is the error of a run that did not end well.
func outcome(r table.Run) error {
	switch r.State {
	case table.RunDone:
		return nil
	case table.RunFailed:
		return fmt.Errorf("run %s failed: %s", r.ID, r.Message)
	case table.RunDied:
		return fmt.Errorf("run %s died: its process, %d on %s, ended without a word", r.ID, r.Process, r.Host)
	}
	return fmt.Errorf("run %s was %s", r.ID, r.State)
}

type cancelRunTask struct{ id string }

func cancelRunCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name:  "cancel",
		short: "Stop a run as Ctrl-C does, from any machine",
		long: `Ask a run to stop, and wait until it has. It stops as on Ctrl-C: its job on an engine is cancelled, no half-written table is
left, a checkpoint stays, and its exit code is 130. "beamfit resume" goes on with it.`,
		args:    []argument{runArgument},
		example: "beamfit runs cancel k3x7qabd",
	}, &cancelRunTask{})
}

func (*cancelRunTask) define(flags) {}

func (t *cancelRunTask) validate(args []string, _ func(string) bool) error {
	t.id = args[0]
	return nil
}

// cancelPatience is how long a run may take to stop. One that is committing its tables ends well first.
const cancelPatience = time.Minute

func (t *cancelRunTask) run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(store table.Store) error {
		run, err := runs.Find(ctx, store, t.id)
		if err != nil {
			return err
		}
		if !run.State.AtWork() {
			return fmt.Errorf("run %s is %s: there is nothing to stop", run.ID, run.State)
		}
		if err := store.CancelRun(ctx, run.ID); err != nil {
			return err
		}
		late := fmt.Errorf("run %s has been asked to stop and is still at work after %v: process %d on %s", run.ID, cancelPatience, run.Process, run.Host)
		ctx, stop := context.WithTimeoutCause(ctx, cancelPatience, late)
		defer stop()
		run, err = runs.Follow(ctx, store, run.ID, func(table.Run) {})
		if err != nil {
			return err
		}
		a.say("%s: %s", run.ID, run.State)
		return nil
	})
}
