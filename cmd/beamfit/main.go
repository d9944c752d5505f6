// Command beamfit trains, evaluates and uses Keras-defined networks on the rows of a PostgreSQL database or of a folder of
// files. Run "beamfit --help", or "beamfit quickstart" for a whole example.
//
// There is one file per subcommand: its flags are the fields of the pipelines options, and running it is one call into
// pipelines. The stores are linked in here and nowhere else.
//
// Exit codes are in errors.go. Results go to standard output; progress, logs and the one error message go to standard error. An
// interrupt stops the run within a second and leaves no half-written table; a second one kills the process. One that comes when the
// last table is committed, or being committed, does not make a failure of the run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/netns"
)

func main() {
	if workerMode(os.Args[1:]) {
		// A Beam runner started this binary as a worker and speaks to it by Beam's own flags. Init does not come back.
		flag.Parse()
		beam.Init()
		return
	}
	a, args := newApp(os.Stdout, os.Stderr), hidePasswords(os.Args)
	code := a.untilInterrupted(args[1:])
	if code == runIsolated {
		code = a.runIsolated(args)
	}
	os.Exit(code)
}

// workerMode tells whether args are those of a Beam worker.
func workerMode(args []string) bool {
	for _, a := range args {
		switch a {
		case "--worker", "--worker=true", "-worker", "-worker=true":
			return true
		case "--":
			return false
		}
	}
	return false
}

// interruptGrace is how long a run has after an interrupt to stop by itself. Stores never show half-written tables, so the
// process may end at any time after it, but for when tables are becoming visible or have just done so: then it has succeeded, or will have.
const interruptGrace = 900 * time.Millisecond

// untilInterrupted runs the command line with a context that the first interrupt ends. From then on a second one kills.
func (a *app) untilInterrupted(args []string) int {
	ctx, stop := netns.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	code := make(chan int, 1)
	go func() { code <- execute(ctx, a, args) }()
	select {
	case c := <-code:
		return c
	case <-ctx.Done():
	}
	for {
		select {
		case c := <-code:
			return c
		case <-time.After(interruptGrace):
		}
		if !a.commits.pending() {
			fmt.Fprintln(a.err, "beamfit: interrupted")
			return exitInterrupted
		}
	}
}
