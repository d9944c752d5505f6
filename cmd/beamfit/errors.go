package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
	"github.com/beamfit/beamfit/pipelines/runs"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2   // nothing was started
	exitUnavailable = 75  // EX_TEMPFAIL of sysexits.h
	exitInterrupted = 130 // as a shell reports a process that SIGINT ended
)

// runIsolated stands for the exit code of a command line that must run again, in a network namespace of its own.
const runIsolated = -1

// exitCodes is what the help says of them.
var exitCodes = textTable{
	{fmt.Sprint(exitOK), "success"},
	{fmt.Sprint(exitFailed), "the run failed"},
	{fmt.Sprint(exitUsage), "wrong usage: an unknown flag, or an argument that is wrong whatever the tables hold"},
	{fmt.Sprint(exitUnavailable), "the store or the engine cannot be reached now; try again later"},
	{fmt.Sprint(exitInterrupted), "cancelled, by Ctrl-C, SIGTERM or beamfit runs cancel, before the tables were committed"},
}

// execute runs the command line and returns the exit code, or runIsolated. It writes the error, if there is one, as one message.
func execute(ctx context.Context, a *app, args []string) int {
	a.raw, a.process = args, args
	root := newRoot(a)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil || a.notRun(err) {
		return exitOK
	}
	if errors.Is(err, errRunIsolated) {
		return runIsolated
	}
	w := a.messages()
	if !a.started || isUsage(err) {
		if cmd.Hidden { // "help"
			cmd = root
		}
		fmt.Fprintf(w, "beamfit: %v\nSee %s --help\n", err, cmd.CommandPath())
		return exitUsage
	}
	if ctx.Err() != nil {
		fmt.Fprintf(w, "beamfit: %s\n", interruption(ctx))
		return exitInterrupted
	}
	fmt.Fprintf(w, "beamfit: %v\n", err)
	if errors.Is(err, table.ErrUnavailable) {
		return exitUnavailable
	}
	return exitFailed
}

// interruption says what has ended a run that was told to stop.
func interruption(ctx context.Context) string {
	if errors.Is(context.Cause(ctx), runs.ErrCancelled) {
		return "cancelled by beamfit runs cancel"
	}
	return "interrupted"
}

// isUsage tells the errors of arguments that are wrong whatever the tables and files hold.
func isUsage(err error) bool {
	var wrong *pipelines.ArgumentError
	var flags usageError
	return errors.As(err, &wrong) && !wrong.Data || errors.Is(err, table.ErrURL) || errors.As(err, &flags)
}

// A usageError is what a command finds wrong with flags when it has started: its own, or those of a command that it calls.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// flagError says what is wrong with a flag in the words of this command line.
func flagError(_ *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return fmt.Errorf("flag --%s: %w, found %q", invalid.GetFlag().Name, invalid.Unwrap(), invalid.GetValue())
	}
	var unvalued *pflag.ValueRequiredError
	if errors.As(err, &unvalued) {
		return fmt.Errorf("flag --%s needs a value", unvalued.GetFlag().Name)
	}
	return err
}

// takes checks the number of arguments against the command's names for them; the last optional ones may be left out, and of
// the last one there may be more.
func takes(names []argument) cobra.PositionalArgs {
	least := 0
	for _, n := range names {
		if !n.optional {
			least++
		}
	}
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > len(names) && !severalLast(names) {
			return fmt.Errorf("%s takes %s; %q is too many", cmd.Name(), describeArguments(names), args[len(names)])
		}
		if len(args) < least {
			return fmt.Errorf("%s takes %s; %s is missing", cmd.Name(), describeArguments(names), names[len(args)].name)
		}
		return nil
	}
}

// severalLast says whether there may be several of the last argument.
func severalLast(names []argument) bool { return len(names) > 0 && names[len(names)-1].more }

func describeArguments(names []argument) string {
	if len(names) == 0 {
		return "no arguments"
	}
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = n.String()
	}
	return strings.Join(words, " ")
}

// unknownCommand refuses a name that no command has.
func unknownCommand(root *cobra.Command, name string) error {
	guess := ""
	if s := root.SuggestionsFor(name); len(s) > 0 {
		guess = "; did you mean " + strings.Join(s, " or ") + "?"
	}
	return fmt.Errorf("unknown command %q%s", name, guess)
}
