package examples

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nightly.sh runs again and again, and leaves the same tables; a run that was killed in the middle is no hindrance.
func TestNightly(t *testing.T) {
	for name, open := range map[string]func(*testing.T) string{
		"file":     func(t *testing.T) string { return "file:" + filepath.Join(t.TempDir(), "store") },
		"postgres": schema,
	} {
		t.Run(name, func(t *testing.T) {
			dir, db := t.TempDir(), open(t)
			iris, err := filepath.Abs("../../cmd/beamfit/internal/iris")
			if err != nil {
				t.Fatal(err)
			}
			must(t, dir, db, `beamfit import `+iris+`/iris.csv iris_data --types "id integer, attributes numeric[], class_text varchar"`)
			must(t, dir, db, `beamfit load-model model_arch_library `+iris+`/iris_mlp.json`)
			var first string
			for i := range 3 {
				if i == 2 {
					cmd := shell(t, dir, db, "exec nightly.sh")
					cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
					if err := cmd.Start(); err != nil {
						t.Fatal(err)
					}
					time.Sleep(400 * time.Millisecond)
					_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the command at work, too
					_ = cmd.Wait()
				}
				must(t, dir, db, "nightly.sh")
				tables := must(t, dir, db, "beamfit show iris_validate --format csv; beamfit show iris_predict --order-by id,rank --format csv")
				if i == 0 {
					first = tables
				}
				if tables != first || strings.Count(tables, "\n") < 90 {
					t.Errorf("run %d left\n%s\nthe first one\n%s", i+1, tables, first)
				}
			}
		})
	}
}

// schema is a new schema of the test server.
func schema(t *testing.T) string {
	base := os.Getenv("BEAMFIT_TEST_PG")
	if base == "" {
		t.Skip("BEAMFIT_TEST_PG is not set: run scripts/test")
	}
	needs(t, "psql")
	name := fmt.Sprintf("examples_%d_%d", os.Getpid(), time.Now().UnixNano())
	sql := func(text string) {
		if out, err := exec.Command("psql", base, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", text).CombinedOutput(); err != nil {
			t.Fatalf("psql: %v\n%s", err, out)
		}
	}
	sql("CREATE SCHEMA " + name)
	t.Cleanup(func() { sql("DROP SCHEMA " + name + " CASCADE") })
	mark := "?"
	if strings.Contains(base, "?") {
		mark = "&"
	}
	return base + mark + "options=-csearch_path%3D" + name
}

func must(t *testing.T, dir, db, line string) string {
	t.Helper()
	code, out := run(t, dir, db, line)
	if code != 0 {
		t.Fatalf("%s exits with %d: %s", line, code, out)
	}
	return out
}

// again.sh repeats what exits with 75, not more often than asked for, and nothing else.
func TestAgain(t *testing.T) {
	for _, c := range []struct {
		codes      string // of one run after the other
		code, runs int
	}{
		{"0", 0, 1},
		{"1", 1, 1},
		{"2", 2, 1},
		{"130", 130, 1},
		{"75 0", 0, 2},
		{"75 1", 1, 2},
		{"75 75 75 75", 75, 3},
	} {
		dir := t.TempDir()
		script := `echo run >> runs; set -- ` + c.codes + `; shift $(($(wc -l < runs) - 1)); exit $1`
		writeFile(t, filepath.Join(dir, "job"), script)
		code, out := run(t, dir, "", "again.sh 3 0 sh job")
		runs, err := os.ReadFile(filepath.Join(dir, "runs"))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(runs), "\n"); code != c.code || n != c.runs {
			t.Errorf("%s: exit code %d after %d runs, expected %d after %d: %s", c.codes, code, n, c.code, c.runs, out)
		}
	}
	if code, _ := run(t, t.TempDir(), "", "again.sh 2 0 beamfit show t --db postgres://me@127.0.0.1:1/d"); code != 75 {
		t.Errorf("a server that cannot be reached: exit code %d", code)
	}
}
