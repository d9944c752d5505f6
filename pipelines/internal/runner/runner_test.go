package runner_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/beamfit/beamfit/pipelines/internal/runner"
	"github.com/beamfit/beamfit/pipelines/internal/runner/runnertest"
)

func TestMain(m *testing.M) { runnertest.Main(m) }

// raceDetector is set where the tests run under it. prism (2.77) and the SDK's harness have data races of their own.
var raceDetector bool

func skipUnderRace(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("Beam has data races of its own")
	}
}

// leavesNothing makes sure that no goroutine of the test goes on after it, but for two of the SDK's harness (2.77), which wait for each
// other for ever where a data stream ends at the moment in which an instruction does: they take two locks in two orders.
func leavesNothing(t *testing.T) {
	const channel = "github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness.(*DataChannel)."
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction(channel+"terminateStreamOnError"), goleak.IgnoreAnyFunction(channel+"removeInstruction"))
	})
}

func TestDirect(t *testing.T) {
	leavesNothing(t)
	runnertest.Run(t, runnertest.Subject{Runner: "direct"})
}

func TestPrism(t *testing.T) {
	skipUnderRace(t)
	runnertest.Run(t, runnertest.Subject{Runner: "prism"})
}

// This test binary is the worker.
func TestPrismProcess(t *testing.T) {
	skipUnderRace(t)
	runnertest.Run(t, runnertest.Subject{Runner: "prism", Options: map[string]string{"environment_type": "PROCESS"}})
}

// A container of prism's sees no folder of this machine.
func TestPrismContainers(t *testing.T) {
	r, err := runner.Open(t.Context(), "prism", runner.Config{Options: map[string]string{"environment_type": "DOCKER", "environment_config": "image"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Traits().Workers; got != runner.AnyMachine {
		t.Errorf("workers in %v", got)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
