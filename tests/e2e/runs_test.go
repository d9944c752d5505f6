package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A run is a row of "beamfit runs --format json".
type run struct {
	ID, State, Command, Message, Resumes, Runner, Job string
	Arguments                                         []string
	Stage                                             string
	UnitsDone                                         int64 `json:"units_done"`
	UnitsTotal                                        int64 `json:"units_total"`
	Iteration, Iterations                             int
	Loss                                              *float64
}

// runs are the runs of the store, the latest first.
func (u user) runs() (all []run) {
	u.t.Helper()
	if err := json.Unmarshal([]byte(u.beamfit("runs", "--limit", "1000", "--format", "json")), &all); err != nil {
		u.t.Fatal(err)
	}
	return all
}

// awaitRun waits until there is a run of that command line which is as wanted. The kernels that were recorded with it are not on the line.
func (u user) awaitRun(line []string, wanted func(run) bool) run {
	u.t.Helper()
	return u.await(func(r run) bool {
		typed := slices.DeleteFunc(slices.Clone(r.Arguments), func(arg string) bool { return strings.HasPrefix(arg, "--kernels=") })
		return slices.Equal(append([]string{r.Command}, typed...), line) && wanted(r)
	})
}

// awaitRunOf waits until a run of a fit of that model is as wanted.
func (u user) awaitRunOf(model string, wanted func(run) bool) run {
	u.t.Helper()
	return u.await(func(r run) bool { return r.Command == "fit" && r.Arguments[1] == model && wanted(r) })
}

func (u user) await(wanted func(run) bool) run {
	u.t.Helper()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		all := u.runs()
		if i := slices.IndexFunc(all, wanted); i >= 0 {
			return all[i]
		}
		if time.Since(begun) > time.Minute {
			u.t.Fatalf("no run is as wanted after a minute: %+v", all)
		}
	}
}

// awaitTable waits until a table is there.
func (u user) awaitTable(name string) {
	u.t.Helper()
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, ok := u.count(name); ok {
			return
		}
		if time.Since(begun) > time.Minute {
			u.t.Fatalf("no table %s after a minute", name)
		}
	}
}

// background is a command at work.
type background struct {
	*exec.Cmd
	stderr bytes.Buffer
	ended  chan error
}

func (u user) start(args ...string) *background {
	u.t.Helper()
	b := &background{Cmd: u.command(context.Background(), args...), ended: make(chan error, 1)}
	b.Stderr = &b.stderr
	if err := b.Start(); err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(b.kill)
	go func() { b.ended <- b.Wait(); close(b.ended) }()
	return b
}

func (b *background) kill() {
	_ = b.Process.Kill()
	<-b.ended
}

