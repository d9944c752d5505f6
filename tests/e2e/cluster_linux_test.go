package e2e

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/beamfit/beamfit/tests/flinktest"
)

var clusterFlag = flag.Bool("cluster", false, "run a Flink cluster of two TaskManagers and kill parts of it: minutes")

// taskManagers are those of the cluster.
var taskManagers = []string{"taskmanager-1", "taskmanager-2"}

// TestCluster kills what takes part in a fit of 8 shards on two TaskManagers, in the middle. The weights are those of the direct
// runner, and nothing goes on for nobody. scripts/flink test runs it and prints its table.
func TestCluster(t *testing.T) {
	if !*clusterFlag {
		t.Skip("takes minutes: scripts/flink test")
	}
	u := fileUser(t)
	data := filepath.Join(t.TempDir(), "rows.csv")
	writeRows(t, data, 8000)
	u.beamfit("import", data, "rows", "--types", "id integer, x real[], label text")
	u.beamfit("load-model", "arch", modelFile(t))
	u.beamfit("load-model", "arch", wideModelFile(t))
	u.beamfit("preprocess", "rows", "packed", "--dependent", "label", "--independent", "x", "--shards", "8", "--buffer-size", "500")
	c := flinktest.Start(t, "up", fmt.Sprint("TASKMANAGERS=", len(taskManagers)))
	b := &clusterFit{
		user: u, cluster: c,
		engine: flinkEngine(c, "Flink, two TaskManagers", "--parallelism", "2", "--beam-option", "environment_cache_millis=4000"),
	}
	fmt.Fprintf(&b.table, "killed\tseconds\tjobs\tshards trained on %s\tSHA-256 of the weights\n", strings.Join(taskManagers, ", "))
	want := map[clusterNetwork]string{}
	for _, n := range []clusterNetwork{smallStates, largeStates} {
		begun := time.Now()
		b.network = n
		u.beamfit(b.args("direct_"+n.id, nil)...)
		want[n] = u.weights("direct_" + n.id)
		fmt.Fprintf(&b.table, "(direct, %s)\t%.1f\t\t\t%.12s\n", n.states, time.Since(begun).Seconds(), want[n])
	}
	killWorkers := func(t *testing.T) {
		workers := b.workers(t, taskManagers[1])
		if len(workers) == 0 {
			t.Fatal("the TaskManager has no worker")
		}
		for _, pid := range workers { // idle ones of the fit before are among them
			kill(t, pid)
		}
	}

	for _, f := range []struct {
		killed  string
		network clusterNetwork
		kill    func(t *testing.T)
	}{
		{"nothing", smallStates, nil},
		{"the workers of a TaskManager", smallStates, killWorkers},
		{"nothing, " + largeStates.states, largeStates, nil},
		{"the workers of a TaskManager, " + largeStates.states, largeStates, killWorkers},
		{"a TaskManager", largeStates, func(t *testing.T) {
			workers := b.workers(t, taskManagers[1])
			for _, command := range []string{"kill", "start"} {
				if _, err := c.Script(command, taskManagers[1]); err != nil {
					t.Fatal(err)
				}
			}
			await(t, "the workers of the TaskManager that was killed end", func() bool {
				running := beamfits(t)
				return !slices.ContainsFunc(workers, func(pid int) bool { return slices.Contains(running, pid) })
			})
		}},
	} {
		t.Run(f.killed, func(t *testing.T) {
			b.network = f.network
			b.ends(t, f.killed, want[f.network], f.kill)
		})
	}
	t.Run("the workers of a TaskManager, while rows are packed", func(t *testing.T) { b.packs(t, killWorkers) })
	t.Run("the command", func(t *testing.T) { b.goesOn(t, want[b.network]) })
	t.Run("nobody is an orphan", func(t *testing.T) {
		var of []int // of TaskManagers that run
		await(t, "every process of beamfit is a worker of a TaskManager", func() bool {
			of = append(b.workers(t, taskManagers[0]), b.workers(t, taskManagers[1])...)
			return len(of) == len(beamfits(t))
		})
		t.Logf("%d workers are left", len(of)) // Beam can keep one of a step that failed
		if _, err := c.Script("down"); err != nil {
			t.Fatal(err)
		}
		await(t, "workers end with their TaskManager", func() bool { return len(beamfits(t)) == 0 })
	})
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = w.Write(b.table.Bytes())
	_ = w.Flush()
	t.Logf("\n%s", out.String())
}

