package runner_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/beamfit/beamfit/pipelines/internal/runner"
	"github.com/beamfit/beamfit/pipelines/internal/runner/runnertest"
)

// cluster runs scripts/flink up or embedded for the time of the test. It returns what that prints, and a way to use the script.
func cluster(t testing.TB, kind string, env ...string) (addresses map[string]string, script func(args ...string) ([]byte, error)) {
	t.Helper()
	path, err := filepath.Abs("../../../scripts/flink")
	if err != nil {
		t.Fatal(err)
	}
	env = append(os.Environ(), append(env, "BEAMFIT_FLINK="+filepath.Join(t.TempDir(), "flink"), fmt.Sprint("OWNER=", os.Getpid()))...)
	run := func(args ...string) ([]byte, error) {
		cmd := exec.Command(path, args...)
		cmd.Env, cmd.Stderr = env, os.Stderr
		return cmd.Output()
	}
	t.Cleanup(func() {
		if _, err := run("down"); err != nil {
			t.Errorf("scripts/flink down: %v", err)
		}
	})
	out, err := run(kind)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 77 {
		t.Skip("Java, Maven or the jars cannot be had")
	}
	if err != nil {
		t.Fatalf("scripts/flink %s: %v", kind, err)
	}
	values := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[k] = v
		}
	}
	return values, run
}

// Flink in one process, and this test binary as the worker.
func TestFlink(t *testing.T) {
	skipUnderRace(t)
	leavesNothing(t)
	c, script := cluster(t, "embedded", "RESTARTS=0", "SLOTS=4")
	subject := runnertest.Subject{Runner: "flink", KeepsWorkers: true, Options: map[string]string{
		"endpoint": c["JOB_ENDPOINT"], "flink_rest": c["FLINK_REST"], "environment_cache_millis": "2000", "parallelism": "1",
	}}
	runnertest.Run(t, subject)
	here := subject
	here.KeepsWorkers = false
	here.Options = maps.Clone(subject.Options)
	here.Options["environment_type"] = "LOOPBACK"
	t.Run("loopback", func(t *testing.T) { runnertest.Run(t, here) })
	t.Run("nothing goes on", func(t *testing.T) { jobsEnd(t, c["FLINK_REST"]) })
	t.Run("lost", func(t *testing.T) {
		runnertest.Lost(t, subject, func() {
			if _, err := script("kill", "embedded"); err != nil {
				t.Error(err)
			}
		})
	})
}

// jobsEnd waits until all jobs of the cluster have ended: those that were cancelled, too.
func jobsEnd(t *testing.T, rest string) {
	t.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	var states []string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		res, err := http.Get(rest + "/jobs/overview")
		if err != nil {
			t.Fatal(err)
		}
		var overview struct{ Jobs []struct{ State string } }
		err = json.NewDecoder(res.Body).Decode(&overview)
		res.Body.Close()
		if err != nil || len(overview.Jobs) == 0 {
			t.Fatalf("jobs %v, %v", overview, err)
		}
		states = nil
		for _, j := range overview.Jobs {
			if !slices.Contains([]string{"FINISHED", "FAILED", "CANCELED"}, j.State) {
				states = append(states, j.State)
			}
		}
		if states == nil {
			return
		}
	}
	t.Errorf("jobs go on: %v", states)
}

// What is not a job service for Flink is found out before any work, and what cannot be reached is told apart.
func TestFlinkAddress(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	lis, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := lis.Addr().String()
	lis.Close()
	lis, err = net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	other := grpc.NewServer()
	go other.Serve(lis)
	defer other.Stop()
	for _, c := range []struct {
		endpoint    string
		unavailable bool
		want        string
	}{
		{nobody, true, "the job service at " + nobody + ": cannot be reached"},
		{web.Listener.Addr().String(), false, "is no Beam job service for Flink"},
		{lis.Addr().String(), false, "is no Beam job service for Flink"},
	} {
		_, err := runner.Open(t.Context(), "flink", runner.Config{Options: map[string]string{"endpoint": c.endpoint}})
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, runner.ErrUnavailable) != c.unavailable {
			t.Errorf("got %v, want %q, unavailable %v", err, c.want, c.unavailable)
		}
	}
}
