package runnertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/pipelines/internal/runner"
)

const (
	// ToldOption is the value of Config.Worker that the suite looks for in workers.
	ToldOption = "runnertest_told"
	// LeaseOption names a file that the run's workers live as long as.
	LeaseOption = "runnertest_lease"
)

// Main runs the tests, or the worker that a runner has started this test binary as.
func Main(m *testing.M) {
	if args := os.Args[1:]; runner.Worker(args) {
		if err := runner.Work(context.Background(), args, fileLease); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	beam.Init()
	os.Exit(m.Run())
}

// fileLease ends when the file that LeaseOption names has gone.
func fileLease(ctx context.Context, option func(string) string) error {
	file := option(LeaseOption)
	if file == "" {
		<-ctx.Done()
		return nil
	}
	for {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("the lease %s has ended", filepath.Base(file))
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil
		}
	}
}
