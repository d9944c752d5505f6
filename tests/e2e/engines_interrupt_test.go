package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/tests/flinktest"
)

// interrupted presses Ctrl-C while a job of a fit runs on Flink: the command ends with 130 and the job does, too.
func interrupted(t *testing.T, u user, c *flinktest.Cluster, e engine) {
	before := len(c.Jobs(t))
	fit := u.command(t.Context(), append([]string{
		"fit", "iris_train_packed", "interrupted", "--arch", "model_arch_library", "--id", "1", "--compile", compile, "--fit", "batch_size=1, epochs=4000",
		"--iterations", "200", "--iterations-per-job", "2", "--checkpoint-every", "2",
	}, e.flags...)...)
	var stderr bytes.Buffer
	fit.Stderr = &stderr
	if err := fit.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- fit.Wait() }()
	// The second job of the iterations runs; one that reads the rows may come before the first.
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if jobs := c.Jobs(t)[before:]; len(jobs) > 2 && jobs[len(jobs)-1].State == "RUNNING" {
			break
		}
		if time.Now().After(until) {
			_ = fit.Process.Kill()
			t.Fatalf("no third job of the fit runs after a minute\n%s", stderr.String())
		}
	}
	sent := time.Now()
	if err := fit.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var err error
	select {
	case err = <-ended:
	case <-time.After(time.Minute):
		_ = fit.Process.Kill()
		t.Fatal("the command goes on a minute after the signal")
	}
	t.Logf("stopped %v after the signal", time.Since(sent))
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 || !strings.HasSuffix(stderr.String(), "beamfit: interrupted\n") {
		t.Errorf("ended with %v, want exit code 130\n%s", err, stderr.String())
	}
	jobs := c.AllEnded(t)[before:]
	if last := jobs[len(jobs)-1]; last.State != "CANCELED" {
		t.Errorf("the last job is %s, not cancelled", last.State)
	}
	if slices.ContainsFunc(jobs[:len(jobs)-1], func(j flinktest.Job) bool { return j.State != "FINISHED" }) {
		t.Errorf("jobs before the signal: %v", jobs)
	}
	if _, err := u.try("show", "interrupted"); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("the model after the interrupt: %v", err)
	}
}
