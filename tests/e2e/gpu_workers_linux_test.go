package e2e

import (
	"bufio"
	"bytes"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/tests/flinktest"
)

// A gpuWorker is a fit whose worker process has trained a shard on a GPU.
type gpuWorker struct {
	fit    *exec.Cmd
	pid    int
	uuid   string
	shares string // how many processes share the GPU; "": it has it alone
	ended  chan error
}

var (
	trainedOnGPU = regexp.MustCompile(`shard \d of iris_train_packed was trained in process (\d+) on GPU \d \(stand-in for a GPU\), (GPU-\S+)`)
	sharesGPU    = regexp.MustCompile(`(\d+) processes share GPU \d \(stand-in for a GPU\), (GPU-\S+): a shard may take 0\.9/`)
)

// gpuUUID is that of the stand-in driver's GPU of that number.
func gpuUUID(number int) string {
	return "GPU-fafafafa-fafa-fafa-fafa-fafafafafa0" + strconv.Itoa(number)
}

// startOnGPU starts a fit that takes long, whose worker is a process, and waits until that has trained.
func (u user) startOnGPU(model string, env ...string) *gpuWorker {
	u.t.Helper()
	w := &gpuWorker{ended: make(chan error, 1), fit: u.command(u.t.Context(), "fit", "iris_train_packed", model, "--arch", "model_arch_library", "--id", "1",
		"--compile", compile, "--fit", "batch_size=5, epochs=12", "--iterations", "100000", "--iterations-per-job", "50", "--gpus", "--log-level", "debug",
		"--runner", "prism", "--environment-type", "PROCESS")}
	w.fit.Env = append(w.fit.Env, env...)
	stderr, err := w.fit.StderrPipe()
	if err != nil {
		u.t.Fatal(err)
	}
	if err := w.fit.Start(); err != nil {
		u.t.Fatal(err)
	}
	var text bytes.Buffer
	trained := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if w.pid != 0 {
				continue
			}
			text.Write(append(lines.Bytes(), '\n'))
			if m := sharesGPU.FindStringSubmatch(lines.Text()); m != nil {
				w.shares = m[1]
			}
			if m := trainedOnGPU.FindStringSubmatch(lines.Text()); m != nil {
				w.pid, _ = strconv.Atoi(m[1])
				w.uuid = strings.TrimRight(m[2], `"`)
				trained <- true
			}
		}
		close(trained)
		w.ended <- w.fit.Wait()
	}()
	select {
	case ok := <-trained:
		if !ok {
			u.t.Fatalf("fit: %v\n%s", <-w.ended, text.String())
		}
	case <-time.After(2 * time.Minute):
		_ = w.fit.Process.Kill()
		u.t.Fatal("no shard is trained in two minutes")
	}
	u.t.Cleanup(func() { _ = w.fit.Process.Kill() })
	return w
}

func (w *gpuWorker) has(t *testing.T, gpu int, shares string) {
	t.Helper()
	if w.uuid != gpuUUID(gpu) || w.shares != shares {
		t.Errorf("a worker has %s, shared by %q, want %s, by %q", w.uuid, w.shares, gpuUUID(gpu), shares)
	}
}

// TestGPUPerWorker: worker processes take GPUs of their own while there are enough, and share them evenly else, with a warning; a worker that is killed
// leaves its GPU to the next one; and one that sees some GPUs only takes one of those. The bits are those of the local runner.
func TestGPUPerWorker(t *testing.T) {
	besideCUDA(t)
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("FAKECUDA", "devices=2")
	u := fileUser(t)
	u.irisPrepared("0")
	first := u.startOnGPU("a")
	first.has(t, 0, "")
	u.startOnGPU("b").has(t, 1, "")
	u.startOnGPU("c").has(t, 0, "2")
	kill(t, first.pid)
	if err := <-first.ended; err == nil {
		t.Error("a fit whose worker was killed ended well")
	}
	u.startOnGPU("d").has(t, 0, "2")
	u.startOnGPU("e", "CUDA_VISIBLE_DEVICES=1").has(t, 1, "2")
	u.startOnGPU("f", "CUDA_VISIBLE_DEVICES=1,0").has(t, 1, "3")
	local := u.gpuFit("here", "--gpus")
	if there := u.gpuFit("there", "--gpus", "--runner", "prism", "--environment-type", "PROCESS"); there != local {
		t.Errorf("weights %s of a worker process, %s of this one", there, local)
	}
}

// TestGPUOnFlink: of two TaskManagers on a machine with two GPUs each trains on one of its own, and the weights are those of the local runner.
func TestGPUOnFlink(t *testing.T) {
	besideCUDA(t)
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("FAKECUDA", "devices=2")
	u := fileUser(t)
	u.irisPrepared("0")
	c := flinktest.Start(t, "up", "TASKMANAGERS=2")
	p := trainingPlace{engine: flinkEngine(c, "Flink", "--parallelism", "2", "--beam-option", "environment_cache_millis=4000"), logs: c.Folder}
	local := u.gpuFit("here", "--gpus")
	p.newLogs(t)
	if there := u.gpuFit("there", append([]string{"--gpus"}, p.engine.flags...)...); there != local {
		t.Errorf("weights %s on Flink, %s of the local runner", there, local)
	}
	gpus, processes := map[string]string{}, map[string]string{}
	for log, text := range p.newLogs(t) {
		for _, m := range trainedOnGPU.FindAllStringSubmatch(text, -1) {
			process, gpu := m[1], m[2]
			if other, ok := gpus[process]; ok && other != gpu {
				t.Errorf("process %s of %s works on %s and %s", process, log, gpu, other)
			}
			if other, ok := processes[gpu]; ok && other != process {
				t.Errorf("processes %s and %s of %s work on %s", process, other, log, gpu)
			}
			gpus[process], processes[gpu] = gpu, process
		}
	}
	if len(gpus) != 2 || len(processes) != 2 {
		t.Errorf("processes work on GPUs %v, want two on two", gpus)
	}
}
