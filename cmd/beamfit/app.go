package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/progress"
	"github.com/beamfit/beamfit/cmd/beamfit/internal/visible"
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
)

// An app is one run of the command line: where it writes, and the global flags.
type app struct {
	out, err io.Writer

	db                string
	stallTimeout      time.Duration
	runner            string
	runnerOptions     map[string]string // by their names in Beam
	prismOpenPort     bool
	workers           int
	memory            int64
	gpus              bool
	gpuMath           string
	kernels           string // "": as the process began
	logLevel          string
	quiet, noProgress bool

	commits  *commits                          // of the stores that the run opens
	progress *atomic.Pointer[progress.Printer] // which shows how far the job under way is; nil: none does
	grace    *atomic.Int64                     // how long the run may take to end after an interrupt, in nanoseconds; 0: interruptGrace

	// Of the run of this command line:
	raw       []string    // its words
	process   []string    // the words that the process was started with
	recording *recording  // nil: the command is not recorded
	resumes   string      // ID of the run that it goes on with; "": none
	interrupt func(error) // stops the process as Ctrl-C does

	// started is set when a command's flags and arguments are accepted; errors before it are wrong usage.
	started bool
	// prismReady is set when prism may run: nobody else can connect to it, or the user has accepted that.
	prismReady bool
	// logging is set when the log goes to standard error.
	logging bool
}

func newApp(out, err io.Writer) *app {
	return &app{out: out, err: err, commits: new(commits), progress: new(atomic.Pointer[progress.Printer]), grace: new(atomic.Int64), interrupt: func(error) {}}
}

// storeURL is the store to use: --db, else BEAMFIT_DB, else the default folder.
func (a *app) storeURL() string {
	if a.db != "" {
		return a.db
	}
	if url := os.Getenv(table.EnvURL); url != "" {
		return url
	}
	return table.DefaultURL
}

// withStore opens the store for the time of fn.
func (a *app) withStore(ctx context.Context, fn func(table.Store) error) (err error) {
	store, err := table.Open(ctx, a.storeURL(), table.StallTimeout(a.stallTimeout))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return fn(&watchedStore{store, a.commits})
}

// share makes the store one that a group shares, if shared is set. A task calls it when all that it can check is right.
func (a *app) share(ctx context.Context, shared bool) error {
	if !shared {
		return nil
	}
	return table.MakeShared(ctx, a.storeURL())
}

// run does one job on the store, with its progress on standard error.
func run[O, R any](ctx context.Context, a *app, job func(context.Context, pipelines.Env, O) (R, error), opt O) (result R, err error) {
	err = a.withStore(ctx, func(store table.Store) error {
		env := pipelines.Env{Store: store, Runner: a.runner, RunnerOptions: a.runnerOptions, PrismOpenPort: a.prismOpenPort, Workers: a.workers, Memory: a.memory, GPUs: a.gpus, GPUMath: a.gpuMath}
		defer a.showProgress(&env)()
		return a.recorded(ctx, store, &env, func(ctx context.Context) (err error) {
			result, err = job(ctx, env, opt)
			return err
		})
	})
	return result, err
}

// say writes a line about what was done, unless --quiet.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintln(a.out, visible.Text(fmt.Sprintf(format, args...)))
	}
}

// warn writes sentences about what is odd but no error, unless --quiet.
func (a *app) warn(sentences []string) {
	for _, s := range sentences {
		if !a.quiet {
			fmt.Fprintf(a.messages(), "beamfit: warning: %s\n", s)
		}
	}
}

// logLevels are the values of --log-level.
var logLevels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// startLog sends the log of this process to standard error, once; what Beam logs are debug messages.
func (a *app) startLog() {
	if a.logging {
		return
	}
	a.logging = true
	h := slog.NewTextHandler(a.messages(), &slog.HandlerOptions{Level: logLevels[a.logLevel]})
	slog.SetDefault(slog.New(pipelines.QuietBeam(h)))
}
