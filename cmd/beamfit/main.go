// Command beamfit trains, evaluates and uses Keras-defined networks on the rows of a PostgreSQL database or of a folder of
// files. Run "beamfit --help", or "beamfit quickstart" for a whole example.
//
// There is one file per subcommand. The flags of a job are the fields of its options in pipelines, and running it is one call into
// pipelines. Besides jobs there are commands for tables (import, export, show, drop), for files of and about models (export-model, plot), for
// runs (runs, resume), for SQL clients (serve) and for help (quickstart, runners, gpus, completion, version). The stores are linked in here
// and nowhere else.
//
// Exit codes are in errors.go. Results go to standard output; progress, logs and the one error message go to standard error. An
// interrupt stops the run within a second and leaves no half-written table; a second one kills the process. One that comes when the
// last table is committed, or being committed, does not make a failure of the run.
package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/beamfit/beamfit/io/netns"
	"github.com/beamfit/beamfit/pipelines"
)

func main() {
	if args := os.Args[1:]; pipelines.Worker(args) {
		os.Exit(work(args))
	}
	a, args := newApp(os.Stdout, os.Stderr), hidePasswords(os.Args)
	code := a.untilInterrupted(args[1:])
	if code == runIsolated {
		code = a.runIsolated(args)
	}
	os.Exit(code)
}

// work is this process as a worker that a Beam runner started.
func work(args []string) (code int) {
	if err := pipelines.Work(context.Background(), args); err != nil {
		fmt.Fprintf(os.Stderr, "beamfit: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// interruptGrace is how long a run has after an interrupt to stop by itself. Stores never show half-written tables, so the
// process may end at any time after it, but for when tables are becoming visible or have just done so: then it has succeeded, or will have.
const interruptGrace = 900 * time.Millisecond

// engineGrace is interruptGrace for a run on an engine, which must be told to end the job.
const engineGrace = 10 * time.Second

// untilInterrupted runs the command line with a context that the first interrupt ends. From then on a second one kills.
func (a *app) untilInterrupted(args []string) int {
	ctx, stop := netns.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, a.interrupt = context.WithCancelCause(ctx)
	context.AfterFunc(ctx, stop)
	code := make(chan int, 1)
	go func() { code <- execute(ctx, a, args) }()
	select {
	case c := <-code:
		return c
	case <-ctx.Done():
	}
	grace := max(interruptGrace, time.Duration(a.grace.Load()))
	for {
		select {
		case c := <-code:
			return c
		case <-time.After(grace):
		}
		if !a.commits.pending() {
			fmt.Fprintf(a.messages(), "beamfit: %s\n", interruption(ctx))
			return exitInterrupted
		}
	}
}
