package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/pipelines/runs"
)

// A recording is what is recorded of a command line.
type recording struct {
	command   string
	arguments []string
}

// recorded does the work of a command as a run of the store, where the command is one that is recorded. env gets what jobs need for it.
func (a *app) recorded(ctx context.Context, store table.Store, env *pipelines.Env, work func(context.Context) error) error {
	if a.recording == nil || a.runnerOptions["dry_run"] == "true" {
		return work(ctx)
	}
	host, _ := os.Hostname()
	run, ctx := runs.Begin(ctx, store, table.Run{
		ID: table.NewRunID(), Command: a.recording.command, Args: a.recording.arguments, Runner: a.runner, Host: host, Process: os.Getpid(),
		Version: pipelines.Version + revision(), Resumes: a.resumes,
	})
	if err := run.Unrecorded(); err != nil && ctx.Err() == nil {
		a.warn([]string{fmt.Sprintf("beamfit runs will not show this run: %v", err)})
	}
	defer context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), runs.ErrCancelled) {
			a.interrupt(runs.ErrCancelled)
		}
	})()
	env.RunID, env.Submitted = run.ID(), run.Submitted
	show := env.Progress
	env.Progress = func(e pipelines.Event) {
		run.Progress(e)
		if show != nil {
			show(e)
		}
	}
	err := work(ctx)
	switch {
	case err == nil:
		run.End(nil)
	case isUsage(err), errors.Is(err, pipelines.ErrNotRun):
		run.Forget() // nothing was begun
	default:
		run.End(errors.New(a.secrets().Replace(err.Error())))
	}
	return err
}

// unrecorded are the flags that say how the store is reached and what is written on the terminal; "beamfit resume" has them itself.
var unrecorded = []string{"db", "stall-timeout", "quiet", "no-progress", "log-level", "help"}

// givenFlags are the flags of the command line raw that say what a run is, each as one word, with the secrets that they hold.
func givenFlags(cmd *cobra.Command, raw []string) (flags []string) {
	err := cmd.Flags().ParseAll(raw, func(f *pflag.Flag, value string) error {
		if !slices.Contains(unrecorded, f.Name) {
			flags = append(flags, flagText(f, value))
		}
		return nil
	})
	if err != nil {
		panic(err) // it was parsed before
	}
	return flags
}

// recordedArguments are the flags and arguments of a command line, so that the same command can be called again, without the values of
// flags that hold secrets.
func recordedArguments(given, positional []string) []string {
	flags := make([]string, len(given))
	for i, flag := range given {
		flags[i] = withoutSecret(flag)
	}
	if slices.ContainsFunc(positional, func(arg string) bool { return strings.HasPrefix(arg, "-") }) {
		return slices.Concat(flags, []string{"--"}, positional)
	}
	return slices.Concat(positional, flags)
}

// flagText is a flag as it is given on a command line.
func flagText(f *pflag.Flag, value string) string {
	if f.NoOptDefVal != "" && value == f.NoOptDefVal {
		return "--" + f.Name
	}
	return "--" + f.Name + "=" + value
}

// secretPair is an option of an engine whose name says that its value is secret, as the value of a flag or as one argument with it.
var secretPair = regexp.MustCompile(`(?is)^((?:--beam-option=)?[a-z0-9_.-]*(?:` + secretNames + `)[a-z0-9_.-]*)=(.*)$`)

// secretNames are what is in the names of secrets.
const secretNames = `password|passwd|secret|token|credential|(?:api|access|private)[_.-]?key`

// withoutSecret is a flag as one word, with its value hidden where that holds a secret.
func withoutSecret(flag string) string {
	name, value, valued := splitFlag(flag)
	option := strings.HasPrefix(name, optionFlag) // whose value may name options in its turn; those of other flags are texts of any kind
	if valued && (len(secretSpans(value)) > 0 || secretPair.MatchString(name+"=") || option && secretPair.MatchString(value)) {
		return name + "=" + hidden
	}
	return flag
}

// optionFlag begins an option of an engine that has no flag of its own, as one word.
const optionFlag = "--beam-option="

// splitFlag is what names a flag, and its value. An option of an engine belongs to the name: --beam-option has many values.
func splitFlag(flag string) (name, value string, valued bool) {
	name, value, valued = strings.Cut(flag, "=")
	if name == "--beam-option" {
		var option string
		option, value, valued = strings.Cut(value, "=")
		name += "=" + option
	}
	return name, value, valued
}
