//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// A lateStore is a store whose run gets a SIGTERM when it commits a table of the name target, closes a snapshot of it, or drops it.
type lateStore struct {
	table.Store
	late *lateSignal
}

// A lateSignal says when the signal is sent. Each is sent once.
type lateSignal struct {
	target string
	before bool // the commit, which then takes longer than the grace that a run has after a signal; else after it
	linger bool // closing the store takes longer than that
	once   sync.Once
	sent   bool
	ctx    context.Context // of the run
}

// the signal of the test under way; the tests that use it run one after the other.
var late *lateSignal

func init() {
	table.Register("late", table.Opener{
		Open: func(ctx context.Context, url string, _ table.OpenOptions) (table.Store, error) {
			s, err := table.Open(ctx, strings.TrimPrefix(url, "late:"))
			late.ctx = ctx
			return &lateStore{s, late}, err
		},
	})
}

// send sends the signal and returns when the run has got it.
func (l *lateSignal) send() {
	l.once.Do(func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			panic(err)
		}
		<-l.ctx.Done()
		l.sent = true
	})
}

// commit calls fn, and sends the signal if it is about the target.
func (l *lateSignal) commit(ctx context.Context, names []string, fn func(context.Context) error) error {
	if !slices.Contains(names, l.target) {
		return fn(ctx)
	}
	if l.before {
		l.send()
		time.Sleep(interruptGrace + 300*time.Millisecond)
		return fn(context.WithoutCancel(ctx))
	}
	err := fn(ctx)
	l.send()
	return err
}

func (s *lateStore) Create(ctx context.Context, opt table.CreateOptions) (table.Output, error) {
	out, err := s.Store.Create(ctx, opt)
	var names []string
	for _, spec := range opt.Tables {
		names = append(names, spec.Name.Table)
	}
	return &lateOutput{out, s.late, names}, err
}

func (s *lateStore) Mutate(ctx context.Context, name table.Name, fn func(table.Tx) error) error {
	return s.late.commit(ctx, []string{name.Table}, func(ctx context.Context) error { return s.Store.Mutate(ctx, name, fn) })
}

func (s *lateStore) Drop(ctx context.Context, names []table.Name, ifExists bool) (dropped []table.Name, err error) {
	var targets []string
	for _, n := range names {
		targets = append(targets, n.Table)
	}
	err = s.late.commit(ctx, targets, func(ctx context.Context) error {
		dropped, err = s.Store.Drop(ctx, names, ifExists)
		return err
	})
	return dropped, err
}

func (s *lateStore) Snapshot(ctx context.Context, name table.Name) (table.Snapshot, error) {
	snap, err := s.Store.Snapshot(ctx, name)
	return &lateSnapshot{snap, s.late, "snapshot of " + name.Table}, err
}

func (s *lateStore) Close() error {
	if s.late.linger {
		time.Sleep(interruptGrace + 300*time.Millisecond)
	}
	return s.Store.Close()
}

type lateOutput struct {
	table.Output
	late  *lateSignal
	names []string
}

func (o *lateOutput) Commit(ctx context.Context) error {
	return o.late.commit(ctx, o.names, o.Output.Commit)
}

type lateSnapshot struct {
	table.Snapshot
	late *lateSignal
	name string
}

func (s *lateSnapshot) Close() error {
	return s.late.commit(context.Background(), []string{s.name}, func(context.Context) error { return s.Snapshot.Close() })
}

