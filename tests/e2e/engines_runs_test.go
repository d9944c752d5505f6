package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/tests/flinktest"
)

// trainStep matches the names of the steps that train shards: Beam shortens that of the last iteration of a job.
var trainStep = regexp.MustCompile(`iteration \d+(/\{trainshard\.Train|, collect\.Keep state)`)

// runsOnFlink kills the command of a fit on Flink with SIGKILL and resumes it, then cancels another one from a process of its own, which ends
// the job on the cluster, too.
func runsOnFlink(t *testing.T, u user, c *flinktest.Cluster, e engine) {
	fit := func(model, passes string, more ...string) []string {
		return append([]string{
			"fit", "iris_train_packed", model, "--arch=model_arch_library", "--id=1", "--compile=" + compile, "--fit=batch_size=1, epochs=" + passes,
			"--iterations=10", "--metrics-every=1",
		}, more...)
	}
	u.beamfit(append([]string{"preprocess", "iris_train", "told", "--dependent", "class_text", "--independent", "attributes"}, e.flags...)...)
	told := u.await(func(r run) bool { return r.Command == "preprocess" && r.Arguments[1] == "told" })
	if told.State != "done" || told.Stage != "packing" || told.UnitsDone == 0 || told.UnitsDone != told.UnitsTotal {
		t.Errorf("%+v", told) // workers elsewhere are heard by nobody, so this is told when they have ended
	}
	u.beamfit(fit("whole", "100")...)
	onFlink := append([]string{"--iterations-per-job=2", "--checkpoint-every=2"}, e.flags...)
	killed := u.start(fit("killed", "100", onFlink...)...)
	first := u.awaitRunOf("killed", func(r run) bool { return r.Iteration >= 2 && r.Job != "" })
	if first.Runner != "flink" || !strings.HasPrefix(first.Job, "fit-") || first.Loss == nil || first.Iterations != 10 {
		t.Errorf("%+v", first)
	}
	u.awaitTable("killed_checkpoint") // an iteration is told before the checkpoint after it is there
	killed.kill()
	u.awaitEnd(killed.Cmd)
	if _, ok := u.count("killed"); ok {
		t.Fatal("the fit ended before it was killed")
	}
	u.awaitRunOf("killed", func(r run) bool { return r.State == "died" })
	c.AllEnded(t) // the workers notice
	if out := u.beamfit("resume", first.ID); !strings.Contains(out, "killed: went on after iteration ") {
		t.Errorf("the fit began anew:\n%s", out)
	}
	if u.sum("killed") != u.sum("whole") {
		t.Error("the weights are others than those of a fit on the direct runner that nobody has killed")
	}

	before := len(c.Jobs(t))
	long := u.start(fit("cancelled", "200000", onFlink...)...)
	at := u.awaitRunOf("cancelled", func(r run) bool { return r.Job != "" })
	// The job service has the job; Flink learns of it a while later. One that reads the rows may come before.
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		jobs := c.Jobs(t)
		if last := jobs[len(jobs)-1]; len(jobs) > before && !last.Ended() && len(c.Subtasks(t, last, trainStep)) > 0 {
			break
		}
		if time.Now().After(until) {
			t.Fatal("no job of the fit trains after a minute")
		}
	}
	asked := time.Now()
	if out := u.beamfit("runs", "cancel", at.ID); out != at.ID+": cancelled\n" {
		t.Errorf("cancel says %q", out)
	}
	t.Logf("cancelled after %v", time.Since(asked))
	long.wantExit(t, 130, "beamfit: cancelled by beamfit runs cancel\n")
	if jobs := c.AllEnded(t); jobs[len(jobs)-1].State != "CANCELED" {
		t.Errorf("the last job is %s, not cancelled", jobs[len(jobs)-1].State)
	}
}