// wantExit waits for the end of the command.
func (b *background) wantExit(t *testing.T, code int, last string) {
	t.Helper()
	select {
	case err := <-b.ended:
		var exit *exec.ExitError
		got := 0
		if errors.As(err, &exit) {
			got = exit.ExitCode()
		}
		if got != code || !strings.HasSuffix(b.stderr.String(), last) {
			t.Errorf("exit code %d, want %d and at the end %q\n%s", got, code, last, b.stderr.String())
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("the command goes on\n%s", b.stderr.String())
	}
}

// TestRuns follows a fit that is killed with SIGKILL: others see that it has died, and resume makes of it the model of a fit that nobody has
// killed. Then one that others see run, and in whose name a second one is refused, is cancelled from another process.
func TestRuns(t *testing.T) {
	data := filepath.Join(t.TempDir(), "rows.csv")
	writeRows(t, data, 5000)
	for store, open := range users(t) {
		t.Run(store, func(t *testing.T) {
			u := open(t)
			u.beamfit("import", data, "rows", "--types", "id integer, x real[], label text")
			u.beamfit("load-model", "arch", modelFile(t))
			u.beamfit("preprocess", "rows", "packed", "--dependent", "label", "--independent", "x", "--shards", "2", "--buffer-size", "500")
			fit := func(model string, iterations int, more ...string) []string {
				return append([]string{
					"fit", "packed", model, "--arch=arch", "--id=1", "--compile=loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']",
					"--fit=batch_size=32, epochs=4", fmt.Sprintf("--iterations=%d", iterations),
				}, more...)
			}
			const iterations = 120
			u.beamfit(fit("whole", iterations)...)
			u.awaitRun(fit("whole", iterations), func(r run) bool {
				return r.State == "done" && r.Iteration == iterations && r.Loss != nil && *r.Loss < 1 && r.Runner == "direct"
			})

			kill := fit("killed", iterations, "--checkpoint-every=2")
			killed := u.start(kill...)
			u.awaitTable("killed_checkpoint")
			killed.kill()
			u.awaitEnd(killed.Cmd)
			if _, ok := u.count("killed"); ok {
				t.Fatal("the fit ended before it was killed: it needs more iterations")
			}
			first := u.awaitRun(kill, func(r run) bool { return r.State == "died" })
			if out := u.beamfit("resume", first.ID[:5]); !strings.Contains(out, "killed: went on after iteration ") {
				t.Errorf("the fit began anew:\n%s", out)
			}
			if u.sum("killed") != u.sum("whole") {
				t.Error("the weights are others than those of a fit that nobody has killed")
			}
			resumed := u.awaitRun(kill, func(r run) bool { return r.Resumes == first.ID && r.State == "done" })
			if _, err := u.try("resume", first.ID); err == nil || !strings.Contains(err.Error(), "resumed as run "+resumed.ID) {
				t.Errorf("resume once more: %v", err)
			}

			long := u.start(fit("cancelled", 1_000_000)...)
			at := u.awaitRun(fit("cancelled", 1_000_000), func(r run) bool { return r.State == "running" && r.Iteration > 0 })
			if _, err := u.try(fit("cancelled", 3)...); err == nil || !strings.Contains(err.Error(), "is being made by another command: run "+at.ID+", fit on ") {
				t.Errorf("a second fit of the model: %v", err)
			}
			if _, err := u.try("resume", at.ID); err == nil || !strings.Contains(err.Error(), "is running") {
				t.Errorf("resume of a fit at work: %v", err)
			}
			if u.psql != nil { // the row's session is lost, and made again
				const session = "SELECT pg_terminate_backend(pid, 10000) AS lost FROM pg_stat_activity WHERE pid <> pg_backend_pid() " +
					"AND query LIKE '%' || current_schema() || '%beamfit_runs%'"
				if out := u.psql(session); out != "lost\nt\n(1 row)\n" {
					t.Errorf("sessions of the row: %s", out)
				}
				u.awaitRun(fit("cancelled", 1_000_000), func(r run) bool { return r.State == "running" && r.Iteration > at.Iteration })
			}
			following := u.start("runs", "show", at.ID, "--follow")
			asked := time.Now()
			if out := u.beamfit("runs", "cancel", at.ID); out != at.ID+": cancelled\n" {
				t.Errorf("cancel says %q", out)
			}
			t.Logf("cancelled after %v", time.Since(asked))
			long.wantExit(t, 130, "beamfit: cancelled by beamfit runs cancel\n")
			following.wantExit(t, 1, "beamfit: run "+at.ID+" was cancelled\n")
			if _, err := u.try("show", "cancelled"); err == nil || !strings.Contains(err.Error(), "does not exist") {
				t.Errorf("the model of the cancelled fit: %v", err)
			}
			if _, err := u.try("runs", "cancel", at.ID); err == nil || !strings.Contains(err.Error(), "there is nothing to stop") {
				t.Errorf("cancel once more: %v", err)
			}
		})
	}
}

// TestRunsWithoutRights: who may make no table in the first schema of the search path works all the same, and is told that there is no row.
func TestRunsWithoutRights(t *testing.T) {
	u := pgUser(t)
	schema := strings.TrimSpace(strings.Split(u.psql("SELECT current_schema() AS s"), "\n")[1])
	role := schema + "_guest"
	u.psql("CREATE ROLE " + role + " LOGIN; CREATE SCHEMA " + role + " AUTHORIZATION " + role + "; GRANT USAGE ON SCHEMA " + schema + " TO " + role)
	t.Cleanup(func() { u.psql("DROP OWNED BY " + role + "; DROP ROLE " + role) })
	file := filepath.Join(t.TempDir(), "rows.csv")
	writeRows(t, file, 3)
	cmd := u.command(t.Context(), "import", file, role+".rows", "--types", "id integer, x real[], label text")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Env = append(cmd.Env, "BEAMFIT_DB="+strings.Replace(u.db, "postgres@", role+"@", 1))
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if want := "beamfit: warning: beamfit runs will not show this run: table " + schema + ".beamfit_runs: permission denied"; !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("got %q, want %q", stderr.String(), want)
	}
	if out := u.psql("SELECT count(*) FROM " + role + ".rows"); !strings.Contains(out, "3") {
		t.Errorf("rows: %s", out)
	}
}

// TestRunsKeepNoSecret: a password of the database is nowhere in what is recorded, and a run can be resumed without it.
func TestRunsKeepNoSecret(t *testing.T) {
	u := pgUser(t)
	const secret = "hunter22" // the server trusts loopback, whatever the password
	withPassword := strings.Replace(u.db, "postgres@", "postgres:"+secret+"@", 1)
	if withPassword == u.db {
		t.Skip("the server's URL has no user postgres")
	}
	missing := filepath.Join(t.TempDir(), "missing.csv")
	line := []string{"import", missing, "rows", "--types=id integer"}
	if _, err := u.try(append(line, "--db", withPassword)...); err == nil {
		t.Fatal("imported a file that is not there")
	}
	r := u.awaitRun(line, func(r run) bool { return r.State == "failed" && strings.Contains(r.Message, "missing.csv") })
	if dump := u.psql("SELECT * FROM beamfit_runs"); strings.Contains(dump, secret) || !strings.Contains(dump, r.ID) {
		t.Errorf("the table of runs:\n%s", dump)
	}
	writeRows(t, missing, 3)
	u.beamfit("resume", r.ID)
	u.awaitRun(line, func(r run) bool { return r.State == "done" })
}
