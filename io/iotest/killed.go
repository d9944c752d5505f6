package iotest

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// childURL and childTask are the environment of a process that Run starts to kill it.
const (
	childURL  = "BEAMFIT_IOTEST_URL"
	childTask = "BEAMFIT_IOTEST_TASK"
	ready     = "iotest: ready to be killed"
)

// childTasks leave a store in the middle of something and wait there.
var childTasks = map[string]func(t *testing.T, s table.Store){
	"output": func(t *testing.T, s table.Store) {
		ordered := spec("o")
		ordered.Ordered = true
		out := create(t, s, spec("t"), ordered, table.TableSpec{Name: named("old"), Schema: idSchema, Replace: true})
		for i := range 3 {
			mustPart(t, s, table.Part{Output: out.ID(), Table: i, Key: "a"}, batch(t, idSchema, ints(0, 1000)...))
		}
		w, err := s.Append(testContext(t), table.Part{Output: out.ID(), Key: "b"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(testContext(t), batch(t, idSchema, ints(0, 10_000)...)); err != nil {
			t.Fatal(err)
		}
		wait()
	},
	"mutation": func(t *testing.T, s table.Store) {
		err := s.Mutate(testContext(t), named("old"), func(tx table.Tx) error {
			if err := tx.Insert(batch(t, idSchema, ints(5, 9)...)); err != nil {
				return err
			}
			if _, err := tx.Delete("id", 0); err != nil {
				return err
			}
			wait()
			return nil
		})
		t.Fatal(err)
	},
	"drop": func(t *testing.T, s table.Store) {
		all, err := s.List(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		announce()
		// The server may still be busy with the drop of a process that was killed.
		if _, err := s.Drop(testContext(t), all, true); err != nil {
			t.Fatal(err)
		}
		wait()
	},
	"claim": func(t *testing.T, s table.Store) {
		claimed(t, s, named("t"))
		wait()
	},
	"run": func(t *testing.T, s table.Store) {
		beat(t, recorded(t, s, newRun()), table.RunStatus{})
		stopping := newRun()
		stopping.Command = "stopping"
		beat(t, recorded(t, s, stopping), table.RunStatus{Stopping: true})
		wait()
	},
	"snapshot": func(t *testing.T, s table.Store) {
		if _, err := s.Snapshot(testContext(t), named("old")); err != nil {
			t.Fatal(err)
		}
		wait()
	},
}

// announce tells the parent that the task begins.
func announce() { fmt.Println(ready) }

// wait tells the parent and blocks until the process is killed, or the parent is gone.
func wait() {
	announce()
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	os.Exit(3)
}

func childMain(t *testing.T) {
	s, err := table.Open(testContext(t), os.Getenv(childURL))
	if err != nil {
		t.Fatal(err)
	}
	childTasks[os.Getenv(childTask)](t, s)
}

// kill starts this test binary again for a task, kills it in the middle and waits until the store knows.
func kill(t *testing.T, site Site, task string) {
	t.Helper()
	killAfter(t, site, task, 0)
}

// killAfter is kill some time after the task has said where it is.
func killAfter(t *testing.T, site Site, task string, after time.Duration) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	top, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.Command(exe, "-test.run=^"+top+"$", "-test.v=false", "-test.count=1")
	mark := "iotest-" + rand.Text()
	cmd.Env = append(os.Environ(), childURL+"="+site.URL, childTask+"="+task, ProcessMark+"="+mark)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if lines.Text() == ready {
			time.Sleep(after)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it reports the kill
			if site.Ended != nil {
				site.Ended(t, mark)
			}
			return
		}
		said.WriteString(lines.Text() + "\n")
	}
	t.Fatalf("the child ended by itself (%v): %s", cmd.Wait(), said.String())
}

var killedCases = []testCase{
	{"while it writes an output", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("old"), idSchema, ints(0, 5)...)
		kill(t, site, "output")
		wantList(t, s, "old")
		wantTable(t, s, named("old"), ints(0, 5))
		// The same work succeeds, and what was left is gone.
		out := create(t, s, spec("t"), spec("o"), table.TableSpec{Name: named("old"), Schema: idSchema, Replace: true})
		mustPart(t, s, table.Part{Output: out.ID(), Key: "a"}, batch(t, idSchema, ints(0, 10)...))
		commit(t, out)
		wantList(t, s, "o", "old", "t")
		wantTable(t, s, named("t"), ints(0, 10))
		site.wantNoStaging(t)
	}},
	{"while it writes an output, and who comes next only reads", func(t *testing.T, site Site) {
		write(t, site.open(t), named("old"), idSchema, ints(0, 5)...)
		kill(t, site, "output")
		s := site.open(t)
		site.wantNoStaging(t)
		wantList(t, s, "old")
		wantTable(t, s, named("old"), ints(0, 5))
	}},
	{"while it changes a table", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("old"), idSchema, ints(0, 5)...)
		kill(t, site, "mutation")
		wantTable(t, s, named("old"), ints(0, 5))
		if err := s.Mutate(testContext(t), named("old"), func(tx table.Tx) error { return tx.Insert(batch(t, idSchema, ints(5, 6)...)) }); err != nil {
			t.Fatal(err)
		}
		wantSet(t, s, named("old"), ints(0, 6))
		site.wantNoStaging(t)
	}},
	{"while it drops tables", func(t *testing.T, site Site) {
		s := site.open(t)
		all := writeSeveral(t, s, "")
		start := time.Now()
		if _, err := s.Drop(testContext(t), all, false); err != nil {
			t.Fatal(err)
		}
		whole := time.Since(start)
		const kills = 10
		for k := range kills {
			writeSeveral(t, s, strconv.Itoa(k))
			killAfter(t, site, "drop", whole*time.Duration(k)/kills)
			names, err := s.List(testContext(t))
			if err != nil {
				t.Fatal(err)
			}
			left := map[string]int{}
			for _, n := range names {
				left[n.Table[1:]]++
			}
			for round, n := range left {
				if n != len(several) {
					t.Fatalf("killed after %d/%d of the time: %d of the %d tables of round %s are left", k, kills, n, len(several), round)
				}
			}
		}
		write(t, site.open(t), named("z"), idSchema) // it sweeps first
		site.wantNoStaging(t)
	}},
	{"while it holds a snapshot", func(t *testing.T, site Site) {
		s := site.open(t)
		write(t, s, named("old"), idSchema, ints(0, 5)...)
		kill(t, site, "snapshot")
		if err := s.Mutate(testContext(t), named("old"), table.Tx.Drop); err != nil {
			t.Fatal(err)
		}
		wantList(t, s)
		site.wantNoStaging(t)
	}},
}
