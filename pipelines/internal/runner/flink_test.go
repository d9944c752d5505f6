package runner_test

import (
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/beamfit/beamfit/pipelines/internal/runner"
	"github.com/beamfit/beamfit/pipelines/internal/runner/runnertest"
	"github.com/beamfit/beamfit/tests/flinktest"
)

// Flink in one process, and this test binary as the worker.
func TestFlink(t *testing.T) {
	skipUnderRace(t)
	leavesNothing(t)
	c := flinktest.Start(t, "embedded", "RESTARTS=0", "SLOTS=4")
	subject := runnertest.Subject{Runner: "flink", KeepsWorkers: true, Options: map[string]string{
		"endpoint": c.Endpoint, "flink_rest": c.REST, "environment_cache_millis": "2000", "parallelism": "1",
	}}
	runnertest.Run(t, subject)
	here := subject
	here.KeepsWorkers = false
	here.Options = maps.Clone(subject.Options)
	here.Options["environment_type"] = "LOOPBACK"
	t.Run("loopback", func(t *testing.T) { runnertest.Run(t, here) })
	t.Run("nothing goes on", func(t *testing.T) {
		if len(c.AllEnded(t)) == 0 {
			t.Error("there was no job")
		}
	})
	t.Run("lost", func(t *testing.T) {
		runnertest.Lost(t, subject, func() {
			if _, err := c.Script("kill", "embedded"); err != nil {
				t.Error(err)
			}
		})
	})
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
	ending := endsWhenAsked(t)
	for _, c := range []struct {
		endpoint    string
		unavailable bool
		want        string
	}{
		{nobody, true, "the job service at " + nobody + ": cannot be reached"},
		{ending, true, "the job service at " + ending + ": cannot be reached"},
		{web.Listener.Addr().String(), false, "is no Beam job service for Flink"},
		{lis.Addr().String(), false, "is no Beam job service for Flink"},
	} {
		_, err := runner.Open(t.Context(), "flink", runner.Config{Options: map[string]string{"endpoint": c.endpoint}})
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, runner.ErrUnavailable) != c.unavailable {
			t.Errorf("got %v, want %q, unavailable %v", err, c.want, c.unavailable)
		}
	}
}

// endsWhenAsked is the address of a server that takes a connection, and is gone when a second one comes, as a job service that is killed in the middle.
func endsWhenAsked(t *testing.T) string {
	lis, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		lis.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		first, err := lis.Accept()
		if err != nil {
			return
		}
		first.Close()
		second, err := lis.Accept()
		if err != nil {
			return
		}
		lis.Close()
		second.(*net.TCPConn).SetLinger(0)
		second.Close()
	}()
	return lis.Addr().String()
}
