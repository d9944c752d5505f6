package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/flagvalue"
	"github.com/beamfit/beamfit/io/table"
)

// completion says what the shell may fill an argument with.
type completion int

const (
	fillNothing completion = iota
	fillTable              // a table of the store
	fillFile
	fillRun // the ID of a run
)

// completionTimeout keeps the shell responsive where the store is far away.
const completionTimeout = 2 * time.Second

// completeArguments completes table names from the store.
func (a *app) completeArguments(args []argument) cobra.CompletionFunc {
	return func(cmd *cobra.Command, done []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		next := len(done)
		if severalLast(args) {
			next = min(next, len(args)-1)
		}
		if next >= len(args) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		switch args[next].fills {
		case fillFile:
			return nil, cobra.ShellCompDirectiveDefault
		case fillTable:
			return a.tableNames(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
		case fillRun:
			return a.runIDs(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// tableNames are the tables of the store, none where it cannot be asked.
func (a *app) tableNames(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, completionTimeout)
	defer cancel()
	var names []string
	_ = a.withStore(ctx, func(store table.Store) error {
		list, err := store.List(ctx)
		for _, n := range list {
			names = append(names, n.String())
		}
		return err
	})
	return names
}

// runIDs are the runs of the store, none where it cannot be asked.
func (a *app) runIDs(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, completionTimeout)
	defer cancel()
	var ids []string
	_ = a.withStore(ctx, func(store table.Store) error {
		all, err := store.Runs(ctx)
		for _, r := range all {
			ids = append(ids, cobra.CompletionWithDesc(r.ID, string(r.State)+": "+runCommand(r)))
		}
		return err
	})
	return ids
}

type completionTask struct{ shell string }

// shells are the shells that cobra writes completion scripts for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func completionCommand(a *app) *cobra.Command {
	return newCommand(a, about{
		name:  "completion",
		short: "Print the script that makes a shell complete commands, flags and table names",
		args:  []argument{{name: "SHELL", usage: "bash, zsh, fish or powershell"}},
		example: `beamfit completion bash > /etc/bash_completion.d/beamfit
beamfit completion zsh > "${fpath[1]}/_beamfit"
beamfit completion fish > ~/.config/fish/completions/beamfit.fish`,
	}, &completionTask{})
}

func (t *completionTask) define(flags) {}

func (t *completionTask) validate(args []string, _ func(string) bool) (err error) {
	if t.shell, err = flagvalue.OneOf(shells...)(args[0]); err != nil {
		return fmt.Errorf("argument SHELL: %w, found %q", err, args[0])
	}
	return nil
}

func (t *completionTask) run(_ context.Context, a *app) error {
	root := newRoot(a)
	return map[string]func(io.Writer) error{
		"bash":       func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"zsh":        root.GenZshCompletion,
		"fish":       func(w io.Writer) error { return root.GenFishCompletion(w, true) },
		"powershell": root.GenPowerShellCompletionWithDesc,
	}[t.shell](a.out)
}
