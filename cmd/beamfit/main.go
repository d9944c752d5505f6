// Command beamfit trains, evaluates and uses Keras-defined networks on the rows of a PostgreSQL database or of a folder of
// files. Run "beamfit --help", or "beamfit quickstart" for a whole example.
//
// There is one file per subcommand: its flags are the fields of the pipelines options, and running it is one call into
// pipelines. The stores are linked in here and nowhere else.
//
// Exit codes: 0 success, 1 a failed run, 2 wrong usage (nothing was started). Results go to standard output; progress, logs
// and the one error message go to standard error. An interrupt stops the run within a second and leaves no half-written
// table; a second one kills the process.
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
	a := &app{out: os.Stdout, err: os.Stderr}
	code := untilInterrupted(func(ctx context.Context) int { return execute(ctx, a, os.Args[1:]) })
	if code == runIsolated {
		code = a.runIsolated()
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
// process may end at any time after it.
const interruptGrace = 900 * time.Millisecond

// untilInterrupted runs the command with a context that the first interrupt ends. From then on a second one kills.
func untilInterrupted(run func(context.Context) int) int {
	ctx, stop := netns.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	code := make(chan int, 1)
	go func() { code <- run(ctx) }()
	select {
	case c := <-code:
		return c
	case <-ctx.Done():
	}
	select {
	case c := <-code:
		return c
	case <-time.After(interruptGrace):
		fmt.Fprintln(os.Stderr, "beamfit: interrupted")
		return exitFailed
	}
}
