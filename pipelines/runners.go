package pipelines

import (
	"context"
	"log/slog"

	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/runner"
	"github.com/beamfit/beamfit/transforms/scratch"
)

// The runners that work in this process, by name.
const (
	DirectRunner = runner.Direct
	PrismRunner  = runner.Prism
)

// Runners are the names that Env.Runner takes.
func Runners() []string { return runner.Names() }

// A RunnerOption is a row of the table of the options that Env.RunnerOptions takes.
type RunnerOption = runner.Option

// RunnerOptions are the options of runners. Flink and Dataflow take further options of their own.
func RunnerOptions() []RunnerOption { return runner.Options }

// IsEngine tells whether jobs of that runner go on when the process that has submitted them ends.
func IsEngine(name string) bool { return runner.IsEngine(name) }

// CheckRunner checks what Env.Runner and Env.RunnerOptions can be checked for without asking an engine. Its error is an
// ArgumentError.
func CheckRunner(name string, options map[string]string) error {
	return argument.Of(runner.Check(name, options))
}

// ErrNotRun is the error of a command that ran dry: the first of its jobs was written to the files of option out, and nothing was
// run. What comes after the first job depends on its results.
var ErrNotRun = runner.ErrNotRun

// Worker tells whether args, those of the process, are of a worker that a runner has started.
func Worker(args []string) bool { return runner.Worker(args) }

// Work makes this process that worker, until the runner needs it no longer or has gone. The stores must be linked in. Its error is
// for standard error, and the exit code then not 0.
func Work(ctx context.Context, args []string) error { return runner.Work(ctx, args) }

// Sweep removes the temporary files that killed processes of this user have left.
func Sweep() { scratch.Sweep() }

// QuietBeam wraps a handler of slog so that all messages of Beam are debug messages. Only prism needs it, which logs to slog's default
// logger itself: a program that uses prism makes a logger with such a handler the default one before its first job. The handler must not
// be the one that slog's default logger has when a program begins, which writes to package log, which slog.SetDefault sends to slog.
func QuietBeam(h slog.Handler) slog.Handler { return job.QuietHandler(h) }