// A clusterFit is a fit on a cluster that is disturbed.
type clusterFit struct {
	user    user
	cluster *flinktest.Cluster
	engine  engine
	network clusterNetwork
	table   bytes.Buffer
}

// A clusterNetwork is a network with what it is trained with.
type clusterNetwork struct{ states, id, fit string }

var (
	smallStates = clusterNetwork{"states of 3 KB", "1", "batch_size=4, epochs=100"}
	// largeStates are larger than a piece, so that no engine could hold them as elements.
	largeStates = clusterNetwork{"states of 384 KB", "2", "batch_size=20, epochs=10"}
)

// wideModelFile is the network of modelFile with so many weights that the states of its optimizer do not travel.
func wideModelFile(t *testing.T) string {
	t.Helper()
	path := modelFile(t)
	narrow, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wide := bytes.Replace(narrow, []byte(`"units": 16`), []byte(`"units": 2000`), 1)
	if bytes.Equal(wide, narrow) {
		t.Fatal("the network was not changed")
	}
	if err := os.WriteFile(path, wide, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (b *clusterFit) args(model string, flags []string) []string {
	return append([]string{
		"fit", "packed", model, "--arch", "arch", "--id", b.network.id, "--compile", "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']",
		"--fit", b.network.fit, "--iterations", "12", "--iterations-per-job", "4", "--checkpoint-every", "4",
	}, flags...)
}

// ends runs the fit, kills something in its second job of iterations, and compares the weights.
func (b *clusterFit) ends(t *testing.T, killed, want string, kill func(*testing.T)) {
	model := strings.ToLower(strings.NewReplacer(" ", "_", ",", "").Replace("without " + killed))
	before := len(b.cluster.Jobs(t))
	begun := time.Now()
	fit, stderr := b.start(t, model)
	var cost time.Duration
	if kill != nil {
		b.inTheMiddle(t, model)
		at := time.Now()
		kill(t)
		defer func() { t.Logf("the fit ended %v after the kill", cost) }()
		defer func() { cost = time.Since(at) }()
	}
	if err := fit.Wait(); err != nil {
		t.Fatalf("fit: %v\n%s", err, stderr)
	}
	b.row(t, killed, time.Since(begun), before, model, want)
}

// goesOn kills the command itself: its job ends, and the same command goes on from the checkpoint.
func (b *clusterFit) goesOn(t *testing.T, want string) {
	const model = "goes_on"
	before := len(b.cluster.Jobs(t))
	fit, _ := b.start(t, model)
	b.inTheMiddle(t, model)
	kill(t, fit.Process.Pid)
	at := time.Now()
	_ = fit.Wait()
	b.cluster.AllEnded(t)
	t.Logf("the job of the killed command ended %v after it", time.Since(at))
	u := b.user
	u.t = t
	begun := time.Now()
	if out := u.beamfit(b.args(model, b.engine.flags)...); !strings.Contains(out, model+": went on after iteration ") {
		t.Errorf("the fit began anew:\n%s", out)
	}
	b.row(t, "the command, begun again", time.Since(begun), before, model, want)
}

// packs packs rows, of which one worker gets more than its TaskManager can send at once, kills that, and compares the table.
func (b *clusterFit) packs(t *testing.T, kill func(*testing.T)) {
	u := b.user
	u.t = t
	u.words(t)
	u.beamfit(packWords("packed_here")...)
	before := len(b.cluster.Jobs(t))
	pack := u.command(context.Background(), append(packWords("packed_there"), b.engine.flags...)...)
	var stderr bytes.Buffer
	pack.Stderr = &stderr
	if err := pack.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pack.Process.Kill() })
	await(t, "all rows are read", func() bool {
		return slices.ContainsFunc(b.cluster.Jobs(t)[before:], func(j flinktest.Job) bool {
			reading := b.cluster.Subtasks(t, j, readStep)
			return len(reading) > 0 && !slices.ContainsFunc(reading, func(s flinktest.Subtask) bool { return s.Status != "FINISHED" })
		})
	})
	kill(t)
	if err := pack.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if u.shown("packed_there") != u.shown("packed_here") {
		t.Error("the packed rows are others than on the direct runner")
	}
}

