package stores

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

func TestDiff(t *testing.T) {
	want := State{"a": "1", "b": "2", "c": "3"}
	if diff := (State{"a": "1", "b": "2", "c": "3"}).Diff(want); diff != nil {
		t.Errorf("%q", diff)
	}
	diff := State{"a": "1", "b": "other", "d": "4"}.Diff(want)
	if got := strings.Join(diff, "; "); got != "b is other, expected 2; c is missing, expected 3; d is there (4), expected none" {
		t.Error(got)
	}
}

// fill writes a table of three rows, in an order, and times of the day that it is called with.
func fill(t *testing.T, f Folder, name, day string, order ...int) {
	t.Helper()
	ctx := t.Context()
	s, err := table.Open(ctx, f.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "start_training_time", Type: table.TextType}}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: table.Name{Table: name}, Schema: schema}}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "p"})
	if err != nil {
		t.Fatal(err)
	}
	b := table.NewBatch(schema)
	for _, id := range order {
		if err := b.Append(id, day); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(ctx, b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := out.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestFolder(t *testing.T) {
	f := Folder{filepath.Join(t.TempDir(), "store")}
	fill(t, f, "a", "Monday", 1, 2, 3)
	fill(t, f, "b", "Tuesday", 3, 1, 2)
	fill(t, f, "c", "Monday", 1, 2, 4)
	state, err := f.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(state) != 3 || state["a"] != state["b"] || state["a"] == state["c"] || !strings.HasPrefix(state["a"], "3 rows") {
		t.Errorf("%v", state)
	}
	if left, err := f.Leftovers(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("%q, %v", left, err)
	}

	// What killed commands leave.
	strays := []string{".beamfit/outputs/x.json", ".beamfit/trash/y/z.arrow", "a/gen-other/table.json", "d/gen-new/p.arrow"}
	for _, path := range strays {
		path = filepath.Join(f.Dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	left, err := f.Leftovers(t.Context())
	if err != nil || strings.Join(left, " ") != strings.Join(strays, " ") {
		t.Errorf("left over %q, %v; want %q", left, err, strays)
	}
}

// database makes an empty one on the server of the tests.
func database(t *testing.T) Database {
	t.Helper()
	address := os.Getenv("BEAMFIT_TEST_PG")
	if address == "" {
		t.Skip("BEAMFIT_TEST_PG is not set: run scripts/test")
	}
	if _, err := exec.LookPath("psql"); err != nil {
		t.Skip("psql is not installed: run scripts/test")
	}
	s, err := connect("", address, time.Minute) // a guard
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Proxy.Close() })
	d, err := s.Create(t.Context(), fmt.Sprintf("%s_%d", strings.ToLower(t.Name()), os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// awaitLeftovers waits until these are left over in a database and nothing else: the server may still have the session of a psql that has ended.
func awaitLeftovers(t *testing.T, d Database, want string) {
	t.Helper()
	server := *d.server
	server.patience = 0 // it is asked again here
	d.server = &server
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		left, err := d.Leftovers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(left, " ") == want {
			return
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("left over: %q, want %q", left, want)
		}
	}
}

func TestDatabase(t *testing.T) {
	d := database(t)
	sql := func(statements ...string) {
		t.Helper()
		if _, err := d.server.psql(t.Context(), d.name, statements...); err != nil {
			t.Fatal(err)
		}
	}
	sql("CREATE TABLE a AS SELECT id, 'Monday' AS start_training_time, 0.1::real AS x FROM generate_series(1, 3) id",
		"CREATE TABLE b AS SELECT id, 'Tuesday' AS start_training_time, 0.1::real AS x FROM generate_series(3, 1, -1) id",
		"CREATE TABLE c AS SELECT id, 'Monday' AS start_training_time, 0.1000001::real AS x FROM generate_series(1, 3) id",
		"CREATE TABLE nothing (id integer)")
	state, err := d.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(state) != 4 || state["a"] != state["b"] || state["a"] == state["c"] || !strings.HasPrefix(state["nothing"], "0 rows") {
		t.Errorf("%v", state)
	}
	if left, err := d.Leftovers(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("%q, %v", left, err)
	}

	sql("CREATE TABLE beamfit_staging_0123456789abcdef_0 (id integer)", "CREATE SCHEMA other", "CREATE TABLE other.t (id integer)")
	awaitLeftovers(t, d, "public.beamfit_staging_0123456789abcdef_0 other.t")
	if now, err := d.State(t.Context()); err != nil || now.Diff(state) != nil {
		t.Errorf("a staging table and another schema count as tables: %q, %v", now.Diff(state), err)
	}
}

// TestSessionsAreLeftOver sees a session with an advisory lock that does not end by itself.
func TestSessionsAreLeftOver(t *testing.T) {
	d := database(t)
	session := exec.Command("psql", d.URL(), "-X", "-q", "-c", "SELECT pg_advisory_lock(7)", "-c", "SELECT pg_sleep(600)")
	if err := session.Start(); err != nil {
		t.Fatal(err)
	}
	for locked := false; !locked; { // until it has the lock
		out, err := d.server.psql(t.Context(), d.name, "SELECT count(*) FROM pg_locks l JOIN pg_database b ON b.oid = l.database WHERE locktype = 'advisory' AND datname = current_database()")
		if err != nil {
			t.Fatal(err)
		}
		locked = strings.TrimSpace(out) == "1"
	}
	d.server.patience = 200 * time.Millisecond // the session does not end
	left, err := d.Leftovers(t.Context())
	if text := strings.Join(left, "; "); err != nil || !strings.Contains(text, "session ") || !strings.Contains(text, "advisory lock") {
		t.Errorf("left over: %q, %v", left, err)
	}
	if err := d.Terminate(t.Context(), "pg_terminate_backend", true); err != nil {
		t.Fatal(err)
	}
	_ = session.Wait()
	d.server.patience = time.Minute // a guard
	if left, err := d.Leftovers(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left over: %q, %v", left, err)
	}
}
