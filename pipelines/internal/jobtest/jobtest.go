// Package jobtest is what tests of jobs need beside a store: a network namespace, which prism asks for, and the runners that are tested.
package jobtest

import (
	"cmp"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/netns"
	"github.com/beamfit/beamfit/pipelines/internal/job"
)

// sharedNetwork is the variable that lets the tests run without a network namespace of their own.
const sharedNetwork = "BEAMFIT_TEST_SHARED_NETWORK"

// noNamespace is why the machine gives no network namespace.
var noNamespace error

// raceDetector: the race detector is on.
var raceDetector bool

// Main runs the tests in a network namespace of their own. Where the machine gives none, prism is not tested, and PrismIsTested says so.
func Main(m *testing.M) {
	if netns.Check() != nil && !raceDetector && os.Getenv(sharedNetwork) == "" {
		code, err := netns.Reexec(os.Args)
		if err == nil {
			os.Exit(code)
		}
		noNamespace = err
	}
	slog.SetDefault(slog.New(job.QuietHandler(slog.NewTextHandler(os.Stderr, nil)))) // as programs that use prism do
	os.Exit(m.Run())
}

// PrismIsTested skips a test that says no more than that prism is not tested here.
func PrismIsTested(t *testing.T) {
	t.Helper()
	if err := cmp.Or(noNamespace, netns.Check()); err != nil {
		t.Skipf("prism is not tested: %v", err)
	}
}

// Runners are the runners that tests run on. Under the race detector prism is not among them: Beam 2.77 has data races
// of its own, which are reported now and then. prism keeps the artifacts of jobs in a map without a lock, and when a job
// ends early, two goroutines of the harness receive from the same dead gRPC stream (dataWriter.send and DataChannel.read).
func Runners() []string {
	if raceDetector || netns.Check() != nil {
		return []string{"direct"}
	}
	return []string{"direct", "prism"}
}

// OwnProcess runs the test of that name in a process of its own, which shares the network of the machine and has the variable own set.
func OwnProcess(t *testing.T, name, own string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^"+name+"$", "-test.v")
	cmd.Env = append(os.Environ(), own+"=1", sharedNetwork+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+name) {
		t.Errorf("%v\n%s", err, out)
	}
}
