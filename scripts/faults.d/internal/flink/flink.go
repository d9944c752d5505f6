// Package flink is a Flink cluster of scripts/flink as the fault campaign needs it: its processes are killed and started again, its jobs
// are waited for, and the workers that its TaskManagers have started are found.
package flink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrUnavailable: Java, Maven or the jars cannot be had.
var ErrUnavailable = errors.New("no Flink here: Java, Maven or its jars cannot be had")

// JobService is the name of the process with Beam's job service.
const JobService = "jobserver"

// TaskManagers are the names of the processes with workers, of one slot each.
var TaskManagers = []string{"taskmanager-1", "taskmanager-2"}

// A Cluster has two TaskManagers.
type Cluster struct {
	// Endpoint is the HOST:PORT of the job service, REST the URL of Flink's REST interface.
	Endpoint, REST string

	dir   string
	env   []string
	ready time.Duration // that its processes may take to start
}

// Start starts a cluster in the folder dir, which then has log/ and run/, with more variables of its environment. It ends with this process. ready is
// how long a process of it may take to start.
func Start(ctx context.Context, dir string, ready time.Duration, env ...string) (*Cluster, error) {
	c := &Cluster{dir: dir, ready: ready}
	c.env = slices.Concat(os.Environ(), env, []string{
		"BEAMFIT_FLINK=" + dir, fmt.Sprint("OWNER=", os.Getpid()), fmt.Sprint("TASKMANAGERS=", len(TaskManagers)), "SLOTS=1",
	})
	out, err := c.script(ctx, "up")
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 77 {
		return nil, ErrUnavailable
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(out) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name {
		case "JOB_ENDPOINT":
			c.Endpoint = value
		case "FLINK_REST":
			c.REST = value
		}
	}
	return c, nil
}

// Stop ends the cluster and removes its folder.
func (c *Cluster) Stop(ctx context.Context) error {
	_, err := c.script(ctx, "down")
	return err
}

// Kill kills a process of the cluster with SIGKILL, and waits for its end: that of its last thread, which holds its sockets.
func (c *Cluster) Kill(ctx context.Context, name string) error {
	pid := c.pid(name)
	_, err := c.script(ctx, "kill", name)
	for err == nil && (threads(pid) > 1 || c.pid(name) != 0) {
		time.Sleep(time.Millisecond)
		err = ctx.Err()
	}
	return err
}

// threads is the number of threads of a process, 0 where it is gone. One that has ended and that nobody has asked for yet has one.
func threads(pid int) int {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return 0
	}
	return len(list)
}

// Launch starts a process that was killed, and does not wait until it works.
func (c *Cluster) Launch(ctx context.Context, name string) error {
	_, err := c.script(ctx, "start", name)
	return err
}

func (c *Cluster) script(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "scripts/flink", args...)
	var out, text bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, &out, &text
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, text.String())
	}
	return out.String(), nil
}

// Ready starts what has ended of TaskManagers and job service, and waits until all of it works. It returns what had ended.
func (c *Cluster) Ready(ctx context.Context) (ended []string, err error) {
	for _, name := range append([]string{JobService}, TaskManagers...) {
		if c.pid(name) == 0 {
			ended = append(ended, name)
			if err := c.Launch(ctx, name); err != nil {
				return ended, err
			}
		}
	}
	for end := time.Now().Add(c.ready); ; time.Sleep(100 * time.Millisecond) {
		var overview struct{ TaskManagers int }
		err := c.get(ctx, "/overview", &overview)
		if err == nil && overview.TaskManagers < len(TaskManagers) {
			err = fmt.Errorf("%d TaskManagers work, expected %d", overview.TaskManagers, len(TaskManagers))
		}
		if err == nil {
			var conn net.Conn
			if conn, err = new(net.Dialer).DialContext(ctx, "tcp", c.Endpoint); err == nil {
				return ended, conn.Close()
			}
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return ended, fmt.Errorf("the cluster in %s after %v: %w", c.dir, c.ready, err)
		}
	}
}

// pid is that of a process of the cluster, 0 where it has ended. scripts/flink writes down when it was started, too: pids come again.
func (c *Cluster) pid(name string) int {
	data, err := os.ReadFile(filepath.Join(c.dir, "run", name))
	if err != nil {
		return 0
	}
	pid, since, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	stat := statOf(pid)
	if len(stat) < 20 || stat[19] != since || stat[0] == "Z" {
		return 0
	}
	n, _ := strconv.Atoi(pid)
	return n
}

// statOf are the fields of /proc/PID/stat behind the name of the program, from the state on.
func statOf(pid string) []string {
	data, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return nil
	}
	i := bytes.LastIndexByte(data, ')')
	return strings.Fields(string(data[i+1:]))
}

// StartedBy tells which TaskManager has started a process, "" for none that works.
func (c *Cluster) StartedBy(pid int) string {
	stat := statOf(strconv.Itoa(pid))
	if len(stat) < 2 {
		return ""
	}
	for _, name := range TaskManagers {
		if stat[1] == strconv.Itoa(c.pid(name)) {
			return name
		}
	}
	return ""
}

// AtWork are the names of the jobs that have not ended.
func (c *Cluster) AtWork(ctx context.Context) (names []string, err error) {
	var overview struct {
		Jobs []struct{ Name, State string }
	}
	if err := c.get(ctx, "/jobs/overview", &overview); err != nil {
		return nil, err
	}
	for _, j := range overview.Jobs {
		if !slices.Contains([]string{"FINISHED", "FAILED", "CANCELED"}, j.State) {
			names = append(names, j.Name+" is "+j.State)
		}
	}
	return names, nil
}

// get reads what Flink's REST interface has at a path.
func (c *Cluster) get(ctx context.Context, path string, value any) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.REST+path, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(value); err != nil {
		return fmt.Errorf("%s%s: %w", c.REST, path, err)
	}
	return nil
}