// readStep matches the name of the step that reads the rows that are packed.
var readStep = regexp.MustCompile(`pack\.sendPortionsFn/Process`)

// start begins a fit.
func (b *clusterFit) start(t *testing.T, model string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	fit := b.user.command(context.Background(), b.args(model, b.engine.flags)...)
	var stderr bytes.Buffer
	fit.Stderr = &stderr
	if err := fit.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fit.Process.Kill() })
	return fit, &stderr
}

// inTheMiddle waits until a fit has written a checkpoint and its next job is training.
func (b *clusterFit) inTheMiddle(t *testing.T, model string) {
	t.Helper()
	u := b.user
	u.t = t
	await(t, "there is a checkpoint", func() bool { _, err := u.try("show", model+"_checkpoint", "--columns", "key"); return err == nil })
	await(t, "the next job trains", func() bool {
		jobs := b.cluster.Jobs(t)
		last := jobs[len(jobs)-1]
		return !last.Ended() && slices.ContainsFunc(b.cluster.Subtasks(t, last, trainStep), func(s flinktest.Subtask) bool {
			return s.TaskManager == taskManagers[1] && s.Status == "RUNNING"
		})
	})
}

// row compares the weights of a model and adds a row to the table.
func (b *clusterFit) row(t *testing.T, killed string, took time.Duration, before int, model, want string) {
	t.Helper()
	jobs := b.cluster.AllEnded(t)[before:]
	trained := map[string]int{}
	for _, j := range jobs {
		for _, s := range b.cluster.Subtasks(t, j, trainStep) {
			trained[s.TaskManager] += s.Metrics.Read
		}
	}
	var shards []string
	for _, name := range taskManagers {
		if trained[name] == 0 && strings.HasPrefix(killed, "nothing") {
			t.Errorf("%s trained no shard: %v", name, trained)
		}
		shards = append(shards, strconv.Itoa(trained[name]))
	}
	u := b.user
	u.t = t
	got := u.weights(model)
	if got != want {
		t.Errorf("SHA-256 %s of the weights, that of the direct runner is %s", got, want)
	}
	fmt.Fprintf(&b.table, "%s\t%.1f\t%d\t%s\t%.12s\n", killed, took.Seconds(), len(jobs), strings.Join(shards, ", "), got)
}

// workers are the pids of the workers that a TaskManager has started.
func (b *clusterFit) workers(t *testing.T, taskManager string) []int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(b.cluster.Folder, "run", taskManager))
	if err != nil {
		t.Fatal(err)
	}
	pid, _, _ := strings.Cut(string(data), " ")
	return slices.DeleteFunc(beamfits(t), func(p int) bool { return parent(p) != pid })
}

// beamfits are the pids of the processes that run the binary under test.
func beamfits(t *testing.T) []int {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == binary {
			pid, _ := strconv.Atoi(strings.Split(link, "/")[2])
			pids = append(pids, pid)
		}
	}
	return pids
}

// parent is the parent's pid of a process; "" where it has ended.
func parent(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, ok := strings.Cut(string(data), ") ")
	if err != nil || !ok {
		return ""
	}
	return strings.Fields(after)[1]
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// await waits for something, a minute at most.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after a minute it is not true that %s", what)
		}
	}
}
