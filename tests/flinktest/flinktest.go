// Package flinktest runs Flink clusters on loopback (scripts/flink) for tests. A cluster ends with its test, and with the test's
// process however that ends. Tests skip where Java, Maven or the jars cannot be had.
package flinktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// A Cluster is a running cluster with Beam's job service.
type Cluster struct {
	// Endpoint is the job service's HOST:PORT, REST the URL of Flink's REST interface.
	Endpoint, REST string
	// Folder is the cluster's: run/ has the pid of each process, log/ what the processes and their workers say.
	Folder string

	env []string
}

// Start runs scripts/flink up or embedded, with further variables of its environment.
func Start(t testing.TB, kind string, env ...string) *Cluster {
	t.Helper()
	c := &Cluster{Folder: filepath.Join(t.TempDir(), "flink")}
	c.env = append(os.Environ(), append(env, "BEAMFIT_FLINK="+c.Folder, fmt.Sprint("OWNER=", os.Getpid()))...)
	t.Cleanup(func() {
		if _, err := c.Script("down"); err != nil {
			t.Errorf("scripts/flink down: %v", err)
		}
	})
	out, err := c.Script(kind)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 77 {
		t.Skip("Java, Maven or the jars cannot be had")
	}
	if err != nil {
		t.Fatalf("scripts/flink %s: %v", kind, err)
	}
	for line := range strings.Lines(out) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name {
		case "JOB_ENDPOINT":
			c.Endpoint = value
		case "FLINK_REST":
			c.REST = value
		}
	}
	return c
}

// Script runs scripts/flink on the cluster and returns what it prints.
func (c *Cluster) Script(args ...string) (string, error) {
	_, here, _, _ := runtime.Caller(0)
	cmd := exec.Command(filepath.Join(filepath.Dir(here), "../../scripts/flink"), args...)
	cmd.Env, cmd.Stderr = c.env, os.Stderr
	out, err := cmd.Output()
	return string(out), err
}

// A Job is what Flink says of a job.
type Job struct {
	ID    string `json:"jid"`
	Start int64  `json:"start-time"`
	State string `json:"state"`
}

// Ended tells that the job will do nothing more.
func (j Job) Ended() bool {
	return slices.Contains([]string{"FINISHED", "FAILED", "CANCELED"}, j.State)
}

// Jobs are all jobs of the cluster so far, the oldest first.
func (c *Cluster) Jobs(t testing.TB) []Job {
	t.Helper()
	var overview struct{ Jobs []Job }
	c.get(t, "/jobs/overview", &overview)
	slices.SortFunc(overview.Jobs, func(a, b Job) int { return int(a.Start - b.Start) })
	return overview.Jobs
}

// AllEnded waits until all jobs have ended, those that were cancelled too, and returns them.
func (c *Cluster) AllEnded(t testing.TB) []Job {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		jobs := c.Jobs(t)
		if !slices.ContainsFunc(jobs, func(j Job) bool { return !j.Ended() }) {
			return jobs
		}
		if time.Now().After(end) {
			t.Fatalf("jobs go on: %v", jobs)
		}
	}
}

// A Subtask is one TaskManager's part of a step of a job.
type Subtask struct {
	TaskManager string `json:"taskmanager-id"`
	Status      string
	Metrics     struct {
		// Read is how many elements it got. Flink learns it when the subtask ends.
		Read int `json:"read-records"`
	}
}

// Subtasks are those of the steps of a job whose names match.
func (c *Cluster) Subtasks(t testing.TB, job Job, step *regexp.Regexp) []Subtask {
	t.Helper()
	var plan struct{ Vertices []struct{ ID, Name string } }
	c.get(t, "/jobs/"+job.ID, &plan)
	var all []Subtask
	for _, v := range plan.Vertices {
		if step.MatchString(v.Name) {
			var vertex struct{ Subtasks []Subtask }
			c.get(t, "/jobs/"+job.ID+"/vertices/"+v.ID, &vertex)
			all = append(all, vertex.Subtasks...)
		}
	}
	return all
}

// get reads what Flink's REST interface has at a path.
func (c *Cluster) get(t testing.TB, path string, value any) {
	t.Helper()
	defer http.DefaultClient.CloseIdleConnections()
	res, err := http.Get(c.REST + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(value); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
