//go:build unix

package gpulock

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/beamfit/beamfit/model/plan/cuda"
)

// workerEnv makes this program a worker that takes one of the GPUs that it lists, and holds it until its standard input ends.
const workerEnv = "BEAMFIT_TEST_GPUS"

func TestMain(m *testing.M) {
	if list := os.Getenv(workerEnv); list != "" {
		c, err := Take(gpus(strings.Fields(list)...))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(strings.Fields(list)[c.Index], c.Processes)
		_, _ = io.Copy(io.Discard, os.Stdin)
		if err := c.Release(); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func gpus(uuids ...string) (all []cuda.GPU) {
	for i, u := range uuids {
		all = append(all, cuda.GPU{Number: i, UUID: u})
	}
	return all
}

// A worker is another process.
type worker struct {
	cmd  *exec.Cmd
	in   io.Closer
	took string // GPU and processes
}

func start(t *testing.T, list string) *worker {
	t.Helper()
	w := &worker{cmd: exec.Command(os.Args[0])}
	w.cmd.Env = append(os.Environ(), workerEnv+"="+list)
	in, err := w.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.in = in
	t.Cleanup(w.end)
	w.took, err = bufio.NewReader(out).ReadString('\n')
	w.took = strings.TrimSpace(w.took)
	if err != nil {
		t.Fatalf("a worker says %q: %v", w.took, err)
	}
	return w
}

// end lets the worker release its GPU; kill does not.
func (w *worker) end() {
	_ = w.in.Close()
	_ = w.cmd.Wait()
}

func (w *worker) kill() {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
}

func (w *worker) is(t *testing.T, want string) {
	t.Helper()
	if w.took != want {
		t.Errorf("a worker took %q, want %q", w.took, want)
	}
}

// Workers take GPUs of their own, then share evenly; what a worker held is free when it has ended or was killed, and a worker that sees some GPUs only
// takes one of those.
func TestWorkers(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	start(t, "A B").is(t, "A 1")
	b := start(t, "A B")
	b.is(t, "B 1")
	start(t, "B A").is(t, "B 2")
	a := start(t, "B A")
	a.is(t, "A 2")
	a.kill()
	start(t, "B").is(t, "B 3")
	start(t, "B A").is(t, "A 2")
	b.end()
	b = start(t, "B A C")
	b.is(t, "C 1")
	b.kill()
	start(t, "B C").is(t, "C 1")
	files, err := filepath.Glob(filepath.Join(os.TempDir(), "beamfit-gpus-*", prefix+"*"))
	if err != nil || len(files) != 5 {
		t.Errorf("%d files for 5 workers: %q, %v", len(files), files, err)
	}
}

// Many that take a GPU at the same time share evenly, too.
func TestAtOnce(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	found := gpus("A", "B", "C")
	for range 20 {
		var mu sync.Mutex
		held := map[int]int{}
		var all sync.WaitGroup
		begin := make(chan bool)
		holders := make([]holder, 9)
		for i := range holders {
			all.Go(func() {
				<-begin
				c, err := holders[i].take(found)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				held[c.Index]++
			})
		}
		close(begin)
		all.Wait()
		if held[0] != 3 || held[1] != 3 || held[2] != 3 {
			t.Fatalf("held %v times", held)
		}
		for i := range holders {
			if err := holders[i].release(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A process has one GPU for all of its jobs, until the last has ended.
func TestJobs(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	take := func() cuda.Choice {
		t.Helper()
		c, err := Take(gpus("A", "B"))
		if err != nil || c.Index != 0 {
			t.Fatalf("took %+v, %v", c, err)
		}
		return c
	}
	first := take()
	other := start(t, "B")
	second := take()
	if _, err := Take(gpus("B", "C")); err == nil || !strings.Contains(err.Error(), "it holds A for other jobs, which is none of the 2 GPUs") {
		t.Errorf("without the GPU that other jobs have: %v", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	if err := first.Release(); err != nil { // does nothing
		t.Fatal(err)
	}
	start(t, "A").is(t, "A 2")
	other.end()
	if third := take(); third.Processes != 2 {
		t.Errorf("%d processes hold the GPU of this one, want 2", third.Processes)
	} else if err := third.Release(); err != nil {
		t.Fatal(err)
	}
	if err := second.Release(); err != nil {
		t.Fatal(err)
	}
	c, err := Take(gpus("A", "B"))
	if err != nil || c.Index != 1 || c.Processes != 1 {
		t.Errorf("after the last job: %+v, %v", c, err)
	}
	if err := c.Release(); err != nil {
		t.Fatal(err)
	}
}

// A folder that others may write to, or a link in its place, is refused.
func TestForeignFolder(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"open": func(path string) error { return os.Chmod(path, 0o777) },
		"link": func(path string) error {
			return errors.Join(os.Rename(path, path+".moved"), os.Symlink(path+".moved", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			path := filepath.Join(os.TempDir(), fmt.Sprint("beamfit-gpus-", os.Geteuid()))
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := spoil(path); err != nil {
				t.Fatal(err)
			}
			if _, err := Take(gpus("A")); err == nil || !strings.Contains(err.Error(), "must be a folder of this user's that is open to nobody else") {
				t.Errorf("got %v", err)
			}
		})
	}
}