// TestLateSignal: a command that has committed what it makes, or is committing it, succeeds, also when a signal came.
func TestLateSignal(t *testing.T) {
	for kind, where := range stores(t) {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			input := func(name string) string { return filepath.Join("internal", "iris", name) }
			fit := func(more ...string) []string {
				return append([]string{
					"fit", "packed", "model", "--arch", "arch", "--id", "1", "--compile", defaultCompile, "--iterations", "3",
				}, more...)
			}
			pack := []string{"--dependent", "class_text", "--independent", "attributes"}
			predict := []string{"--id-column", "id", "--independent", "attributes"}
			quickstart := filepath.Join(dir, "quickstart")
			for _, c := range []struct {
				signal *lateSignal
				args   []string
				says   string
			}{
				{&lateSignal{target: "flowers"}, []string{"import", input("iris.csv"), "flowers", "--types", "id integer, attributes numeric[], class_text varchar"}, "flowers: 150 rows of id integer"},
				{&lateSignal{target: "half"}, []string{"split", "flowers", "half", "--train", "0.5"}, "half: "},
				{&lateSignal{target: "packed"}, append([]string{"preprocess", "flowers", "packed"}, pack...), "packed: "},
				{&lateSignal{target: "packed_test"}, []string{"preprocess", "flowers", "packed_test", "--like", "packed", "--dependent", "class_text", "--independent", "attributes"}, "packed_test: "},
				{&lateSignal{target: "arch"}, []string{"load-model", "arch", input("iris_mlp.json")}, "arch: loaded as model 1"},
				{&lateSignal{target: "model"}, fit("--checkpoint-every", "1"), "model: training loss"},
				{&lateSignal{target: "model", before: true}, fit("--warm-start"), "model: training loss"},
				{&lateSignal{target: "scores", linger: true}, []string{"evaluate", "model", "packed_test", "scores"}, "scores: loss"},
				{&lateSignal{target: "predicted"}, append([]string{"predict", "model", "flowers", "predicted"}, predict...), "predicted: 450 predictions"},
				{&lateSignal{target: "arch", before: true}, []string{"load-model", "arch", input("iris_mlp.json"), "--weights-from", "model"}, "arch: loaded as model 2"},
				{&lateSignal{target: "byom"}, append([]string{"predict-byom", "arch", "2", "flowers", "byom"}, predict...), "byom: 450 predictions"},
				{&lateSignal{target: "arch"}, []string{"delete-model", "arch", "2"}, "arch: model 2 deleted"},
				{&lateSignal{target: "snapshot of byom"}, []string{"export", "byom", filepath.Join(dir, "byom.csv")}, "byom.csv: 450 rows"},
				{&lateSignal{target: "byom", before: true}, []string{"drop", "byom"}, "byom: dropped"},
				{&lateSignal{target: "iris_model_transfer"}, []string{"quickstart", quickstart, "--no-progress"}, "training_loss"},
			} {
				late = c.signal
				var out, errs bytes.Buffer
				code := newApp(&out, &errs).untilInterrupted(append(c.args, "--db", "late:"+where))
				if !late.sent {
					t.Errorf("%s: no signal was sent", c.args[0])
				}
				if code != exitOK || !strings.Contains(out.String(), c.says) || strings.Contains(errs.String(), "interrupted") || strings.Contains(errs.String(), "warning") {
					t.Errorf("%s: exit code %d\n%s%s", c.args, code, errs.String(), out.String())
				}
			}
			late = &lateSignal{}
			var out bytes.Buffer
			if code := newApp(&out, &out).untilInterrupted([]string{"show", "model_checkpoint", "--db", where}); code != exitFailed {
				t.Errorf("the checkpoint is left: exit code %d\n%s", code, out.String())
			}
		})
	}
}

// TestEarlySignal: a signal before the last commit stops the command.
func TestEarlySignal(t *testing.T) {
	for kind, where := range stores(t) {
		t.Run(kind, func(t *testing.T) {
			late = &lateSignal{target: "iris_model"}
			var out, errs bytes.Buffer
			code := newApp(&out, &errs).untilInterrupted([]string{"quickstart", filepath.Join(t.TempDir(), "quickstart"), "--no-progress", "--db", "late:" + where})
			if code != exitInterrupted || errs.String() != "beamfit: interrupted\n" || strings.Contains(out.String(), "$ beamfit evaluate") {
				t.Errorf("exit code %d\n%s%s", code, errs.String(), out.String())
			}
		})
	}
}

// stores are the URLs of an empty store of each kind.
func stores(t *testing.T) map[string]string {
	t.Helper()
	urls := map[string]string{"file": "file:" + filepath.Join(t.TempDir(), "store")}
	server := os.Getenv("BEAMFIT_TEST_PG")
	if server == "" {
		t.Log("not tested with PostgreSQL: BEAMFIT_TEST_PG is not set; run scripts/test")
		return urls
	}
	psql := func(sql string) {
		if out, err := exec.Command("psql", server, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", sql, err, out)
		}
	}
	schema := fmt.Sprintf("cmd_%d_%d", os.Getpid(), time.Now().UnixNano())
	psql("CREATE SCHEMA " + schema)
	t.Cleanup(func() { psql("SET client_min_messages = warning; DROP SCHEMA " + schema + " CASCADE") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("options", "-csearch_path="+schema)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	urls["postgres"] = u.String()
	return urls
}
