package runnertest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/pipelines/internal/runner"
)

// Main runs the tests, or the worker that a runner has started this test binary as.
func Main(m *testing.M) {
	if args := os.Args[1:]; runner.Worker(args) {
		if err := runner.Work(context.Background(), args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	beam.Init()
	os.Exit(m.Run())
}
